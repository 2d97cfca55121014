import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readLinkKeys } from '../../../core/delivery/links/link-keys.ts';
import { type LinkClaim, sealLink } from '../../../core/delivery/links/link-token.ts';
import { encodeRef, type ReceiptRef } from '../../../core/delivery/receipt-ref.ts';
import type { Ledger } from '../../../lambdas/adapters/ledger.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { memoryServices, queueUrl, startAws } from '../adapters/aws.ts';

const services = memoryServices();
const [OLD, NEW] = ['o'.repeat(64), 'n'.repeat(64)];
let secret = JSON.stringify({ current: 'a', a: OLD });
let reads = 0;
let stop: () => Promise<void>;
let handler: ApiLambda;
let records: Ledger;

beforeAll(async () => {
  stop = await startAws({ definitions: ['kind', 'id'], ledger: ['run', 'unit'] }, (request) => {
    if (!String(request.headers['x-amz-target']).endsWith('GetSecretValue')) return services.answer(request);
    reads += 1;
    return { body: { SecretString: secret } };
  });
  Object.assign(process.env, {
    ...{ LINK_KEY_ARN: 'link-key', OUTCOMES_STREAM: 'outcomes', LEDGER_TABLE: 'ledger' },
    INTAKE_QUEUE_URL: queueUrl('intake'),
  });
  handler = (await import('../../../lambdas/delivery/follow-links.ts')).handler;
  records = (await import('../../../lambdas/adapters/ledger.ts')).ledger('ledger');
});
afterAll(() => stop());
beforeEach(() => {
  services.streams.clear();
  services.queues.clear();
});

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const ref = (more: Partial<ReceiptRef> = {}) =>
  encodeRef({
    ...{ planKind: 'campaign', planId: 'c1', run: 'r1', message: 'm1', unit: 'w#u1', index: 3, channel: 'email' },
    ...{ waits: false, profileId: 'ada', address: 'abc123' },
    ...more,
  } as ReceiptRef);
const DAY = 86_400;
/** Sent an hour ago. */
const sentSeconds = Math.floor(Date.now() / 1_000) - 3_600;
const click = (more: Partial<ReceiptRef> = {}): LinkClaim => ({
  ...{ kind: 'click', ref: ref(more), sentSeconds, target: 'https://shop.example/x?y=1' },
});
const open = (more: Partial<ReceiptRef> = {}): LinkClaim => ({ kind: 'open', ref: ref(more), sentSeconds });
const keys = () => readLinkKeys(secret);

const ask = async (route: string, token: string, userAgent = BROWSER) => {
  const [method, path] = route.split(' ');
  const event = {
    routeKey: route,
    rawPath: path,
    headers: { 'user-agent': userAgent },
    pathParameters: { token },
    requestContext: { requestId: 'r', http: { method, path } },
    isBase64Encoded: false,
  };
  return handler(event as never, { getRemainingTimeInMillis: () => 15_000 } as never);
};
const CLICK = 'GET /v1/c/{token}';
const OPEN = 'GET /v1/o/{token}';
const told = () =>
  (services.queues.get('intake') ?? []).flatMap(({ body }) => (body as { events: { id: string }[] }).events);
const outcomes = () => services.streams.get('outcomes') ?? [];

test('a click is an outcome of its message, and leads on', async () => {
  const answer = await ask(CLICK, sealLink(keys(), click()));
  expect(answer).toMatchObject({ statusCode: 302, headers: { location: 'https://shop.example/x?y=1' } });
  expect(answer.body).toBeUndefined();
  expect(outcomes()).toEqual([
    expect.objectContaining({
      ...{ plan_id: 'c1', run_id: 'r1', profile_id: 'ada', channel: 'email', final: false },
      ...{ outcome: 'clicked', reason: '|https://shop.example/x' },
    }),
  ]);
  await ask(CLICK, sealLink(keys(), click()));
  expect(new Set(outcomes().map((row) => (row as { outcome_id: string }).outcome_id)).size).toBe(1);
  const properties = { planKind: 'campaign', planId: 'c1', channel: 'email', link: 'https://shop.example/x' };
  expect(told()).toMatchObject([{ type: 'herald.message.clicked', profileId: 'ada', properties }, { properties }]);
  expect(new Set(told().map(({ id }) => id)).size).toBe(1);
});

test('what is done after 30 days leads on, and is not recorded', async () => {
  for (const days of [29, 31]) {
    const token = sealLink(keys(), { ...click(), sentSeconds: sentSeconds - days * DAY } as LinkClaim);
    expect(await ask(CLICK, token)).toMatchObject({ statusCode: 302 });
  }
  expect(outcomes()).toHaveLength(1);
});

test('a scanner’s is one of its own', async () => {
  await ask('HEAD /v1/c/{token}', sealLink(keys(), click()));
  await ask(OPEN, sealLink(keys(), open()), 'Mozilla/5.0');
  expect(outcomes()).toMatchObject([
    { outcome: 'clicked', reason: 'head|https://shop.example/x' },
    { outcome: 'opened', reason: 'privacy-proxy' },
  ]);
});

test('an open that somebody waits for is noted; a machine’s says that the message has arrived', async () => {
  await ask(OPEN, sealLink(keys(), open({ waits: true, index: 4 })), 'Mozilla/5.0');
  await ask(CLICK, sealLink(keys(), click({ waits: true, index: 5 })));
  // `heardOf` takes the unit of the record, whose hash the ref has.
  const { heardUnit } = await import('../../../core/delivery/receipt-ref.ts');
  await ask(OPEN, sealLink(keys(), open({ waits: true, index: 6, unit: heardUnit('b#0#1') })));
  expect(await records.heardOf({ run: 'r1', unit: 'b#0#1' })).toEqual({
    delivered: new Set([6]),
    opened: new Set([6]),
  });
});

test('the image comes whatever the token is; a link that Herald did not make leads nowhere', async () => {
  for (const token of ['x', sealLink(keys(), click()), sealLink(keys(), open()).slice(0, -2)]) {
    const image = await ask(OPEN, token);
    expect(image).toMatchObject({ statusCode: 200, isBase64Encoded: true, headers: { 'content-type': 'image/gif' } });
  }
  for (const token of ['x', sealLink(keys(), open()), `${sealLink(keys(), click())}A`]) {
    const page = await ask(CLICK, token);
    expect(page).toMatchObject({ statusCode: 404, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(page.headers).not.toHaveProperty('location');
    expect((await ask('HEAD /v1/c/{token}', token)).body).toBeUndefined();
  }
  expect(outcomes()).toEqual([]);
});

test('nobody waits for a page because the lake does not answer', async () => {
  services.refuse.add('Firehose_20150804.PutRecordBatch');
  expect(await ask(CLICK, sealLink(keys(), click()))).toMatchObject({ statusCode: 302 });
  expect(outcomes()).toEqual([]);
});

test('a key that was added is read; one that nobody knows is not asked for again and again', async () => {
  const before = keys();
  const first = reads;
  secret = JSON.stringify({ current: 'b', a: OLD, b: NEW });
  // Within a minute of the last look nobody looks again, so a link of the new key has to wait.
  expect(await ask(CLICK, sealLink(keys(), click()))).toMatchObject({ statusCode: 404 });
  expect(reads).toBe(first);
  expect(await ask(CLICK, sealLink(before, click()))).toMatchObject({ statusCode: 302 });

  const { linkKeys } = await import('../../../lambdas/adapters/link-keys.ts');
  let nowMs = 0;
  secret = JSON.stringify({ current: 'a', a: OLD });
  const links = linkKeys('link-key', () => nowMs);
  await links.keys();
  secret = JSON.stringify({ current: 'b', a: OLD, b: NEW });
  const renewed = sealLink(keys(), click());
  nowMs = 59_000;
  expect(await links.open(renewed)).toBeUndefined();
  nowMs = 61_000;
  expect(await links.open(renewed)).toEqual(click());
  const asked = reads;
  expect(await links.open(`z${renewed.slice(1)}`)).toBeUndefined();
  expect(reads).toBe(asked);
});

test('a key that was taken out opens nothing after five minutes, and a new one seals; until the secret can be read, the old ones go on', async () => {
  const { linkKeys } = await import('../../../lambdas/adapters/link-keys.ts');
  let nowMs = 0;
  secret = JSON.stringify({ current: 'a', a: OLD });
  const links = linkKeys('link-key', () => nowMs);
  const leaked = sealLink(await links.keys(), click());
  secret = 'no JSON';
  nowMs = 300_000;
  expect(await links.open(leaked)).toEqual(click());
  secret = JSON.stringify({ current: 'b', b: NEW });
  expect((await links.keys()).current).toBe('b');
  expect(await links.open(leaked)).toBeUndefined();
});
