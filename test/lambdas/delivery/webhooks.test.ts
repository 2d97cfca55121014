import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WebhookEndpoint, WebhookMessage } from '../../../core/delivery/webhook.ts';
import { MAX_ATTEMPTS } from '../../../core/delivery/webhook-attempt.ts';
import { signedHeaders } from '../../../core/delivery/webhook-signature.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { memoryServices, queueUrl, startAws } from '../adapters/aws.ts';
import { type Call, call } from '../api-call.ts';

const services = memoryServices();
/** Pauses that the queue was asked for, in seconds. */
const hidden: number[] = [];
const got: { headers: Record<string, unknown>; text: string }[] = [];
const receiver = { status: 200 };
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  got.push({ headers: request.headers, text: Buffer.concat(chunks).toString() });
  response.writeHead(receiver.status).end();
});
let stop: () => Promise<void>;
let manage: ApiLambda;
let deliverWebhooks: (event: SQSEvent) => Promise<{ batchItemFailures: { itemIdentifier: string }[] }>;
let url = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  stop = await startAws(
    { definitions: ['kind', 'id'], audit: ['subject', 'entry'], webhooks: ['endpointId', 'record'] },
    (request) => {
      if (request.headers['x-amz-target'] !== 'AmazonSQS.ChangeMessageVisibility') return services.answer(request);
      hidden.push((request.body as { VisibilityTimeout: number }).VisibilityTimeout);
      return {};
    },
  );
  Object.assign(process.env, {
    DEFINITIONS_TABLE: 'definitions',
    AUDIT_TABLE: 'audit',
    WEBHOOKS_TABLE: 'webhooks',
    WEBHOOK_QUEUE_URL: queueUrl('webhooks'),
    OWN_QUEUE_URL: queueUrl('webhooks'),
    LOOPBACK_WEBHOOKS: 'allowed',
  });
  manage = (await import('../../../lambdas/delivery/manage-webhooks.ts')).handler;
  deliverWebhooks = (await import('../../../lambdas/delivery/deliver-webhooks.ts')).handler;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await stop();
});
beforeEach(() => {
  hidden.length = 0;
  got.length = 0;
  receiver.status = 200;
  services.queues.clear();
});

const admin: Call['as'] = { sub: 'amir', groups: ['admin'] };
const path = '/v1/webhook-endpoints';
const at = (route: string, endpointId: string, more: Partial<Call> = {}) =>
  call(manage, { route, params: { endpointId }, as: admin, ...more });
const create = async (change: object = {}) => {
  const reply = await call(manage, { route: `POST ${path}`, body: { name: 'Sales', url, ...change }, as: admin });
  expect(reply.status, JSON.stringify(reply.body)).toBe(201);
  return reply.body as WebhookEndpoint & { secret: string };
};
const read = async (id: string) => (await at(`GET ${path}/{endpointId}`, id)).body as WebhookEndpoint;
const deliveries = async (id: string) =>
  ((await at(`GET ${path}/{endpointId}/deliveries`, id)).body as { items: object[] }).items;
const slug = ({ status, body }: { status: number; body: unknown }) => `${status} ${(body as { type?: string }).type}`;

let count = 0;
const message = (endpointId: string, change: Partial<WebhookMessage> = {}): WebhookMessage => {
  count += 1;
  return { endpointId, id: `01W${count}`, type: 'lead.stage_changed', atMs: 1_000, data: { stage: 'hot' }, ...change };
};
const deliver = async (one: WebhookMessage | string, attempt = 1) => {
  const body = typeof one === 'string' ? one : JSON.stringify(one);
  const attributes = { ApproximateReceiveCount: String(attempt) };
  const records = [{ messageId: 'm1', receiptHandle: 'r1', body, attributes }];
  return (await deliverWebhooks({ Records: records } as unknown as SQSEvent)).batchItemFailures.length === 0;
};
const isSignedWith = (secret: string, { headers, text }: (typeof got)[number]) => {
  const { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signature } = headers;
  const expected = signedHeaders({ id: String(id), body: text }, [secret], Number(seconds) * 1_000)[
    'webhook-signature'
  ];
  return String(signature).split(' ').includes(expected);
};

describe('an endpoint', () => {
  test('is made with a secret that is shown this once', async () => {
    const made = await create();
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(made).toMatchObject({ version: 1, enabled: true, createdBy: 'amir' });
    const shown = [await read(made.id), (await call(manage, { route: `GET ${path}`, as: admin })).body];
    expect(JSON.stringify(shown)).not.toContain('whsec_');
    // Nor is it where the other functions read.
    const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
    expect(JSON.stringify(await definitions('definitions').all('webhook-endpoint'))).not.toContain('whsec_');
  });

  test.each([
    ['http on the internet', 'http://example.com/'],
    ['an address with a password', 'https://a:b@example.com/'],
    ['no URL', 'sales'],
  ])('%s is refused', async (_, bad) => {
    const reply = await call(manage, { route: `POST ${path}`, body: { name: 'x', url: bad }, as: admin });
    expect(slug(reply)).toBe('400 /problems/invalid-body');
  });

  test('is changed by the version that was read', async () => {
    const { id } = await create();
    const body = { name: 'CRM', url, enabled: false, version: 1 };
    expect((await at(`PUT ${path}/{endpointId}`, id, { body })).body).toMatchObject({
      version: 2,
      name: 'CRM',
      enabled: false,
    });
    expect(slug(await at(`PUT ${path}/{endpointId}`, id, { body }))).toBe('409 /problems/version-conflict');
    expect(slug(await at(`POST ${path}/{endpointId}/ping`, id))).toBe('409 /problems/state-conflict');
  });

  test('that there is not is not found', async () => {
    for (const route of [
      `GET ${path}/{endpointId}`,
      `POST ${path}/{endpointId}/ping`,
      `GET ${path}/{endpointId}/deliveries`,
      `POST ${path}/{endpointId}/rotate-secret`,
    ]) {
      expect(slug(await at(route, 'nope'))).toBe('404 /problems/not-found');
    }
  });

  test('is pinged through the queue', async () => {
    const { id } = await create();
    const { status, body } = await at(`POST ${path}/{endpointId}/ping`, id);
    expect(status).toBe(202);
    const [queued] = services.queues.get('webhooks') ?? [];
    expect(queued).toMatchObject({ group: id, body: { ...(body as object), endpointId: id, type: 'webhook.ping' } });
    expect(await deliver(queued?.body as WebhookMessage)).toBe(true);
    expect(await deliveries(id)).toMatchObject([{ type: 'webhook.ping', result: 'delivered' }]);
  });
});

describe('a delivery', () => {
  test('is signed, says what happened, and is noted', async () => {
    const { id, secret } = await create();
    const one = message(id);
    expect(await deliver(one)).toBe(true);
    expect(isSignedWith(secret, got[0]!)).toBe(true);
    expect(got[0]?.headers['webhook-id']).toBe(one.id);
    expect(JSON.parse(got[0]?.text ?? '')).toEqual({
      ...{ type: 'lead.stage_changed', timestamp: '1970-01-01T00:00:01.000Z', data: { stage: 'hot' } },
    });
    expect(await deliveries(id)).toEqual([
      {
        id: one.id,
        type: 'lead.stage_changed',
        result: 'delivered',
        attempts: 1,
        status: 200,
        lastMs: expect.any(Number),
        tookMs: expect.any(Number),
      },
    ]);
  });

  test('that was made is not made again', async () => {
    const { id } = await create();
    const one = message(id);
    await deliver(one);
    expect(await deliver(one, 2)).toBe(true);
    expect(got).toHaveLength(1);
  });

  test('after a rotation is signed with both secrets', async () => {
    const { id, secret } = await create();
    const { body } = await at(`POST ${path}/{endpointId}/rotate-secret`, id);
    const next = (body as { secret: string }).secret;
    expect(next).not.toBe(secret);
    await deliver(message(id));
    expect([isSignedWith(secret, got[0]!), isSignedWith(next, got[0]!)]).toEqual([true, true]);
  });

  test('that fails stays in the queue for its pause, with the same id', async () => {
    const { id } = await create();
    receiver.status = 503;
    const one = message(id);
    expect(await deliver(one, 1)).toBe(false);
    expect(await deliver(one, 3)).toBe(false);
    expect(hidden[0]).toBeGreaterThanOrEqual(30);
    expect(hidden[1]).toBeGreaterThanOrEqual(1_800);
    expect(got.map(({ headers }) => headers['webhook-id'])).toEqual([one.id, one.id]);
    expect(await deliveries(id)).toMatchObject([{ result: 'retrying', attempts: 3, status: 503 }]);
    receiver.status = 200;
    expect(await deliver(one, 4)).toBe(true);
    expect(await deliveries(id)).toMatchObject([{ result: 'delivered', attempts: 4 }]);
  });

  test('is given up after the last attempt, and becomes a dead letter at once', async () => {
    const { id } = await create();
    receiver.status = 500;
    expect(await deliver(message(id), MAX_ATTEMPTS)).toBe(false);
    expect(hidden).toEqual([0]);
    expect(await deliveries(id)).toMatchObject([{ result: 'failed', attempts: MAX_ATTEMPTS }]);
  });

  test('to an endpoint that answers 410 is the last: it is disabled, and the audit log says so', async () => {
    const { id } = await create();
    receiver.status = 410;
    expect(await deliver(message(id))).toBe(true);
    expect(await read(id)).toMatchObject({ enabled: false, goneMs: expect.any(Number), version: 2 });
    expect(await deliver(message(id))).toBe(true);
    expect(got).toHaveLength(1);
    expect(await deliveries(id)).toMatchObject([
      { result: 'skipped', attempts: 0 },
      { result: 'gone', status: 410 },
    ]);
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    const { items } = await readAudit('audit', { subject: `webhook-endpoint/${id}` }, 10);
    expect(items.map(({ action }) => action)).toEqual(['gone', 'create']);
    const body = { name: 'Sales', url, enabled: true, version: 2 };
    expect((await at(`PUT ${path}/{endpointId}`, id, { body })).body).not.toHaveProperty('goneMs');
    receiver.status = 200;
    expect(await deliver(message(id))).toBe(true);
    expect(got).toHaveLength(2);
  });

  test('of an endpoint that nobody made, or that is no message, goes to the dead letters by itself', async () => {
    expect(await deliver(message('nobody'))).toBe(false);
    expect(await deliver('not JSON')).toBe(false);
    expect(hidden).toEqual([]);
  });

  test('the list is paged, the newest first', async () => {
    const { id } = await create();
    for (const name of ['01A', '01B', '01C']) await deliver(message(id, { id: name }));
    const page = (await at(`GET ${path}/{endpointId}/deliveries`, id, { query: { limit: '2' } })).body as {
      items: { id: string }[];
      cursor: string;
    };
    expect(page.items.map((one) => one.id)).toEqual(['01C', '01B']);
    const next = await at(`GET ${path}/{endpointId}/deliveries`, id, { query: { limit: '2', cursor: page.cursor } });
    expect((next.body as { items: { id: string }[] }).items.map((one) => one.id)).toEqual(['01A']);
  });
});
