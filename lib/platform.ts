import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { Access } from './access.ts';
import { Audience } from './audience.ts';
import { Dispatch } from './delivery/dispatch.ts';
import { HeldMessages } from './delivery/held-messages.ts';
import { Webhooks } from './delivery/webhooks.ts';
import { Triggers } from './intake/triggers.ts';
import { Intake } from './intake.ts';
import { deadLetterQueue } from './kit/dead-letter-queue.ts';
import { QueueWithDeadLetters } from './kit/queue-with-dead-letters.ts';
import { Lake } from './lake.ts';
import { Measurement } from './measurement.ts';
import { Operations } from './operations.ts';
import { SendQueues } from './send-queues.ts';
import type { Stage } from './stages.ts';
import type { State } from './state.ts';
import { Strategy } from './strategy.ts';

/** What decides whom to reach. Read from top to bottom, it is the way of an event, up to the send queues: see lib/delivery.ts. */
export class Platform extends Stack {
  readonly lake: Lake;
  readonly sendQueues: SendQueues;
  readonly heldMessages: HeldMessages;
  readonly intake: Intake;
  readonly audience: Audience;
  readonly strategy: Strategy;
  /** What has happened to participants of journeys: see lib/journeys.ts. */
  readonly participants: QueueWithDeadLetters;
  /** Events and schedules whose function kept failing. */
  readonly busDeadLetters: Queue;

  constructor(scope: Construct, id: string, { stage, state }: { stage: Stage; state: State }) {
    super(scope, id, { description: `Herald ${stage.name}: whom to reach, with what, when, and what it achieved` });

    const bus = new EventBus(this, 'HeraldBus');
    const busDeadLetters = deadLetterQueue(this, 'BusDeadLetters', 'events and schedules whose function kept failing');
    const lake = new Lake(this, 'Lake', { stage, state });
    const sendQueues = new SendQueues(this, 'Send');

    const stageChanges = new QueueWithDeadLetters(this, 'StageChanges', { oldestMessage: Duration.minutes(15) });
    // A table that is throttled for half an hour must not make dead letters.
    this.participants = new QueueWithDeadLetters(this, 'Participants', {
      oldestMessage: Duration.minutes(5),
      maxReceiveCount: 15,
    });
    const webhooks = new Webhooks(this, 'DeliveryWebhooks', { stage, state });

    const intake = new Intake(this, 'Intake', {
      ...{ stage, state, lake, sendQueues, bus, busDeadLetters },
      stageChanges: stageChanges.queue,
      participants: this.participants.queue,
    });
    this.intake = intake;
    this.audience = new Audience(this, 'Audience', {
      ...{ stage, state, lake, intake, stageChanges, webhooks },
      deadLetters: busDeadLetters,
    });
    this.heldMessages = new HeldMessages(this, 'HeldMessages', { state, sendQueues });
    const dispatch = new Dispatch(this, 'Delivery', { state, lake, sendQueues, heldMessages: this.heldMessages });
    const strategy = new Strategy(this, 'Strategy', {
      ...{ stage, state, lake, intake, sendQueues, dispatch, webhooks },
      participants: this.participants.queue,
    });
    new Triggers(this, 'Triggers', { state, intake, strategy });
    this.lake = lake;
    this.busDeadLetters = busDeadLetters;
    this.intake = intake;
    this.sendQueues = sendQueues;
    this.strategy = strategy;
    new Measurement(this, 'Measurement', { state, lake });
    new Access(this, 'Access', { state });
    new Operations(this, 'Operations', {
      stage,
      state,
      lake,
      intake,
      audience: this.audience,
      strategy,
      stageChanges,
      participants: this.participants,
      busDeadLetters,
    });

    new CfnOutput(this, 'BusName', { value: bus.eventBusName });
    if (state.userPool) new CfnOutput(this, 'UserPoolId', { value: state.userPool.userPoolId });
  }
}
