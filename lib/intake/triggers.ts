import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as manageTriggersEnv } from '../../lambdas/intake/manage-triggers.env.ts';
import type { Intake } from '../intake.ts';
import { readsAndWrites, remembers, starts } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import type { State } from '../state.ts';
import type { Strategy } from '../strategy.ts';

/** The API by which triggers are written, and submitted for approval. */
export class Triggers extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { state, intake, strategy }: { state: State; intake: Intake; strategy: Strategy },
  ) {
    super(scope, id);
    new TypedFunction(this, 'ManageTriggers', {
      entry: 'intake/manage-triggers',
      env: manageTriggersEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        AUDIT_TABLE: readsAndWrites(state.audit),
        IDEMPOTENCY_TABLE: remembers(state.idempotency),
        APPROVE_MACHINE_ARN: starts(strategy.approvePlan.machine, true),
        ...intake.compileSchedules.bindings,
      },
      timeout: Duration.seconds(15),
    });
  }
}
