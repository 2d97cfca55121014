import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { bucketOf, SHARDS, type Timer, type TimersMessage } from '../../../core/event/timer.ts';
import { memoryServices, queueUrl, startAws } from '../adapters/aws.ts';
import { throttledDynamo } from '../adapters/throttled-dynamo.ts';

const NOON = Date.UTC(2026, 10, 18, 12);
const services = memoryServices();
let stop: () => Promise<void>;
let under: Awaited<ReturnType<typeof throttledDynamo>>;
let handler: typeof import('../../../lambdas/intake/wake-timers.ts')['handler'];
let adapter: typeof import('../../../lambdas/adapters/timers.ts');

beforeAll(async () => {
  stop = await startAws({ timers: ['bucket', 'timer'] }, services.answer);
  under = await throttledDynamo();
  Object.assign(process.env, { TIMERS_TABLE: 'timers', INTAKE_QUEUE_URL: queueUrl('intake') });
  ({ handler } = await import('../../../lambdas/intake/wake-timers.ts'));
  adapter = await import('../../../lambdas/adapters/timers.ts');
});
afterAll(async () => {
  under.stop();
  await stop();
});
beforeEach(() => {
  services.queues.clear();
  under.control.refuse = () => undefined;
  under.control.calls = 0;
});

const set = (minuteMs: number, ids: string[], text = '', source = 'shop') => {
  const timers = adapter.timers(
    'timers',
    async () => {},
    () => minuteMs - 3_600_000,
  );
  const at = { type: 'coupon', profileId: 'ada', source, timeMs: 0, receivedMs: 0, properties: { text } };
  return Promise.all(
    ids.map((id) => timers.set({ triggerId: 't', version: 1, definition: 'd', dueMs: minuteMs, event: { id, ...at } })),
  );
};
const left = async (minuteMs: number) => {
  const found: Timer[] = [];
  for (let shard = 0; shard < SHARDS; shard += 1)
    for await (const page of adapter.dueTimers('timers', bucketOf(minuteMs, shard)))
      found.push(...page.map(({ timer }) => timer));
  return found.length;
};
const sent = () =>
  (services.queues.get('intake') ?? []).map(({ body, group }) => ({ body: body as TimersMessage, group }));
const idsSent = () => sent().flatMap(({ body }) => body.timers.map(({ event }) => event.id));
const wake = (minuteMs: number, leftMs = 300_000) => handler({ minuteMs }, { getRemainingTimeInMillis: () => leftMs });
const ids = (count: number) => Array.from({ length: count }, (_, n) => `e${n}`);

test('the timers of the minute go to the intake queue, several in a message, and are gone', async () => {
  await set(NOON, ids(50));
  await set(NOON + 60_000, ['later']);
  expect(await wake(NOON)).toEqual({ timers: 50 });
  expect(idsSent().sort()).toEqual(ids(50).sort());
  expect(sent().length).toBeLessThanOrEqual(SHARDS);
  for (const { body, group } of sent()) {
    expect(group).toBe('shop');
    expect(body.kind).toBe('timers');
  }
  expect(await left(NOON)).toBe(0);
  expect(await left(NOON + 60_000)).toBe(1);
});

test('a timer rings in the group of its source, and not before what that has sent', async () => {
  const minuteMs = NOON + 120_000;
  await set(minuteMs, ids(20));
  await set(minuteMs, ['noisy'], '', 'noisy till');
  expect(await wake(minuteMs)).toEqual({ timers: 21 });
  const groups = sent().flatMap(({ body, group }) => body.timers.map(({ event }) => `${group} ${event.source}`));
  expect([...new Set(groups)].sort()).toEqual(['noisy_till noisy till', 'shop shop']);
  expect(groups).toHaveLength(21);
});

test('a minute without timers sends nothing; woken twice it sends nothing more', async () => {
  expect(await wake(NOON)).toEqual({ timers: 0 });
  expect(sent()).toEqual([]);
});

test('more than a page of DynamoDB: all are sent', async () => {
  const minuteMs = NOON + 600_000;
  await set(minuteMs, ids(120), 'x'.repeat(50_000));
  expect(await wake(minuteMs)).toEqual({ timers: 120 });
  expect(idsSent().sort()).toEqual(ids(120).sort());
  expect(await left(minuteMs)).toBe(0);
});

test('what the queue refuses stays for the next time', async () => {
  const minuteMs = NOON + 1_200_000;
  await set(minuteMs, ['a']);
  services.refuse.add('AmazonSQS.SendMessageBatch');
  await expect(wake(minuteMs)).rejects.toThrow();
  expect(await left(minuteMs)).toBe(1);
  await wake(minuteMs);
  expect(idsSent()).toEqual(['a']);
});

test('with too little time left it begins nothing, and asks to be run again', async () => {
  const minuteMs = NOON + 1_800_000;
  await set(minuteMs, ['a']);
  await expect(wake(minuteMs, 10_000)).rejects.toMatchObject({ name: 'MoreToWake' });
  expect(sent()).toEqual([]);
  expect(await left(minuteMs)).toBe(1);
  expect(await wake(NOON + 2_400_000, 10_000)).toEqual({ timers: 0 });
});

test('all of them ring before any is deleted, and deletes that fail are no failure', async () => {
  const minuteMs = NOON + 3_000_000;
  await set(minuteMs, ids(120), 'x'.repeat(50_000));
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const sentBefore: number[] = [];
  under.control.refuse = () => {
    sentBefore.push(idsSent().length);
    return 'refused';
  };
  // Time is up as soon as the first delete has failed.
  const context = { getRemainingTimeInMillis: () => (under.control.calls > 0 ? 14_000 : 300_000) };
  expect(await handler({ minuteMs }, context)).toEqual({ timers: 120 });
  expect(idsSent().sort()).toEqual(ids(120).sort());
  expect(new Set(sentBefore)).toEqual(new Set([120]));
  expect(warn).toHaveBeenCalledWith(expect.objectContaining({ left: 120 }));
  warn.mockRestore();
  expect(await left(minuteMs)).toBe(120);
});

test('what has rung when time is up is deleted before the rest is asked for again', async () => {
  const minuteMs = NOON + 3_600_000;
  await set(minuteMs, ids(120), 'x'.repeat(50_000));
  // Enough for one page of each shard.
  const context = { getRemainingTimeInMillis: () => (sent().length > 0 ? 100_000 : 300_000) };
  await expect(handler({ minuteMs }, context)).rejects.toMatchObject({ name: 'MoreToWake' });
  const first = idsSent();
  expect(first.length).toBeGreaterThan(0);
  expect(first.length).toBeLessThan(120);
  expect(await left(minuteMs)).toBe(120 - first.length);
  expect(await wake(minuteMs)).toEqual({ timers: 120 - first.length });
  expect(idsSent().sort()).toEqual(ids(120).sort());
});
