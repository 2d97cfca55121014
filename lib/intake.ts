import { Duration, Stack } from 'aws-cdk-lib';
import { ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { type EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DETAIL_TYPE_MANY, DETAIL_TYPE_ONE } from '../core/event/event.ts';
import { TRIGGER_FAULTS } from '../core/event/trigger-fault.ts';
import type { leadPortsEnv } from '../lambdas/audience/lead-ports.env.ts';
import { env as acceptBusEventsEnv } from '../lambdas/intake/accept-bus-events.env.ts';
import { env as acceptEventsEnv } from '../lambdas/intake/accept-events.env.ts';
import { env as compileTriggersEnv } from '../lambdas/intake/compile-triggers.env.ts';
import { env as manageReferenceTablesEnv } from '../lambdas/intake/manage-reference-tables.env.ts';
import { env as matchEventsEnv } from '../lambdas/intake/match-events.env.ts';
import { env as readEventTypesEnv } from '../lambdas/intake/read-event-types.env.ts';
import { env as wakeTimersEnv } from '../lambdas/intake/wake-timers.env.ts';
import { knowsErased } from './erased-people.ts';
import { addsTo, appends, type Binding, empties, objects, reads, readsAndWrites, sends } from './kit/bindings.ts';
import { QueueWithDeadLetters } from './kit/queue-with-dead-letters.ts';
import { TypedFunction } from './kit/typed-function.ts';
import { WakeSchedules } from './kit/wake-schedules.ts';
import type { Lake } from './lake.ts';
import type { SendQueues } from './send-queues.ts';
import type { Stage } from './stages.ts';
import { BY_UPDATE_INDEX, type State } from './state.ts';

export type IntakeProps = {
  stage: Stage;
  state: State;
  lake: Lake;
  sendQueues: SendQueues;
  /** Of publish-stages. */
  stageChanges: Queue;
  /** Of advance-participants. */
  participants: Queue;
  bus: EventBus;
  busDeadLetters: Queue;
};

/** Events come in by HTTP and by EventBridge, meet in one fair queue, and are matched with the triggers. */
export class Intake extends Construct {
  /** Have compile-triggers run; for whoever changes the triggers in force. */
  readonly compileSchedules: WakeSchedules;
  /** Where events are matched; what Herald tells itself goes there, too. */
  readonly queue: Queue;
  /** For whoever sets timers. */
  readonly timerSchedules: WakeSchedules;
  /** Environment of a function that changes leads (see lambdas/audience/lead-ports.env.ts). */
  readonly leadBindings: Record<keyof typeof leadPortsEnv, Binding>;

  constructor(
    scope: Construct,
    id: string,
    { stage, state, lake, sendQueues, stageChanges, participants, bus, busDeadLetters }: IntakeProps,
  ) {
    super(scope, id);
    const events = new QueueWithDeadLetters(this, 'Events', {
      oldestMessage: Duration.minutes(5),
      // A table that is throttled for half an hour must not make dead letters of sound events.
      maxReceiveCount: 15,
    });
    this.queue = events.queue;
    const metrics = `Herald/${Stack.of(this).stackName}`;

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

    const wakeTimers = new TypedFunction(this, 'WakeTimers', {
      entry: 'intake/wake-timers',
      env: wakeTimersEnv,
      environment: { TIMERS_TABLE: empties(state.timers), INTAKE_QUEUE_URL: sends(events.queue) },
      // Many may be due in one minute; what does not fit into one run is done by Lambda's two retries.
      timeout: Duration.minutes(10),
      memoryMb: 1024,
      onFailure: busDeadLetters,
    });
    this.timerSchedules = new WakeSchedules(this, 'TimerSchedules', { wakes: wakeTimers, deadLetters: busDeadLetters });
    this.leadBindings = {
      LEADS_TABLE: readsAndWrites(state.leads),
      TIMERS_TABLE: addsTo(state.timers),
      STAGES_QUEUE_URL: sends(stageChanges),
      ...this.timerSchedules.bindings,
    };

    const matchEvents = new TypedFunction(this, 'MatchEvents', {
      entry: 'intake/match-events',
      env: matchEventsEnv,
      environment: {
        // It writes what it learns into the event catalogue.
        DEFINITIONS_TABLE: readsAndWrites(state.definitions, BY_UPDATE_INDEX),
        WORK_BUCKET: objects(state.work, { 'triggers/': 'read' }),
        PROFILES_TABLE: reads(state.profiles),
        CONTACTS_TABLE: reads(state.contacts),
        METRICS_NAMESPACE: metrics,
        FAILURES_TABLE: addsTo(state.failures),
        WINDOWS_TABLE: readsAndWrites(state.windows),
        IDENTITIES_TABLE: readsAndWrites(state.identities),
        EVENTS_STREAM: appends(lake.streams.events),
        ...knowsErased(state),
        IDENTITIES_STREAM: appends(lake.streams.identities),
        ...this.leadBindings,
        MEMBERSHIPS_TABLE: readsAndWrites(state.memberships),
        SEGMENT_MEMBERS_STREAM: appends(lake.streams.segment_members),
        INTAKE_QUEUE_URL: sends(events.queue),
        PARTICIPANTS_QUEUE_URL: sends(participants),
        ...sendQueues.bindings,
      },
      timeout: Duration.seconds(30),
      memoryMb: 1024,
      reservedConcurrency: stage.concurrency.intake,
    });
    events.consume(matchEvents, { batchSize: 10, maximumConcurrency: stage.concurrency.intake });

    const compileTriggers = new TypedFunction(this, 'CompileTriggers', {
      entry: 'intake/compile-triggers',
      env: compileTriggersEnv,
      environment: {
        DEFINITIONS_TABLE: reads(state.definitions),
        WORK_BUCKET: objects(state.work, { 'triggers/': 'write' }),
        METRICS_NAMESPACE: metrics,
      },
      timeout: Duration.minutes(1),
      memoryMb: 1769,
      onFailure: busDeadLetters,
    });
    // Whoever activates many triggers within a minute has them compiled once.
    this.compileSchedules = new WakeSchedules(this, 'CompileSchedules', {
      wakes: compileTriggers,
      deadLetters: busDeadLetters,
    });
    new Metric({
      namespace: metrics,
      metricName: TRIGGER_FAULTS,
      statistic: 'Sum',
      period: Duration.minutes(1),
    }).createAlarm(this, 'BrokenTriggers', {
      alarmDescription:
        'A trigger cannot be carried out and is left out, the others go on. The log of match-events or compile-triggers names it.',
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });

    new TypedFunction(this, 'ManageReferenceTables', {
      entry: 'intake/manage-reference-tables',
      env: manageReferenceTablesEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        AUDIT_TABLE: readsAndWrites(state.audit),
      },
      timeout: Duration.seconds(15),
    });

    new TypedFunction(this, 'ReadEventTypes', {
      entry: 'intake/read-event-types',
      env: readEventTypesEnv,
      environment: { DEFINITIONS_TABLE: reads(state.definitions) },
      timeout: Duration.seconds(15),
    });
  }
}
