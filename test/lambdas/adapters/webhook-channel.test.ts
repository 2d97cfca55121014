import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { WebhookEndpoint, WebhookSecrets } from '../../../core/delivery/webhook.ts';
import { webhookChannel } from '../../../lambdas/adapters/webhook.ts';
import { outgoing } from './outgoing.ts';

const got: { headers: Record<string, unknown>; text: string }[] = [];
const receiver = { status: 200 };
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  got.push({ headers: request.headers, text: Buffer.concat(chunks).toString() });
  response.writeHead(receiver.status).end();
});
let url = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
const gone: string[] = [];
beforeEach(() => {
  got.length = 0;
  gone.length = 0;
  receiver.status = 200;
});

const key = Buffer.from('a secret');
const send = async ({
  endpoint = {},
  secrets = { current: `whsec_${key.toString('base64')}` },
  loopback = true,
}: {
  endpoint?: Partial<WebhookEndpoint> | undefined;
  secrets?: WebhookSecrets | undefined;
  loopback?: boolean;
} = {}) => {
  const whole = {
    id: 'e1',
    version: 1,
    name: 'Calls',
    url,
    enabled: true,
    createdBy: 'ada',
    createdMs: 0,
    ...endpoint,
  };
  const channel = webhookChannel({
    endpointOf: async (id) => (id === 'e1' ? whole : undefined),
    secretsOf: async () => secrets,
    gone: async (id) => void gone.push(id),
    loopback,
  });
  const endpointId = endpoint.id ?? 'e1';
  const content = { channel: 'webhook' as const, endpointId, fields: { text: 'Say "hi"\n' } };
  return (await channel.send([outgoing<'webhook'>(7, 'p7', content)], 'promotional')).get(7);
};

test('a signed POST with the person and what was written, under an id that a repeat has too', async () => {
  expect(await send()).toEqual({ status: 'sent', messageId: 'id-7' });
  await send();
  expect(got.map(({ headers }) => headers['webhook-id'])).toEqual(['id-7', 'id-7']);
  const { headers, text } = got[0]!;
  expect(JSON.parse(text)).toEqual({
    type: 'message',
    timestamp: '1970-01-01T00:00:01.000Z',
    data: { profileId: 'p7', fields: { text: 'Say "hi"\n' } },
  });
  const signed = createHmac('sha256', key).update(`id-7.${headers['webhook-timestamp']}.${text}`).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${signed}`);
});

const refused = { status: 'refused', reason: 'provider-refused' };
test.each([
  [204, { status: 'sent' }, false],
  [400, refused, false],
  [404, refused, false],
  [422, refused, false],
  [410, refused, true],
  [302, { status: 'retry' }, false],
  [408, { status: 'retry' }, false],
  [429, { status: 'retry' }, false],
  [500, { status: 'retry' }, false],
  [503, { status: 'retry' }, false],
])('%i is %j; the endpoint is told to be gone: %j', async (status, expected, isGone) => {
  receiver.status = status;
  expect(await send()).toMatchObject(expected);
  expect(gone).toEqual(isGone ? ['e1'] : []);
});

test.each([
  ['is not enabled', { endpoint: { enabled: false } }],
  ['does not exist', { endpoint: { id: 'e2' } }],
])('an endpoint that %s gets nothing', async (_, options) => {
  expect(await send(options)).toEqual(refused);
  expect(got).toEqual([]);
});

test('nobody but the local cloud posts to this machine', async () => {
  expect(await send({ loopback: false })).toMatchObject({ status: 'retry' });
  expect(got).toEqual([]);
});
