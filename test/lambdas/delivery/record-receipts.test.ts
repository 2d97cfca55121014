import type { SQSEvent } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';
import type { Receipt } from '../../../core/delivery/receipt.ts';
import { encodeRef, heardUnit, type ReceiptRef } from '../../../core/delivery/receipt-ref.ts';
import type { Contacts } from '../../../lambdas/adapters/contacts.ts';
import type { Ledger } from '../../../lambdas/adapters/ledger.ts';
import { sesBounce, sesComplaint, smsEvent } from '../../core/delivery/receipts/fixtures.ts';
import { type AwsRequest, memoryServices, queueUrl, startAws } from '../adapters/aws.ts';

const services = memoryServices();
let lakeIsDown = false;
const answer = (request: AwsRequest) => {
  if (lakeIsDown && String(request.headers['x-amz-target']).includes('Firehose')) return { status: 500, body: {} };
  return services.answer(request);
};
let stop: () => Promise<void>;
let handler: typeof import('../../../lambdas/delivery/record-receipts.ts')['handler'];
let contacts: Contacts;
let ledger: Ledger;

beforeAll(async () => {
  stop = await startAws(
    {
      ...{ ledger: ['run', 'unit'], contacts: ['profileId'], erasures: ['kind', 'id'] },
      ...{ definitions: ['kind', 'id'], audit: ['subject', 'entry'], failures: ['messageId'] },
    },
    answer,
  );
  Object.assign(process.env, {
    LEDGER_TABLE: 'ledger',
    CONTACTS_TABLE: 'contacts',
    OUTCOMES_STREAM: 'outcomes',
    ERASURES_TABLE: 'erasures',
    ERASURE_KEY_ARN: 'key',
    DEFINITIONS_TABLE: 'definitions',
    AUDIT_TABLE: 'audit',
    FAILURES_TABLE: 'failures',
    METRICS_NAMESPACE: 'Herald/test',
    INTAKE_QUEUE_URL: queueUrl('intake'),
  });
  handler = (await import('../../../lambdas/delivery/record-receipts.ts')).handler;
  contacts = (await import('../../../lambdas/adapters/contacts.ts')).contacts('contacts');
  ledger = (await import('../../../lambdas/adapters/ledger.ts')).ledger('ledger');
});
afterAll(() => stop());
beforeEach(() => {
  services.streams.clear();
  services.queues.clear();
  lakeIsDown = false;
});

const record = (...bodies: unknown[]) => {
  const records = bodies.map((body, n) => ({
    messageId: `r${n}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: { ApproximateReceiveCount: '3' },
  }));
  return handler({ Records: records } as unknown as SQSEvent);
};
const rows = () => (services.streams.get('outcomes') ?? []) as OutcomeRow[];
const refOf = (change: Partial<ReceiptRef> = {}) =>
  encodeRef({
    planKind: 'campaign',
    planId: 'c1',
    run: 'c1-r1',
    message: 'message-name',
    unit: heardUnit('b#0#0#0'),
    index: 3,
    channel: 'email',
    address: 'abcdef',
    waits: false,
    profileId: 'ada',
    ...change,
  });

test('a bounce by both ways is one outcome and suppresses the address', async () => {
  const bounce = sesBounce(refOf());
  expect(await record(bounce, { 'detail-type': 'Email Bounced', source: 'aws.ses', detail: bounce })).toEqual({
    batchItemFailures: [],
  });
  expect(rows()).toEqual([
    {
      outcome_id: 'r#message-name#bounced#hard',
      plan_kind: 'campaign',
      plan_id: 'c1',
      run_id: 'c1-r1',
      profile_id: 'ada',
      channel: 'email',
      outcome: 'bounced',
      reason: 'hard',
      final: false,
      at_ms: Date.parse('2017-08-05T00:41:02.669Z'),
      message_id: 'EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000',
      event_id: '',
    },
  ]);
  expect((await contacts.get('ada')).suppressed).toEqual({
    email: { reason: 'hard-bounce', atMs: Date.parse('2017-08-05T00:41:02.669Z'), address: 'abcdef' },
  });
});

test('what is heard by both ways is one event for triggers and journeys; without a ref there is none', async () => {
  const bounce = sesBounce(refOf());
  await record(bounce, { 'detail-type': 'Email Bounced', source: 'aws.ses', detail: bounce });
  await record({ 'detail-type': 'x', source: 'aws.sms-voice', detail: smsEvent('TEXT_INVALID') });
  const told = (services.queues.get('intake') ?? []).flatMap(({ body }) => (body as { events: object[] }).events);
  expect(told).toMatchObject([
    {
      ...{ type: 'herald.message.bounced', profileId: 'ada', source: 'herald' },
      properties: { planKind: 'campaign', planId: 'c1', channel: 'email', reason: 'hard' },
    },
  ]);
});

test('without a ref the message’s id is all that is known', async () => {
  await record({ 'detail-type': 'x', source: 'aws.sms-voice', detail: smsEvent('TEXT_INVALID') });
  expect(rows()).toMatchObject([
    { outcome_id: 'm#862a8790-60c0-4430-9b2b-658bdexample#bounced#hard', run_id: '', profile_id: '', channel: 'none' },
  ]);
});

test('what cannot be read goes back alone, and why is noted', async () => {
  const { batchItemFailures } = await record('{"half', sesComplaint(refOf({ profileId: 'bo' })), {
    mail: {},
    eventType: 'Bounce',
  });
  expect(batchItemFailures).toEqual([{ itemIdentifier: 'r0' }, { itemIdentifier: 'r2' }]);
  const { failuresOf } = await import('../../../lambdas/adapters/failures.ts');
  expect([...(await failuresOf('failures', ['r0', 'r1', 'r2'])).keys()].sort()).toEqual(['r0', 'r2']);
  expect((await contacts.get('bo')).suppressed.email?.reason).toBe('complaint');
  expect(rows()).toHaveLength(1);
});

test('the greeting of a new destination is nothing', async () => {
  const greeting = 'Successfully validated SNS topic for Amazon SES event publishing.';
  expect(await record(greeting)).toEqual({ batchItemFailures: [] });
  expect(rows()).toEqual([]);
});

test('a lake that does not take them brings the whole batch back', async () => {
  lakeIsDown = true;
  await expect(record(sesComplaint(refOf()))).rejects.toThrow();
});

test('who waits hears that a message was delivered or opened, and nobody else costs a write', async () => {
  const receipt = (outcome: Receipt['outcome'], index: number, waits = true) => ({
    receipt: { ref: refOf({ index, waits }), outcome, atMs: 5, messageId: '', detail: '' },
  });
  await record(receipt('delivered', 1), receipt('clicked', 2), receipt('delivered', 4, false), receipt('bounced', 5));
  expect(await ledger.heardOf({ run: 'c1-r1', unit: 'b#0#0#0' })).toEqual({
    delivered: new Set([1, 2]),
    opened: new Set([2]),
  });
});

describe('complaints', () => {
  const plansOf = async () => (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  const stateOf = async (kind: 'campaign' | 'trigger', id: string) =>
    (await (await plansOf()).get<{ state: string; reason?: string }>(kind, id))?.body;
  const heard = (plan: Partial<ReceiptRef>, outcome: Receipt['outcome'], count: number) =>
    Array.from({ length: count }, (_, n) => ({
      receipt: {
        ref: refOf({ ...plan, message: `${plan.planId}-${n}`, profileId: `${plan.planId}-${n}` }),
        ...{ outcome, atMs: 5, messageId: '', detail: '' },
      },
    }));
  const tell = async (plan: Partial<ReceiptRef>, delivered: number, complained: number) => {
    await record(...heard(plan, 'delivered', delivered));
    await record(...heard(plan, 'complained', complained));
  };
  const audited = async (subject: string) => {
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    return (await readAudit('audit', { subject }, 10)).items.map(({ action, actor, detail }) => [
      action,
      actor,
      detail,
    ]);
  };

  const RUN = { runId: 'r1', startedMs: Date.now() };

  test('five of two hundred pause a campaign that still sends, once; it and the audit log say why', async () => {
    const defs = await plansOf();
    await defs.put('campaign', 'loud', { version: 1, state: 'sending', run: RUN }, 0, 1);
    const plan = { planId: 'loud', run: 'loud-r1' };
    await tell(plan, 200, 4);
    expect((await stateOf('campaign', 'loud'))?.state).toBe('sending');
    await tell(plan, 200, 5);
    const reason = 'Complaints: 5 of about 200 emails, 2.50 %';
    const pause = { number: 2, by: 'herald', atMs: expect.any(Number), reason };
    expect(await stateOf('campaign', 'loud')).toMatchObject({ state: 'paused', pause });
    expect(await audited('campaign/loud')).toEqual([['pause', 'herald', reason]]);
    // Heard again: nothing more happens, nor to one that somebody has resumed.
    await tell(plan, 200, 6);
    expect(await audited('campaign/loud')).toHaveLength(1);
    await defs.put('campaign', 'loud', { version: 3, state: 'sending', run: RUN }, 2, 2);
    await tell(plan, 200, 7);
    expect(await stateOf('campaign', 'loud')).toMatchObject({ state: 'sending' });
  });

  test('one that somebody has paused before is judged again when it goes on', async () => {
    const defs = await plansOf();
    const pause = { number: 1, by: 'mia', atMs: 1, reason: 'The shop is down' };
    await defs.put('campaign', 'quiet', { version: 1, state: 'paused', run: RUN, pause }, 0, 1);
    const plan = { planId: 'quiet', run: 'quiet-r1' };
    await tell(plan, 200, 5);
    expect(await stateOf('campaign', 'quiet')).toMatchObject({ state: 'paused', pause });
    await defs.put('campaign', 'quiet', { version: 2, state: 'sending', run: RUN }, 1, 2);
    await tell(plan, 200, 6);
    expect(await stateOf('campaign', 'quiet')).toMatchObject({ state: 'paused', pause: { by: 'herald' } });
  });

  test('one that began too long ago to be paused is cancelled', async () => {
    const defs = await plansOf();
    await defs.put('campaign', 'old', { version: 1, state: 'sending', run: { ...RUN, startedMs: 1 } }, 0, 1);
    await tell({ planId: 'old', run: 'old-r1' }, 200, 5);
    expect(await stateOf('campaign', 'old')).toMatchObject({
      state: 'cancelled',
      reason: expect.stringContaining('5 of about 200'),
    });
  });

  test('a trigger is paused, once: whoever activates it again is not overruled', async () => {
    const defs = await plansOf();
    await defs.put('trigger', 'noisy', { state: 'active' }, 0, 1);
    const plan = { planKind: 'trigger', planId: 'noisy', run: 't#noisy' } as const;
    await tell(plan, 100, 5);
    expect((await stateOf('trigger', 'noisy'))?.state).toBe('paused');
    expect(await audited('trigger/noisy')).toMatchObject([
      ['pause', 'herald', expect.stringContaining('5 of about 100')],
    ]);
    await defs.put('trigger', 'noisy', { state: 'active' }, 2, 2);
    await tell(plan, 100, 6);
    expect((await stateOf('trigger', 'noisy'))?.state).toBe('active');
  });

  test('a campaign that is over stays as it is', async () => {
    await (await plansOf()).put('campaign', 'over', { state: 'finished' }, 0, 1);
    await tell({ planId: 'over', run: 'over-r1' }, 50, 5);
    expect((await stateOf('campaign', 'over'))?.state).toBe('finished');
  });
});

describe('any order and repetition of receipts leaves the same state', () => {
  const DAY = 86_400_000;
  const heard = fc.record({
    who: fc.constantFrom('p', 'q'),
    message: fc.nat(5),
    said: fc.constantFrom<[Receipt['outcome'], string]>(
      ['delivered', ''],
      ['bounced', 'soft'],
      ['bounced', 'soft'],
      ['bounced', 'undetermined'],
      ['bounced', 'hard'],
      ['bounced', 'block'],
      ['complained', ''],
      ['opened', ''],
    ),
    day: fc.integer({ min: 0, max: 29 }),
    address: fc.constantFrom('addr_1', 'addr_1', 'addr_2'),
  });
  let run = 0;

  /** Records them in batches for people of their own, and says what is known afterwards. */
  const stateAfter = async (
    receipts: readonly (typeof heard extends fc.Arbitrary<infer T> ? T : never)[],
    size: number,
  ) => {
    run += 1;
    const mine = `-${run}`;
    services.streams.clear();
    const bodies = receipts.map(({ who, message, said: [outcome, detail], day, address }) => ({
      receipt: {
        ref: refOf({
          profileId: who + mine,
          message: `${who}${message}`.padEnd(12, '_'),
          run: `run${mine}`,
          index: message,
          waits: true,
          address,
        }),
        ...{ outcome, detail, messageId: '', atMs: day * DAY },
      },
    }));
    for (let at = 0; at < bodies.length; at += size) await record(...bodies.slice(at, at + size));
    const { planHealths } = await import('../../../lambdas/adapters/plan-healths.ts');
    const health = await planHealths('ledger').get(`run${mine}`);
    const states = await Promise.all(['p', 'q'].map((who) => contacts.get(who + mine)));
    return {
      suppressed: states.map(({ suppressed }) => suppressed),
      heard: await ledger.heardOf({ run: `run${mine}`, unit: 'b#0#0#0' }),
      counted: [health.delivered, health.complained],
      // Of copies of a row readers take the earliest.
      outcomes: Object.fromEntries(
        [...Map.groupBy(rows(), (row) => row.outcome_id)]
          .map(([id, copies]) => [id, Math.min(...copies.map((row) => row.at_ms))])
          .sort(),
      ),
    };
  };

  test('seen through the handler', { timeout: 120_000 }, async () => {
    let suppressed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(heard, { minLength: 1, maxLength: 12 }).chain((receipts) =>
          fc.tuple(
            fc.constant(receipts),
            fc
              .shuffledSubarray([...receipts, ...receipts], { minLength: receipts.length })
              .map((some) => [...some, ...receipts.toReversed()]),
            fc.integer({ min: 1, max: 9 }),
          ),
        ),
        async ([once, again, size]) => {
          const state = await stateAfter(once, once.length);
          expect(await stateAfter(again, size)).toEqual(state);
          suppressed += state.suppressed.filter(({ email }) => email).length;
        },
      ),
      { numRuns: 40 },
    );
    expect(suppressed).toBeGreaterThan(0);
  });
});

test('receipts of a test count nowhere; that it arrived is noted for whoever sent it', async () => {
  const test = { planKind: 'test', planId: 't1', run: 't#t1', waits: true, index: 0, profileId: 'test:1:0' } as const;
  const delivered = { receipt: { ref: refOf(test), outcome: 'delivered', detail: '', atMs: 5, messageId: 'm' } };
  expect(await record(sesBounce(refOf(test)), sesComplaint(refOf(test)), delivered)).toEqual({ batchItemFailures: [] });
  expect(rows()).toEqual([]);
  expect([...services.queues.values()].flat()).toEqual([]);
  expect((await contacts.get('test:1:0')).suppressed).toEqual({});
  expect(await ledger.heardOf({ run: 't#t1', unit: 'b#0#0#0' })).toMatchObject({ delivered: new Set([0]) });
});
