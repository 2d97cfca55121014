import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as manageSegmentsEnv } from '../../lambdas/audience/manage-segments.env.ts';
import type { AudienceProps } from '../audience.ts';
import { objects, readsAndWrites, remembers } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';

/** Segments, their size, and snapshots of them. */
export class Segments extends Construct {
  constructor(scope: Construct, id: string, { state, lake }: AudienceProps) {
    super(scope, id);
    new TypedFunction(this, 'ManageSegments', {
      entry: 'audience/manage-segments',
      env: manageSegmentsEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        AUDIT_TABLE: readsAndWrites(state.audit),
        IDEMPOTENCY_TABLE: remembers(state.idempotency),
        WORK_BUCKET: objects(state.work, { 'snapshots/': 'read' }),
        ATHENA_WORK_GROUP: lake.unloads,
        GLUE_DATABASE: lake.database.ref,
      },
      // A preview waits for Athena; the API answers within 30 s or not at all.
      timeout: Duration.seconds(29),
    });
  }
}
