import { Duration, Stack } from 'aws-cdk-lib';
import { ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { NOT_IN_FORCE } from '../core/strategy/approval/not-in-force.ts';
import { env as beginRunEnv } from '../lambdas/strategy/begin-run.env.ts';
import { env as checkCampaignsEnv } from '../lambdas/strategy/check-campaigns.env.ts';
import { env as checkSubmissionEnv } from '../lambdas/strategy/check-submission.env.ts';
import { env as decideExperimentEnv } from '../lambdas/strategy/decide-experiment.env.ts';
import { env as finishCampaignEnv } from '../lambdas/strategy/finish-campaign.env.ts';
import { env as holdCampaignEnv } from '../lambdas/strategy/hold-campaign.env.ts';
import { env as manageApprovalsEnv } from '../lambdas/strategy/manage-approvals.env.ts';
import { env as manageCampaignsEnv } from '../lambdas/strategy/manage-campaigns.env.ts';
import { env as manageTemplatesEnv } from '../lambdas/strategy/manage-templates.env.ts';
import { env as prepareSnapshotEnv } from '../lambdas/strategy/prepare-snapshot.env.ts';
import { env as requestApprovalEnv } from '../lambdas/strategy/request-approval.env.ts';
import { env as sendTestsEnv } from '../lambdas/strategy/send-tests.env.ts';
import { env as settleApprovalEnv } from '../lambdas/strategy/settle-approval.env.ts';
import type { Dispatch } from './delivery/dispatch.ts';
import type { Webhooks } from './delivery/webhooks.ts';
import type { Intake } from './intake.ts';
import { allow, reads, readsAndWrites, remembers, sends, starts } from './kit/bindings.ts';
import { startsItself } from './kit/starts-itself.ts';
import { TypedFunction } from './kit/typed-function.ts';
import { TypedStateMachine } from './kit/typed-state-machine.ts';
import type { Lake } from './lake.ts';
import type { SendQueues } from './send-queues.ts';
import type { Stage } from './stages.ts';
import { BY_UPDATE_INDEX, type State } from './state.ts';

export type StrategyProps = {
  stage: Stage;
  state: State;
  lake: Lake;
  intake: Intake;
  sendQueues: SendQueues;
  /** Of advance-participants. */
  participants: Queue;
  dispatch: Dispatch;
  webhooks: Webhooks;
};

/** What to send and when: templates, campaigns, their approval and their run. */
export class Strategy extends Construct {
  readonly approvePlan: TypedStateMachine;
  readonly runCampaign: TypedStateMachine<'AthenaWorkGroup'>;
  readonly repeatCampaign: TypedStateMachine;
  readonly releaseParked: TypedStateMachine;

  constructor(
    scope: Construct,
    id: string,
    { stage, state, lake, intake, sendQueues, participants, dispatch, webhooks }: StrategyProps,
  ) {
    super(scope, id);
    const DEFINITIONS_TABLE = readsAndWrites(state.definitions);
    const AUDIT_TABLE = readsAndWrites(state.audit);
    const IDEMPOTENCY_TABLE = remembers(state.idempotency);
    const WEBHOOK_QUEUE_URL = sends(webhooks.queue);
    const timeout = Duration.seconds(15);
    this.releaseParked = dispatch.releaseParked;
    const RELEASE_MACHINE_ARN = starts(this.releaseParked.machine);

    new TypedFunction(this, 'SendTests', {
      entry: 'strategy/send-tests',
      env: sendTestsEnv,
      environment: {
        DEFINITIONS_TABLE,
        AUDIT_TABLE,
        IDEMPOTENCY_TABLE,
        PROFILES_TABLE: reads(state.profiles),
        LEDGER_TABLE: reads(state.ledger),
        ...sendQueues.bindings,
      },
      timeout,
    });

    const prepareSnapshot = new TypedFunction(this, 'PrepareSnapshot', {
      entry: 'strategy/prepare-snapshot',
      env: prepareSnapshotEnv,
      // The bucket only becomes part of the query's text; the state machine runs the query.
      environment: {
        DEFINITIONS_TABLE,
        AUDIT_TABLE,
        WORK_BUCKET: state.work.bucketName,
        GLUE_DATABASE: lake.database.ref,
      },
      timeout,
    });
    const finishCampaign = new TypedFunction(this, 'FinishCampaign', {
      entry: 'strategy/finish-campaign',
      env: finishCampaignEnv,
      environment: {
        DEFINITIONS_TABLE,
        AUDIT_TABLE,
        RELEASE_MACHINE_ARN,
        LEDGER_TABLE: {
          value: state.ledger.tableName,
          grant: (grantee) => allow(grantee, ['dynamodb:Query'], [state.ledger.tableArn]),
        },
      },
      timeout,
    });
    const holdCampaign = new TypedFunction(this, 'HoldCampaign', {
      entry: 'strategy/hold-campaign',
      env: holdCampaignEnv,
      environment: { DEFINITIONS_TABLE, AUDIT_TABLE, RELEASE_MACHINE_ARN },
      timeout,
    });
    const decideExperiment = new TypedFunction(this, 'DecideExperiment', {
      entry: 'strategy/decide-experiment',
      env: decideExperimentEnv,
      environment: {
        DEFINITIONS_TABLE,
        AUDIT_TABLE,
        ATHENA_WORK_GROUP: lake.queries,
        GLUE_DATABASE: lake.database.ref,
      },
      // It waits for Athena.
      timeout: Duration.minutes(5),
    });
    this.runCampaign = new TypedStateMachine(this, 'RunCampaign', {
      definition: 'strategy/run-campaign',
      functions: [prepareSnapshot, dispatch.dispatchSnapshot, finishCampaign, decideExperiment, holdCampaign],
      substitutions: { AthenaWorkGroup: lake.workGroup.name },
    });
    lake.grantUnload(this.runCampaign.role);
    const RUN_MACHINE_ARN = starts(this.runCampaign.machine);

    const beginRun = new TypedFunction(this, 'BeginRun', {
      entry: 'strategy/begin-run',
      env: beginRunEnv,
      environment: { DEFINITIONS_TABLE, AUDIT_TABLE, RUN_MACHINE_ARN, RELEASE_MACHINE_ARN },
      timeout,
    });
    this.repeatCampaign = new TypedStateMachine(this, 'RepeatCampaign', {
      definition: 'strategy/repeat-campaign',
      functions: [beginRun],
    });
    startsItself(this, 'BeginsNextTime', this.repeatCampaign);
    const REPEAT_MACHINE_ARN = starts(this.repeatCampaign.machine);

    const metrics = `Herald/${Stack.of(this).stackName}`;
    // What is in force of journeys and triggers changes by an approval.
    const inForce = { PARTICIPANTS_QUEUE_URL: sends(participants), ...intake.compileSchedules.bindings };
    const requestApproval = new TypedFunction(this, 'RequestApproval', {
      entry: 'strategy/request-approval',
      env: requestApprovalEnv,
      environment: { DEFINITIONS_TABLE, AUDIT_TABLE, WEBHOOK_QUEUE_URL },
      timeout,
    });
    const settleApproval = new TypedFunction(this, 'SettleApproval', {
      entry: 'strategy/settle-approval',
      env: settleApprovalEnv,
      environment: {
        ...{ DEFINITIONS_TABLE, AUDIT_TABLE, WEBHOOK_QUEUE_URL, RUN_MACHINE_ARN, REPEAT_MACHINE_ARN },
        ...{ RELEASE_MACHINE_ARN, ...inForce, METRICS_NAMESPACE: metrics },
      },
      // A template goes into up to 200 journeys, and whatever triggers have it, one after the other.
      timeout: Duration.minutes(1),
    });
    // It is tried again after 2, 4, … 2,048 seconds, then every hour, and from eight minutes on each attempt that fails counts.
    new Metric({
      ...{ namespace: metrics, metricName: NOT_IN_FORCE, statistic: 'Sum', period: Duration.hours(1) },
    }).createAlarm(this, 'NotInForce', {
      alarmDescription:
        'What was approved eight minutes ago is not in force yet; it is tried again each hour, for a day. The log of settle-approval names it and says why, and so does its approval (docs/approval.md).',
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    const preFlight = {
      DEFINITIONS_TABLE,
      PROFILES_TABLE: reads(state.profiles),
      CONTACTS_TABLE: reads(state.contacts),
      ATHENA_WORK_GROUP: lake.queries,
      GLUE_DATABASE: lake.database.ref,
      QUERY_CUTOFF_BYTES: String(stage.queryCutoffBytes),
    };
    // A whole core: a thousand messages are rendered while somebody waits.
    const memoryMb = 1_769;
    new TypedFunction(this, 'CheckCampaigns', {
      entry: 'strategy/check-campaigns',
      env: checkCampaignsEnv,
      environment: preFlight,
      // It waits for Athena; the API answers within 30 s or not at all.
      timeout: Duration.seconds(29),
      memoryMb,
    });
    const checkSubmission = new TypedFunction(this, 'CheckSubmission', {
      entry: 'strategy/check-submission',
      env: checkSubmissionEnv,
      environment: { ...preFlight, AUDIT_TABLE },
      // The same, and nobody waits for an answer.
      timeout: Duration.minutes(5),
      memoryMb,
    });
    this.approvePlan = new TypedStateMachine(this, 'ApprovePlan', {
      definition: 'strategy/approve-plan',
      functions: [checkSubmission, requestApproval, settleApproval],
    });

    new TypedFunction(this, 'ManageTemplates', {
      entry: 'strategy/manage-templates',
      env: manageTemplatesEnv,
      environment: {
        ...{ DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE, PROFILES_TABLE: reads(state.profiles) },
        APPROVE_MACHINE_ARN: starts(this.approvePlan.machine, true),
      },
      timeout,
    });

    const manageCampaigns = new TypedFunction(this, 'ManageCampaigns', {
      entry: 'strategy/manage-campaigns',
      env: manageCampaignsEnv,
      environment: {
        DEFINITIONS_TABLE,
        AUDIT_TABLE,
        IDEMPOTENCY_TABLE,
        APPROVE_MACHINE_ARN: starts(this.approvePlan.machine, true),
        RUN_MACHINE_ARN,
        REPEAT_MACHINE_ARN,
        RELEASE_MACHINE_ARN,
      },
      timeout,
    });
    const manageApprovals = new TypedFunction(this, 'ManageApprovals', {
      entry: 'strategy/manage-approvals',
      env: manageApprovalsEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions, BY_UPDATE_INDEX),
        AUDIT_TABLE,
        IDEMPOTENCY_TABLE,
        RELEASE_MACHINE_ARN,
        APPROVE_MACHINE_ARN: starts(this.approvePlan.machine, true),
        ...inForce,
      },
      timeout,
    });
    // Whoever decides tells the approval that waits for it, and whoever ends a pause the run that waits for that.
    const { stateMachineArn: approval } = this.approvePlan.machine;
    const { stateMachineArn: run } = this.runCampaign.machine;
    for (const { function: fn } of [manageCampaigns, beginRun]) allow(fn, ['states:SendTaskSuccess'], [run]);
    allow(manageApprovals.function, ['states:SendTaskSuccess'], [approval, run]);
  }
}
