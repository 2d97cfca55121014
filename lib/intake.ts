import { Duration } from 'aws-cdk-lib';
import { type EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DETAIL_TYPE_MANY, DETAIL_TYPE_ONE } from '../core/event/event.ts';
import { env as acceptBusEventsEnv } from '../lambdas/intake/accept-bus-events.env.ts';
import { env as acceptEventsEnv } from '../lambdas/intake/accept-events.env.ts';
import { env as manageTriggersEnv } from '../lambdas/intake/manage-triggers.env.ts';
import { env as matchEventsEnv } from '../lambdas/intake/match-events.env.ts';
import { appends, reads, readsAndWrites, remembers, sends } from './kit/bindings.ts';
import { QueueWithDeadLetters } from './kit/queue-with-dead-letters.ts';
import { TypedFunction } from './kit/typed-function.ts';
import type { Lake } from './lake.ts';
import type { SendQueues } from './send-queues.ts';
import type { Stage } from './stages.ts';
import type { State } from './state.ts';

export type IntakeProps = {
  stage: Stage;
  state: State;
  lake: Lake;
  sendQueues: SendQueues;
  bus: EventBus;
  busDeadLetters: Queue;
};

/** Events come in by HTTP and by EventBridge, meet in one fair queue, and are matched with the triggers. */
export class Intake extends Construct {
  constructor(scope: Construct, id: string, { stage, state, lake, sendQueues, bus, busDeadLetters }: IntakeProps) {
    super(scope, id);
    const events = new QueueWithDeadLetters(this, 'Events', { oldestMessage: Duration.minutes(5) });

    new TypedFunction(this, 'AcceptEvents', {
      entry: 'intake/accept-events',
      env: acceptEventsEnv,
      environment: { DEFINITIONS_TABLE: readsAndWrites(state.definitions), INTAKE_QUEUE_URL: sends(events.queue) },
      timeout: Duration.seconds(15),
    });

    const acceptBusEvents = new TypedFunction(this, 'AcceptBusEvents', {
      entry: 'intake/accept-bus-events',
      env: acceptBusEventsEnv,
      environment: { INTAKE_QUEUE_URL: sends(events.queue) },
      timeout: Duration.seconds(15),
      onFailure: busDeadLetters,
    });
    new Rule(this, 'BusEvents', {
      eventBus: bus,
      description: 'Events that applications put on the bus',
      eventPattern: { detailType: [DETAIL_TYPE_ONE, DETAIL_TYPE_MANY] },
      targets: [new LambdaFunction(acceptBusEvents.function, { deadLetterQueue: busDeadLetters })],
    });

    const matchEvents = new TypedFunction(this, 'MatchEvents', {
      entry: 'intake/match-events',
      env: matchEventsEnv,
      environment: {
        DEFINITIONS_TABLE: reads(state.definitions),
        WINDOWS_TABLE: readsAndWrites(state.windows),
        EVENTS_STREAM: appends(lake.streams.events),
        ...sendQueues.bindings,
      },
      timeout: Duration.seconds(30),
      memoryMb: 1024,
      reservedConcurrency: stage.concurrency.intake,
    });
    events.consume(matchEvents, { batchSize: 10, maximumConcurrency: stage.concurrency.intake });

    new TypedFunction(this, 'ManageTriggers', {
      entry: 'intake/manage-triggers',
      env: manageTriggersEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        AUDIT_TABLE: readsAndWrites(state.audit),
        IDEMPOTENCY_TABLE: remembers(state.idempotency),
      },
      timeout: Duration.seconds(15),
    });
  }
}
