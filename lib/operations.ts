import { Duration, Stack } from 'aws-cdk-lib';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { env as sweepOutboxEnv } from '../lambdas/operations/sweep-outbox.env.ts';
import type { Audience } from './audience.ts';
import type { Intake } from './intake.ts';
import { allow, appends, readsAndWrites, sends, starts } from './kit/bindings.ts';
import { OwnRole } from './kit/own-role.ts';
import type { QueueWithDeadLetters } from './kit/queue-with-dead-letters.ts';
import { recurringSchedule } from './kit/recurring-schedule.ts';
import { tellOfAlarms } from './kit/tell-of-alarms.ts';
import { TypedFunction } from './kit/typed-function.ts';
import type { TypedStateMachine } from './kit/typed-state-machine.ts';
import type { Lake } from './lake.ts';
import type { Stage } from './stages.ts';
import { PENDING_INDEX, type State } from './state.ts';
import type { Strategy } from './strategy.ts';

export type OperationsProps = {
  stage: Stage;
  state: State;
  lake: Lake;
  intake: Intake;
  audience: Audience;
  strategy: Strategy;
  /** Queue of publish-stages. */
  stageChanges: QueueWithDeadLetters;
  /** Queue of advance-participants. */
  participants: QueueWithDeadLetters;
  busDeadLetters: Queue;
};

/** What keeps the rest right: the sweep of unpublished outboxes, and who hears of alarms. Made last: it sees all others. */
export class Operations extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { stage, state, lake, intake, audience, strategy, stageChanges, participants, busDeadLetters }: OperationsProps,
  ) {
    super(scope, id);
    const sweepOutbox = new TypedFunction(this, 'SweepOutbox', {
      entry: 'operations/sweep-outbox',
      env: sweepOutboxEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions, PENDING_INDEX),
        PROFILES_TABLE: readsAndWrites(state.profiles, PENDING_INDEX),
        LEADS_TABLE: readsAndWrites(state.leads, PENDING_INDEX),
        STAGES_QUEUE_URL: sends(stageChanges.queue),
        PARTICIPANTS_QUEUE_URL: sends(participants.queue),
        AUDIT_TABLE: readsAndWrites(state.audit),
        PROFILES_STREAM: appends(lake.streams.profiles),
        INTAKE_QUEUE_URL: sends(intake.queue),
        MEMBERSHIPS_TABLE: readsAndWrites(state.memberships),
        LIST_MEMBERS_STREAM: appends(lake.streams.list_members),
        ...intake.compileSchedules.bindings,
        APPROVE_MACHINE_ARN: starts(strategy.approvePlan.machine, true),
        RUN_MACHINE_ARN: starts(strategy.runCampaign.machine, true),
        REPEAT_MACHINE_ARN: starts(strategy.repeatCampaign.machine),
        RELEASE_MACHINE_ARN: starts(strategy.releaseParked.machine),
        IMPORT_MACHINE_ARN: starts(audience.importProfiles.machine),
        REFRESH_MACHINE_ARN: starts(audience.refreshSegment.machine),
        CHANGE_LIST_MACHINE_ARN: starts(audience.changeList.machine),
        FIT_MACHINE_ARN: starts(audience.fitModel.machine),
        EXPORT_MACHINE_ARN: starts(audience.personalData.exportPerson.machine),
      },
      timeout: Duration.minutes(4),
      onFailure: busDeadLetters,
    });
    recurringSchedule(this, 'SweepOutboxSchedule', {
      everyMinutes: 5,
      invokes: sweepOutbox,
      deadLetters: busDeadLetters,
    });
    this.daily('CleanseStoresSchedule', audience.personalData.cleanseStores, busDeadLetters);

    tellOfAlarms(Stack.of(this), stage.alarmTopicArn);
  }

  /** Starts the state machine once a day; what could not even be started goes to the dead letters. */
  private daily(id: string, { machine }: TypedStateMachine, deadLetters: Queue): void {
    const role = new OwnRole(this, `${id}Role`, 'scheduler.amazonaws.com');
    allow(role, ['states:StartExecution'], [machine.stateMachineArn]);
    allow(role, ['sqs:SendMessage'], [deadLetters.queueArn]);
    new CfnSchedule(this, id, {
      description: 'Starts cleanse-stores',
      scheduleExpression: 'rate(1 day)',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: machine.stateMachineArn,
        roleArn: role.roleArn,
        deadLetterConfig: { arn: deadLetters.queueArn },
        retryPolicy: { maximumRetryAttempts: 10, maximumEventAgeInSeconds: 43_200 },
      },
    });
  }
}
