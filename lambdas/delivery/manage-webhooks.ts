import { randomBytes } from 'node:crypto';
import { ulid } from 'ulid';
import { routes } from '../../core/access/routes/webhooks.ts';
import { PING, rotated, urlProblem, type WebhookEndpoint, type WebhookMessage } from '../../core/delivery/webhook.ts';
import { definitions, type Stored } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { sendAll } from '../adapters/queues.ts';
import { webhooks } from '../adapters/webhooks.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-webhooks.env.ts';

const environment = readEnv(env);
const defs = definitions(environment.DEFINITIONS_TABLE);
const kept = webhooks(environment.WEBHOOKS_TABLE);
const sinks = { auditTable: environment.AUDIT_TABLE };

/**
 * Endpoints that are told of things. Running it twice: a second creation makes a second endpoint, a second rotation a second
 * secret (neither the first one can be shown again), and a change names the version that it changes.
 */
export const handler = apiHandler('delivery/manage-webhooks', routes, {
  createWebhookEndpoint: async ({ body, actor, nowMs, newId: id }) => {
    refuseUrl(body.url);
    const secret = newSecret();
    // The secret goes first: an endpoint that is there can be signed for.
    await kept.putSecrets(id, { current: secret }, 0);
    const endpoint: WebhookEndpoint = { ...body, id, version: 1, createdBy: actor, createdMs: nowMs };
    await save(endpoint, 'create', actor, nowMs);
    return { body: { ...endpoint, secret }, headers: { location: `/v1/webhook-endpoints/${id}` } };
  },

  listWebhookEndpoints: async ({ query: { limit, cursor } }) => {
    const page = await defs.list<WebhookEndpoint>('webhook-endpoint', limit, cursor);
    return { body: { ...page, items: page.items.map(({ body }) => body) } };
  },

  getWebhookEndpoint: async ({ params }) => ({ body: (await load(params.endpointId)).body }),

  updateWebhookEndpoint: async ({ params, body: { version, ...input }, actor, nowMs }) => {
    const { body: endpoint, ...stored } = await load(params.endpointId);
    if (version !== stored.version) {
      throw new Problem('version-conflict', `The endpoint is at version ${stored.version}, not ${version}`);
    }
    refuseUrl(input.url);
    const { id, createdBy, createdMs, goneMs } = endpoint;
    const isStillGone = goneMs !== undefined && !input.enabled;
    const changed = { ...input, id, version: version + 1, createdBy, createdMs, ...(isStillGone && { goneMs }) };
    return { body: await save(changed, 'update', actor, nowMs) };
  },

  rotateWebhookSecret: async ({ params, actor, nowMs }) => {
    const { id, version, body: endpoint } = await load(params.endpointId);
    const before = await kept.secrets(id);
    const secret = newSecret();
    // The audit entry goes first: a secret of which nobody knows is worse than an entry without its effect, which the
    // caller, having got an error, will repeat.
    const saved = await save({ ...endpoint, version: version + 1 }, 'rotate-secret', actor, nowMs);
    const next = before ? rotated(before.secrets, secret, nowMs) : { current: secret };
    if (!(await kept.putSecrets(id, next, before?.version ?? 0))) {
      throw new Problem('version-conflict', 'Somebody else has rotated the secret at the same moment');
    }
    return { body: { ...saved, secret } };
  },

  pingWebhookEndpoint: async ({ params, actor, nowMs }) => {
    const { id: endpointId, body } = await load(params.endpointId);
    if (!body.enabled) throw new Problem('state-conflict', 'The endpoint is not enabled');
    const id = ulid(nowMs);
    const message: WebhookMessage = { endpointId, id, type: PING, atMs: nowMs, data: { by: actor } };
    await sendAll(environment.WEBHOOK_QUEUE_URL, [{ body: message, group: endpointId }]);
    return { body: { id } };
  },

  listWebhookDeliveries: async ({ params, query: { limit, cursor } }) => {
    const { id } = await load(params.endpointId);
    return { body: await kept.deliveries(id, limit, cursor) };
  },
});

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

const load = async (id: string): Promise<Stored<WebhookEndpoint>> => {
  const stored = await defs.get<WebhookEndpoint>('webhook-endpoint', id);
  if (!stored) throw new Problem('not-found', `There is no webhook endpoint ${id}`);
  return stored;
};

/** What a name resolves to is looked at when it is delivered to. */
const refuseUrl = (url: string): void => {
  const message = urlProblem(url, environment.LOOPBACK_WEBHOOKS === 'allowed');
  if (message) throw new Problem('invalid-body', `url: ${message}`, { errors: [{ path: 'url', message }] });
};

const save = async (
  endpoint: WebhookEndpoint,
  action: string,
  actor: string,
  nowMs: number,
): Promise<WebhookEndpoint> => {
  const { id, version, name } = endpoint;
  const entry = { subject: `webhook-endpoint/${id}`, action, actor, atMs: nowMs, version, detail: name };
  const outbox = [{ effect: 'audit' as const, entry }];
  return (await saveDefinition(defs, 'webhook-endpoint', id, endpoint, version - 1, nowMs, outbox, sinks)).body;
};
