import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { type VirtualClock, virtualClock } from '../../../local/clock.ts';
import { arnOf, miniCloud, queue } from '../../local/mini-cloud.ts';
import { type AwsAnswer, type AwsRequest, queueUrl, startAws } from '../adapters/aws.ts';
import { type Call, call } from '../api-call.ts';

const REDRIVE = { deadLetterTargetArn: arnOf('Dead'), maxReceiveCount: 1 };
const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:Herald-test-accept';
const newCloud = () =>
  miniCloud<VirtualClock>(virtualClock(Date.UTC(2026, 0, 1)), {
    Q: queue({ QueueName: 'q', VisibilityTimeout: 1, RedrivePolicy: REDRIVE }),
    Dead: queue({ QueueName: 'dead' }),
    Heard: queue({
      QueueName: 'heard',
      RedrivePolicy: { deadLetterTargetArn: arnOf('HeardDead'), maxReceiveCount: 1 },
    }),
    HeardDead: queue({ QueueName: 'heard-dead' }),
    Bus: queue({ QueueName: 'bus' }),
  });
let cloud: Awaited<ReturnType<typeof newCloud>>;
let stop: () => Promise<void>;
let manage: ApiLambda;
let readAudit: typeof import('../../../lambdas/adapters/audit.ts').readAudit;
let putFailure: typeof import('../../../lambdas/adapters/failures.ts').putFailure;

/** The process dies at its n-th request, before or after the other side has acted on it. */
const death = { inRequests: Number.POSITIVE_INFINITY, afterEffect: false };
const invoked: { path: string; payload: unknown }[] = [];
let lambdaStatus = 202;

const forward = async ({ method, headers, raw }: AwsRequest): Promise<AwsAnswer> => {
  const { authorization = '', 'content-type': type = '', 'x-amz-target': target } = headers;
  const asked = { authorization, 'content-type': type, 'x-amz-target': String(target) };
  const response = await fetch(cloud.url, { method, headers: asked, body: new Uint8Array(raw) });
  return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
};
const answer = async (request: AwsRequest): Promise<AwsAnswer> => {
  if (request.path.startsWith('/2015-03-31/functions/')) {
    invoked.push({ path: decodeURIComponent(request.path), payload: request.body });
    return { status: lambdaStatus };
  }
  death.inRequests -= 1;
  if (death.inRequests > 0) return forward(request);
  if (death.inRequests === 0 && death.afterEffect) await forward(request);
  return { status: 400, body: { __type: 'AccessDeniedException', message: 'dead' } };
};

beforeAll(async () => {
  stop = await startAws({ audit: ['subject', 'entry'], failures: ['messageId'] }, answer);
  Object.assign(process.env, {
    AUDIT_TABLE: 'audit',
    CLEANSE_MACHINE_ARN: 'arn:aws:states:us-east-1:123456789012:stateMachine:cleanse',
    DEAD_LETTERS: JSON.stringify({ q: queueUrl('dead'), heard: queueUrl('heard-dead') }),
    FAILED_INVOCATIONS: JSON.stringify({ bus: queueUrl('bus') }),
    UNDELIVERED: JSON.stringify({ heard: 'arn:aws:sqs:us-east-1:123456789012:heard' }),
  });
  manage = (await import('../../../lambdas/delivery/manage-dead-letters.ts')).handler;
  readAudit = (await import('../../../lambdas/adapters/audit.ts')).readAudit;
  putFailure = (await import('../../../lambdas/adapters/failures.ts')).putFailure;
});
afterAll(async () => {
  await cloud?.stop();
  await stop();
});
beforeEach(async () => {
  await cloud?.stop();
  cloud = await newCloud();
  Object.assign(death, { inRequests: Number.POSITIVE_INFINITY, afterEffect: false });
  invoked.length = 0;
  lambdaStatus = 202;
});

const operator = { sub: 'oscar', groups: ['operator' as const] };
const at = (route: string, more: Partial<Call> = {}) => {
  const [method, path] = route.split(' ');
  return call(manage, { route: `${method} /v1/dead-letters${path}`, params: { queue: 'q' }, as: operator, ...more });
};
type Listed = { items: { id: string; about: string; reason: object }[]; remaining: number };
const list = async (queue = 'q') =>
  (await at('GET /{queue}', { params: { queue }, query: { limit: '100' } })).body as Listed;
const redrive = (body: object, queue = 'q') => at('POST /{queue}/redrive', { body, params: { queue } });
const discard = (body: object) => at('POST /{queue}/discard', { body });
const slug = ({ status, body }: { status: number; body: unknown }) => `${status} ${(body as { type?: string }).type}`;
const audited = async () => (await readAudit('audit', { subject: 'dead-letters/q' }, 100)).items;

/** Letters `L0`, `L1` …, by their number. */
const withLetters = async (count: number) => {
  for (let n = 0; n < count; n += 1)
    cloud.services.sqs.send(cloud.arn('Q'), JSON.stringify({ source: `L${n}`, events: [] }), { group: 'g' });
  for (const wait of [1_000, 0]) {
    for (let n = 0; n < count; n += 10) await cloud.queueBodies('Q');
    await cloud.clock.advance(wait);
  }
};
const names = (texts: readonly string[]) => texts.map((text) => /L\d+/.exec(text)?.[0] ?? '?').sort();
const inQueue = async (id: string) => {
  const bodies: string[] = [];
  for (let some = await cloud.queueBodies(id); some.length > 0; some = await cloud.queueBodies(id))
    bodies.push(...some);
  return names(bodies);
};
const numbered = (count: number) => Array.from({ length: count }, (_, n) => `L${n}`).sort();

describe('looking', () => {
  test('counts, and leaves everything where it is', async () => {
    await withLetters(12);
    const listed = await list();
    expect(names(listed.items.map(({ about }) => about))).toEqual(numbered(12));
    expect(listed.remaining).toBe(12);
    expect((await at('GET ')).body).toEqual({
      items: [
        { queue: 'q', messages: 12, hidden: 0 },
        { queue: 'heard', messages: 0, hidden: 0 },
        { queue: 'bus', messages: 0, hidden: 0 },
      ],
    });
    expect((await list()).items).toHaveLength(12);
  });

  test('says what the receiver has noted', async () => {
    await withLetters(1);
    const [one] = (await list()).items;
    expect(one!.reason).toMatchObject({ from: 'nobody' });
    await putFailure('failures', one!.id, { error: 'TypeError', message: 'x', receives: 5, atMs: 9 });
    expect((await list()).items).toMatchObject([{ reason: { from: 'receiver', error: 'TypeError', atMs: 9 } }]);
  });

  test('shows the payload to admins alone', async () => {
    await withLetters(2);
    const [one] = (await list()).items;
    const ask = (as: NonNullable<Call['as']>, messageId: string) =>
      at('GET /{queue}/messages/{messageId}', { as, params: { queue: 'q', messageId } });
    expect(slug(await ask(operator, one!.id))).toBe('403 /problems/forbidden-role');
    const admin = { sub: 'amir', groups: ['admin' as const] };
    const { payload } = (await ask(admin, one!.id)).body as { payload: string };
    expect(names([payload])).toEqual(names([one!.about]));
    expect(slug(await ask(admin, 'gone'))).toBe('404 /problems/not-found');
    expect(await inQueue('Dead')).toEqual(numbered(2));
  });
});

describe('having it done again', () => {
  test('chosen ones: they are back in their queue, with their group, the others stay', async () => {
    await withLetters(12);
    const { items } = await list();
    const wanted = items.slice(3, 6).map(({ id }) => id);
    const reply = await redrive({ messageIds: [...wanted, 'gone'], messagesPerSecond: 500 });
    expect(reply).toMatchObject({ status: 202, body: { redriven: 3, missing: ['gone'], remaining: 9 } });
    const { Messages = [] } = await cloud.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: cloud.ref('Q'), MaxNumberOfMessages: 10 }),
    );
    expect(names(Messages.map(({ Body = '' }) => Body))).toEqual(names(items.slice(3, 6).map(({ about }) => about)));
    expect(Messages[0]!.Attributes).toMatchObject({ MessageGroupId: 'g', ApproximateReceiveCount: '1' });
    expect(await audited()).toMatchObject([{ action: 'redrive', actor: 'oscar' }]);
    // Once more finds none of them.
    expect((await redrive({ messageIds: wanted })).body).toMatchObject({ redriven: 0, missing: wanted });
  });

  test('all, by SQS, at the rate that was asked for; one at a time, and it can be stopped', async () => {
    await withLetters(9);
    const ask = () => redrive({ messagesPerSecond: 4 });
    expect((await ask()).body).toMatchObject({ redrive: { status: 'RUNNING', messagesPerSecond: 4, toMove: 9 } });
    expect((await ask()).status).toBe(202);
    expect(slug(await redrive({ messagesPerSecond: 5 }))).toBe('409 /problems/state-conflict');
    await cloud.clock.advance(1_000);
    expect((await at('POST /{queue}/cancel-redrive')).body).toMatchObject({
      messages: 1,
      redrive: { status: 'CANCELLED', moved: 8 },
    });
    expect((await at('POST /{queue}/cancel-redrive')).status).toBe(200);
    await ask();
    await cloud.clock.advance(1_000);
    expect((await at('GET ')).body).toMatchObject({
      items: [{ messages: 0, redrive: { status: 'COMPLETED' } }, {}, {}],
    });
  });

  test('what a topic or a rule could not deliver goes where it was to go, chosen or all', async () => {
    for (const n of [1, 2, 3])
      cloud.services.sqs.send(cloud.arn('HeardDead'), JSON.stringify({ eventType: 'Bounce', mail: `L${n}` }));
    const [one] = (await list('heard')).items;
    expect(one).toMatchObject({ kind: 'receipt', redriveBy: 'queue' });
    expect((await redrive({ messageIds: [one!.id] }, 'heard')).body).toMatchObject({ redriven: 1, remaining: 2 });
    expect(await inQueue('Heard')).toHaveLength(1);
    await redrive({}, 'heard');
    await cloud.clock.advance(1_000);
    expect(await inQueue('HeardDead')).toEqual([]);
    expect(await inQueue('Heard')).toHaveLength(2);
  });

  test('an invocation that failed is asked for again with what it was given', async () => {
    const record = {
      requestContext: { functionArn: `${FUNCTION}:$LATEST`, condition: 'RetriesExhausted' },
      requestPayload: { detail: { id: 'e1' } },
      responsePayload: { errorType: 'Error', errorMessage: 'down' },
    };
    cloud.services.sqs.send(cloud.arn('Bus'), JSON.stringify(record));
    cloud.services.sqs.send(cloud.arn('Bus'), 'by hand');
    lambdaStatus = 404;
    expect((await redrive({}, 'bus')).body).toMatchObject({ redriven: 0, kept: [{}, {}], remaining: 2 });
    lambdaStatus = 202;
    expect((await redrive({}, 'bus')).body).toMatchObject({
      redriven: 1,
      kept: [{ why: 'Where it came from is not known' }],
      remaining: 1,
    });
    expect(invoked.at(-1)).toEqual({
      path: `/2015-03-31/functions/${FUNCTION}/invocations`,
      payload: { detail: { id: 'e1' } },
    });
  });
});

test('discarding: who, what and why is in the audit log', async () => {
  await withLetters(12);
  const [one] = (await list()).items;
  expect((await discard({ messageIds: [one!.id], reason: 'A test' })).body).toEqual({ discarded: 1, remaining: 11 });
  const [entry] = await audited();
  expect(entry).toMatchObject({ action: 'discard', actor: 'oscar' });
  expect(JSON.parse(entry!.detail)).toEqual({
    reason: 'A test',
    messages: [{ id: one!.id, kind: 'events', about: one!.about }],
  });
  expect((await discard({ all: true, reason: 'All tests' })).body).toEqual({ discarded: 11, remaining: 0 });
  expect(new Set((await audited()).flatMap(({ detail }) => detail.match(/L\d+/g) ?? [])).size).toBe(12);
});

test.each<[string, object, string]>([
  ['neither ids nor all', { reason: 'x' }, '400 /problems/invalid-body'],
  ['both', { messageIds: ['a'], all: true, reason: 'x' }, '400 /problems/invalid-body'],
  ['no reason', { all: true }, '400 /problems/invalid-body'],
  ['a reason of blanks', { all: true, reason: ' ' }, '400 /problems/invalid-body'],
  ['an id twice', { messageIds: ['a', 'a'], reason: 'x' }, '400 /problems/invalid-body'],
])('discarding with %s is refused', async (_, body, expected) => {
  expect(slug(await discard(body))).toBe(expected);
});

test.each(['GET /{queue}', 'POST /{queue}/redrive', 'POST /{queue}/cancel-redrive'])(
  '%s: a queue that there is not, and people who may not',
  async (route) => {
    expect(slug(await at(route, { params: { queue: 'nope' } }))).toBe('404 /problems/not-found');
    expect(slug(await at(route, { as: { sub: 'mia', groups: ['marketer', 'viewer', 'approver'] } }))).toBe(
      '403 /problems/forbidden-role',
    );
  },
);

const act = fc.record({
  what: fc.constantFrom('redrive', 'discard', 'redrive-all', 'discard-all'),
  /** Of the letters that are there. */
  some: fc.uniqueArray(fc.nat(11), { minLength: 1, maxLength: 6 }),
  beside: fc.boolean(),
});
const crash = fc.record({ inRequests: fc.nat(40), afterEffect: fc.boolean() });

test('whoever crashes or does the same beside: a letter is there, is back, or is said to be discarded', {
  timeout: 300_000,
}, async () => {
  // Deaths are what is wanted here.
  const silent = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => silent.mockRestore());
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(act, crash), { minLength: 1, maxLength: 4 }), async (acts) => {
      await cloud.stop();
      cloud = await newCloud();
      Object.assign(death, { inRequests: Number.POSITIVE_INFINITY, afterEffect: false });
      const before = (await audited()).length;
      await withLetters(12);
      for (const [{ what, some, beside }, dies] of acts) {
        const { items } = await list();
        const messageIds = items.filter((_, n) => some.includes(n)).map(({ id }) => id);
        if (messageIds.length === 0) break;
        Object.assign(death, dies);
        const run = () => {
          if (what === 'redrive') return redrive({ messageIds, messagesPerSecond: 500 });
          if (what === 'redrive-all') return redrive({ messagesPerSecond: 3 });
          return discard({ ...(what === 'discard' ? { messageIds } : { all: true }), reason: 'x' });
        };
        await Promise.all([run(), ...(beside ? [run()] : [])]);
        Object.assign(death, { inRequests: Number.POSITIVE_INFINITY, afterEffect: false });
        // Whoever died holds some for a minute; the queue that they are back in is read at the end only.
        await cloud.clock.advance(61_000);
      }
      const [there, back] = [await inQueue('Dead'), await inQueue('Q')];
      const entries = await audited();
      const said = entries.slice(0, entries.length - before).filter(({ action }) => action === 'discard');
      const discarded = said.flatMap(({ detail }) => detail.match(/L\d+/g) ?? []);
      expect([...new Set([...there, ...back, ...discarded])].sort()).toEqual(numbered(12));
    }),
    { numRuns: 25 },
  );
});
