import { Duration, Stack } from 'aws-cdk-lib';
import { ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { FULL_MEMORIES } from '../../core/audience/live/memory.ts';
import { env as applyRefreshEnv } from '../../lambdas/audience/apply-refresh.env.ts';
import { env as manageLiveSegmentsEnv } from '../../lambdas/audience/manage-live-segments.env.ts';
import { env as prepareRefreshEnv } from '../../lambdas/audience/prepare-refresh.env.ts';
import type { AudienceProps } from '../audience.ts';
import { knowsErased } from '../erased-people.ts';
import { addsTo, appends, objects, reads, readsAndWrites, sends, starts } from '../kit/bindings.ts';
import { startsItself } from '../kit/starts-itself.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import { TypedStateMachine } from '../kit/typed-state-machine.ts';
import { BY_MEMBERSHIP_INDEX } from '../state.ts';

/** Segments whose members are kept up to date: at once by match-events, and on schedule from the lake, which is here. */
export class LiveSegments extends Construct {
  readonly machine: TypedStateMachine<'AthenaWorkGroup'>;

  constructor(scope: Construct, id: string, { stage, state, lake, intake }: AudienceProps) {
    super(scope, id);
    const DEFINITIONS_TABLE = readsAndWrites(state.definitions);
    const AUDIT_TABLE = readsAndWrites(state.audit);
    const PROFILES_TABLE = reads(state.profiles);
    const namespace = `Herald/${Stack.of(this).stackName}`;

    const prepareRefresh = new TypedFunction(this, 'PrepareRefresh', {
      entry: 'audience/prepare-refresh',
      env: prepareRefreshEnv,
      // The bucket only becomes part of the query's text; the state machine runs the query.
      environment: {
        DEFINITIONS_TABLE,
        AUDIT_TABLE,
        WORK_BUCKET: state.work.bucketName,
        GLUE_DATABASE: lake.database.ref,
        LAKE_BUFFER_SECONDS: String(stage.lakeBufferSeconds),
      },
      timeout: Duration.seconds(15),
    });
    const applyRefresh = new TypedFunction(this, 'ApplyRefresh', {
      entry: 'audience/apply-refresh',
      env: applyRefreshEnv,
      environment: {
        DEFINITIONS_TABLE,
        AUDIT_TABLE,
        ...knowsErased(state),
        PROFILES_TABLE,
        CONTACTS_TABLE: reads(state.contacts),
        MEMBERSHIPS_TABLE: readsAndWrites(state.memberships),
        TIMERS_TABLE: addsTo(state.timers),
        INTAKE_QUEUE_URL: sends(intake.queue),
        SEGMENT_MEMBERS_STREAM: appends(lake.streams.segment_members),
        METRICS_NAMESPACE: namespace,
        WORK_BUCKET: objects(state.work, { 'refreshes/': 'read', 'athena/': 'read' }),
        ...intake.timerSchedules.bindings,
      },
      timeout: Duration.minutes(5),
      memoryMb: 1024,
    });
    // A robot or two that click all day wake nobody; a rule that is too wide has hundreds at once.
    new Metric({
      namespace,
      metricName: FULL_MEMORIES,
      statistic: 'Sum',
      period: Duration.hours(1),
    }).createAlarm(this, 'FullMemories', {
      alarmDescription:
        'A hundred people within an hour do more than a live segment can remember, so the lake decides about them, hourly or daily. The logs of match-events and apply-refresh name the segment: a narrower rule remembers less.',
      threshold: 100,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    this.machine = new TypedStateMachine(this, 'RefreshSegment', {
      definition: 'audience/refresh-segment',
      functions: [prepareRefresh, applyRefresh],
      substitutions: { AthenaWorkGroup: lake.workGroup.name },
    });
    lake.grantUnload(this.machine.role, 'refreshes/');
    startsItself(this, 'StartsNext', this.machine);

    new TypedFunction(this, 'ManageLiveSegments', {
      entry: 'audience/manage-live-segments',
      env: manageLiveSegmentsEnv,
      environment: {
        DEFINITIONS_TABLE,
        PROFILES_TABLE,
        MEMBERSHIPS_TABLE: reads(state.memberships, BY_MEMBERSHIP_INDEX),
        AUDIT_TABLE,
        REFRESH_MACHINE_ARN: starts(this.machine.machine),
      },
      // Counting a segment of a million takes a few seconds.
      timeout: Duration.seconds(29),
    });
  }
}
