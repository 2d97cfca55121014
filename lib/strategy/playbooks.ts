import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as managePlaybooksEnv } from '../../lambdas/strategy/manage-playbooks.env.ts';
import { readsAndWrites, remembers } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import type { State } from '../state.ts';

/** The strategy library: plans to start from. What is made of one are ordinary definitions. */
export class Playbooks extends Construct {
  constructor(scope: Construct, id: string, { state }: { state: State }) {
    super(scope, id);
    new TypedFunction(this, 'ManagePlaybooks', {
      entry: 'strategy/manage-playbooks',
      env: managePlaybooksEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        AUDIT_TABLE: readsAndWrites(state.audit),
        IDEMPOTENCY_TABLE: remembers(state.idempotency),
      },
      timeout: Duration.seconds(15),
    });
  }
}
