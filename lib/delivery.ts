import { Duration, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { env as manageSettingsEnv } from '../lambdas/delivery/manage-settings.env.ts';
import { DeadLetters } from './delivery/dead-letters.ts';
import { Inbox } from './delivery/inbox.ts';
import { Links } from './delivery/links.ts';
import { Materials } from './delivery/materials.ts';
import { Receipts } from './delivery/receipts.ts';
import { Senders } from './delivery/senders.ts';
import { readsAndWrites, starts } from './kit/bindings.ts';
import { tellOfAlarms } from './kit/tell-of-alarms.ts';
import { TypedFunction } from './kit/typed-function.ts';
import type { Platform } from './platform.ts';
import type { Stage } from './stages.ts';
import type { State } from './state.ts';

/**
 * From the send queues to the providers. A stack of its own, for a stack has room for 500 resources. Everybody may send, so
 * the queues are the platform's, and nothing of the platform knows this stack.
 */
export class Delivery extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { stage, state, platform, journeys }: { stage: Stage; state: State; platform: Platform; journeys: Stack },
  ) {
    super(scope, id, { description: `Herald ${stage.name}: from the send queues to the providers` });
    const { lake, sendQueues, heldMessages, intake } = platform;
    const links = new Links(this, 'Links', { stage, state, lake, intake });
    const receipts = new Receipts(this, 'Receipts', { state, lake, intake });
    new Senders(this, 'Senders', { stage, state, lake, sendQueues, heldMessages, links, receipts });
    new Materials(this, 'Materials', { state, links });
    new Inbox(this, 'Inbox', { state });

    new TypedFunction(this, 'ManageSettings', {
      entry: 'delivery/manage-settings',
      env: manageSettingsEnv,
      environment: {
        DEFINITIONS_TABLE: readsAndWrites(state.definitions),
        AUDIT_TABLE: readsAndWrites(state.audit),
        RELEASE_MACHINE_ARN: starts(platform.strategy.releaseParked.machine),
      },
      timeout: Duration.seconds(15),
    });

    new DeadLetters(this, 'DeadLetters', { state, platform, journeys });
    tellOfAlarms(this, stage.alarmTopicArn);
  }
}
