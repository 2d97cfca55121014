import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as manageSegmentsEnv } from '../../lambdas/audience/manage-segments.env.ts';
import type { AudienceProps } from '../audience.ts';
import { readsAndWrites, remembers } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';

/** Rules over profiles and events. */
export class Segments extends Construct {
  constructor(scope: Construct, id: string, { state }: AudienceProps) {
    super(scope, id);
    new TypedFunction(this, 'ManageSegments', {
      entry: 'audience/manage-segments',
      env: manageSegmentsEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        AUDIT_TABLE: readsAndWrites(state.audit),
        IDEMPOTENCY_TABLE: remembers(state.idempotency),
      },
      timeout: Duration.seconds(15),
    });
  }
}
