import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as manageSourcesEnv } from '../lambdas/access/manage-sources.env.ts';
import { env as readAuditEnv } from '../lambdas/access/read-audit.env.ts';
import { env as serveOpenapiEnv } from '../lambdas/access/serve-openapi.env.ts';
import { reads, readsAndWrites } from './kit/bindings.ts';
import { TypedFunction } from './kit/typed-function.ts';
import { BY_DAY_INDEX, type State } from './state.ts';

/** Who may send events, who did what, and what the API says of itself. The API is a stack of its own: see api.ts. */
export class Access extends Construct {
  constructor(scope: Construct, id: string, { state }: { state: State }) {
    super(scope, id);
    new TypedFunction(this, 'ManageSources', {
      entry: 'access/manage-sources',
      env: manageSourcesEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        AUDIT_TABLE: readsAndWrites(state.audit),
      },
      timeout: Duration.seconds(15),
    });
    new TypedFunction(this, 'ReadAudit', {
      entry: 'access/read-audit',
      env: readAuditEnv,
      environment: { AUDIT_TABLE: reads(state.audit, BY_DAY_INDEX) },
      timeout: Duration.seconds(15),
    });
    new TypedFunction(this, 'ServeOpenapi', {
      entry: 'access/serve-openapi',
      env: serveOpenapiEnv,
      environment: {},
      timeout: Duration.seconds(15),
    });
  }
}
