import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as explainMembershipEnv } from '../../lambdas/audience/explain-membership.env.ts';
import { env as manageAudiencesEnv } from '../../lambdas/audience/manage-audiences.env.ts';
import { env as manageSnapshotsEnv } from '../../lambdas/audience/manage-snapshots.env.ts';
import { env as previewAudienceEnv } from '../../lambdas/audience/preview-audience.env.ts';
import type { AudienceProps } from '../audience.ts';
import { objects, reads, readsAndWrites, remembers } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';

/** Set expressions over segments and lists, previews of them, and snapshots. */
export class Audiences extends Construct {
  constructor(scope: Construct, id: string, { stage, state, lake }: AudienceProps) {
    super(scope, id);
    const DEFINITIONS_TABLE = readsAndWrites(state.definitions);
    const AUDIT_TABLE = readsAndWrites(state.audit);
    const IDEMPOTENCY_TABLE = remembers(state.idempotency);
    // They wait for Athena; the API answers within 30 s or not at all.
    const timeout = Duration.seconds(29);

    new TypedFunction(this, 'ManageAudiences', {
      entry: 'audience/manage-audiences',
      env: manageAudiencesEnv,
      environment: { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE },
      timeout: Duration.seconds(15),
    });
    new TypedFunction(this, 'PreviewAudience', {
      entry: 'audience/preview-audience',
      env: previewAudienceEnv,
      environment: {
        DEFINITIONS_TABLE: reads(state.definitions),
        PROFILES_TABLE: reads(state.profiles),
        WORK_BUCKET: objects(state.work, { 'previews/': 'readWrite' }),
        ATHENA_WORK_GROUP: lake.queries,
        GLUE_DATABASE: lake.database.ref,
        QUERY_CUTOFF_BYTES: String(stage.queryCutoffBytes),
      },
      timeout,
    });
    new TypedFunction(this, 'ExplainMembership', {
      entry: 'audience/explain-membership',
      env: explainMembershipEnv,
      environment: {
        DEFINITIONS_TABLE: reads(state.definitions),
        PROFILES_TABLE: reads(state.profiles),
        CONTACTS_TABLE: reads(state.contacts),
        MEMBERSHIPS_TABLE: reads(state.memberships),
        ATHENA_WORK_GROUP: lake.queries,
        GLUE_DATABASE: lake.database.ref,
        QUERY_CUTOFF_BYTES: String(stage.queryCutoffBytes),
      },
      timeout,
    });
    new TypedFunction(this, 'ManageSnapshots', {
      entry: 'audience/manage-snapshots',
      env: manageSnapshotsEnv,
      environment: {
        DEFINITIONS_TABLE,
        AUDIT_TABLE,
        IDEMPOTENCY_TABLE,
        WORK_BUCKET: objects(state.work, { 'snapshots/': 'read' }),
        ATHENA_WORK_GROUP: lake.unloads,
        GLUE_DATABASE: lake.database.ref,
      },
      timeout,
      // A whole core: the recipients of a snapshot that has ended are counted while its reader waits.
      memoryMb: 1_769,
    });
  }
}
