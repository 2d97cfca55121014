import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as manageMaterialsEnv } from '../../lambdas/delivery/manage-materials.env.ts';
import { objects, readsAndWrites, remembers } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import type { State } from '../state.ts';
import type { Links } from './links.ts';

/** Pictures of messages. Everybody gets them through the door of links. */
export class Materials extends Construct {
  constructor(scope: Construct, id: string, { state, links }: { state: State; links: Links }) {
    super(scope, id);
    new TypedFunction(this, 'ManageMaterials', {
      entry: 'delivery/manage-materials',
      env: manageMaterialsEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        AUDIT_TABLE: readsAndWrites(state.audit),
        IDEMPOTENCY_TABLE: remembers(state.idempotency),
        WORK_BUCKET: objects(state.work, { 'materials/': 'writeDelete' }),
        LINKS_URL: links.bindings.LINKS_URL,
      },
      timeout: Duration.seconds(15),
    });
  }
}
