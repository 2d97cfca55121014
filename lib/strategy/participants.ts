import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as advanceParticipantsEnv } from '../../lambdas/strategy/advance-participants.env.ts';
import { env as followParticipantEnv } from '../../lambdas/strategy/follow-participant.env.ts';
import { env as holdParticipantEnv } from '../../lambdas/strategy/hold-participant.env.ts';
import { env as manageJourneysEnv } from '../../lambdas/strategy/manage-journeys.env.ts';
import { env as wakeParticipantsEnv } from '../../lambdas/strategy/wake-participants.env.ts';
import type { walkPortsEnv } from '../../lambdas/strategy/walk-ports.env.ts';
import { knowsErased } from '../erased-people.ts';
import {
  addsTo,
  allow,
  appends,
  type Binding,
  reads,
  readsAndWrites,
  remembers,
  sends,
  starts,
} from '../kit/bindings.ts';
import { deadLetterQueue } from '../kit/dead-letter-queue.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import { TypedStateMachine } from '../kit/typed-state-machine.ts';
import { WakeSchedules } from '../kit/wake-schedules.ts';
import type { Platform } from '../platform.ts';
import type { Stage } from '../stages.ts';
import { BY_JOURNEY_INDEX, BY_MEMBERSHIP_INDEX, type State } from '../state.ts';
import { EntriesOnSchedule } from './entries-on-schedule.ts';

/** Who walks a journey: moved on by what happens and by time, which an execution may watch for each of them; and the API by which journeys are written, published and stopped. */
export class Participants extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { stage, state, platform }: { stage: Stage; state: State; platform: Platform },
  ) {
    super(scope, id);
    const { lake, intake, sendQueues, participants, strategy } = platform;
    const PARTICIPANTS_QUEUE_URL = sends(participants.queue);
    const onSchedule = new EntriesOnSchedule(this, 'OnSchedule', { state, platform });
    const deadLetters = deadLetterQueue(this, 'DeadLetters', 'minutes whose participants could not be woken');
    const wakeParticipants = new TypedFunction(this, 'WakeParticipants', {
      entry: 'strategy/wake-participants',
      env: wakeParticipantsEnv,
      environment: {
        TIMERS_TABLE: {
          value: state.timers.tableName,
          grant: (grantee) => allow(grantee, ['dynamodb:Query'], [state.timers.tableArn]),
        },
        PARTICIPANTS_QUEUE_URL,
      },
      // A whole audience may have begun to wait in one minute; what does not fit into one run is done by Lambda's two retries.
      timeout: Duration.minutes(10),
      memoryMb: 1024,
      onFailure: deadLetters,
    });
    const schedules = new WakeSchedules(this, 'Schedules', { wakes: wakeParticipants, deadLetters });

    const walking: Record<keyof typeof walkPortsEnv, Binding> = {
      DEFINITIONS_TABLE: reads(state.definitions),
      PARTICIPANTS_TABLE: readsAndWrites(state.participants),
      PROFILES_TABLE: readsAndWrites(state.profiles),
      CONTACTS_TABLE: reads(state.contacts),
      MEMBERSHIPS_TABLE: reads(state.memberships),
      LEDGER_TABLE: readsAndWrites(state.ledger),
      AUDIT_TABLE: readsAndWrites(state.audit),
      TIMERS_TABLE: addsTo(state.timers),
      ...schedules.bindings,
      PARTICIPANT_STEPS_STREAM: appends(lake.streams.participant_steps),
      PROFILES_STREAM: appends(lake.streams.profiles),
      INTAKE_QUEUE_URL: sends(intake.queue),
      ...sendQueues.bindings,
    };
    const timeout = Duration.seconds(60);
    const followParticipant = new TypedFunction(this, 'FollowParticipant', {
      entry: 'strategy/follow-participant',
      env: followParticipantEnv,
      environment: { ...walking, PARTICIPANTS_QUEUE_URL },
      timeout,
    });
    const holdParticipant = new TypedFunction(this, 'HoldParticipant', {
      entry: 'strategy/hold-participant',
      env: holdParticipantEnv,
      environment: { PARTICIPANTS_TABLE: readsAndWrites(state.participants) },
      timeout: Duration.seconds(15),
    });
    const followed = new TypedStateMachine(this, 'Followed', {
      definition: 'strategy/follow-participant',
      functions: [followParticipant, holdParticipant],
    });

    const advanceParticipants = new TypedFunction(this, 'AdvanceParticipants', {
      entry: 'strategy/advance-participants',
      env: advanceParticipantsEnv,
      environment: {
        ...walking,
        PARTICIPANTS_TABLE: readsAndWrites(state.participants, BY_JOURNEY_INDEX),
        MEMBERSHIPS_TABLE: reads(state.memberships, BY_MEMBERSHIP_INDEX),
        FOLLOW_MACHINE_ARN: starts(followed.machine, true),
        SCHEDULE_MACHINE_ARN: starts(onSchedule.machine.machine),
        FAILURES_TABLE: addsTo(state.failures),
        PARTICIPANTS_QUEUE_URL,
        ...knowsErased(state),
      },
      timeout,
      memoryMb: 1024,
      reservedConcurrency: stage.concurrency.participants,
    });
    participants.consume(advanceParticipants, {
      batchSize: 10,
      maximumConcurrency: stage.concurrency.participants,
    });

    new TypedFunction(this, 'ManageJourneys', {
      entry: 'strategy/manage-journeys',
      env: manageJourneysEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        PARTICIPANTS_TABLE: reads(state.participants, BY_JOURNEY_INDEX),
        PROFILES_TABLE: reads(state.profiles),
        CONTACTS_TABLE: reads(state.contacts),
        MEMBERSHIPS_TABLE: reads(state.memberships),
        AUDIT_TABLE: readsAndWrites(state.audit),
        IDEMPOTENCY_TABLE: remembers(state.idempotency),
        LEDGER_TABLE: {
          value: state.ledger.tableName,
          grant: (to) => allow(to, ['dynamodb:Query'], [state.ledger.tableArn]),
        },
        PARTICIPANTS_QUEUE_URL,
        RELEASE_MACHINE_ARN: starts(strategy.releaseParked.machine),
        APPROVE_MACHINE_ARN: starts(strategy.approvePlan.machine, true),
        ...knowsErased(state),
      },
      timeout: Duration.seconds(15),
    });
  }
}
