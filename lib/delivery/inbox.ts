import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env as manageInboxEnv } from '../../lambdas/delivery/manage-inbox.env.ts';
import { reads, readsAndWrites } from '../kit/bindings.ts';
import { TypedFunction } from '../kit/typed-function.ts';
import type { State } from '../state.ts';

/** Where in-app messages wait for the app of their person. */
export class Inbox extends Construct {
  constructor(scope: Construct, id: string, { state }: { state: State }) {
    super(scope, id);
    new TypedFunction(this, 'ManageInbox', {
      entry: 'delivery/manage-inbox',
      env: manageInboxEnv,
      environment: { DEFINITIONS_TABLE: reads(state.definitions), INBOX_TABLE: readsAndWrites(state.inbox) },
      timeout: Duration.seconds(15),
    });
  }
}
