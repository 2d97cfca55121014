import type { WebhookEndpoint } from '../../core/delivery/webhook.ts';
import { cached } from '../adapters/cache.ts';
import { definitions } from '../adapters/definitions.ts';
import { webhookChannel } from '../adapters/webhook.ts';
import { webhooks } from '../adapters/webhooks.ts';
import { readEnv } from '../middleware/read-env.ts';
import { sendBatch } from './send-batch.ts';
import { env } from './send-webhook.env.ts';

const environment = readEnv(env);
const defs = definitions(environment.DEFINITIONS_TABLE);
const keys = webhooks(environment.WEBHOOKS_TABLE);

/** A changed or disabled endpoint acts within 10 seconds; a secret that is rotated stays valid for a day. */
const endpoint = cached(10_000, (id) => defs.get<WebhookEndpoint>('webhook-endpoint', id));
const secrets = cached(60_000, async (id) => (await keys.secrets(id))?.secrets);

const gone = async (id: string): Promise<void> => {
  const stored = await defs.get<WebhookEndpoint>('webhook-endpoint', id);
  if (!stored?.body.enabled) return;
  const { disableEndpoint } = await import('./disable-endpoint.ts');
  await disableEndpoint(defs, environment.AUDIT_TABLE, stored, Date.now());
};

/** Consumes both lanes' queues of this channel. Running it twice is safe by the ledger. */
export const handler = sendBatch(
  environment,
  webhookChannel({
    endpointOf: async (id) => (await endpoint(id))?.body,
    secretsOf: secrets,
    gone,
    loopback: environment.LOOPBACK_WEBHOOKS === 'allowed',
  }),
);
