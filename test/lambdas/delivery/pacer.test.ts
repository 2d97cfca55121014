import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Limit } from '../../../core/delivery/pace.ts';
import { CATCH_UP_MS, type Clocks, leased, leaseFor, spanOf } from '../../../core/delivery/send-rate.ts';
import type { SendRates } from '../../../lambdas/adapters/send-rates.ts';
import { type Pacer, pacer } from '../../../lambdas/delivery/pacer.ts';
import { type VirtualClock, virtualClock } from '../../../local/clock.ts';

const NOW = 1_800_000_000_000;
/** What an invocation may wait. */
const USABLE_MS = 14_000;
const [SECOND, MINUTE] = [1_000, 60_000];

/** Clocks that all workers share, and the writes that it took. */
const store = () => {
  const clocks = new Map<string, Clocks>();
  const writes = { leases: 0, refused: 0, lines: 0 };
  /** As one worker knows it: what it saw last decides what it tries. */
  const forWorker = (): SendRates => {
    const seen = new Map<string, Clocks>();
    return {
      standsAt: (key, lane) => seen.get(key)?.[lane] ?? 0,
      async lease(key, rate, asked) {
        for (;;) {
          await Promise.resolve();
          const standsAt = seen.get(key)?.[asked.lane] ?? 0;
          if (standsAt > asked.latestMs) return { fullUntilMs: standsAt };
          const lease = leaseFor(seen.get(key) ?? {}, rate, asked);
          const before = clocks.get(key) ?? {};
          const after = leased(before, lease);
          seen.set(key, after ?? before);
          writes[after ? 'leases' : 'refused'] += 1;
          if (!after) continue;
          clocks.set(key, after);
          return spanOf(lease, before);
        }
      },
      async standInLine(key, lane, ms, nowMs) {
        await Promise.resolve();
        writes.lines += 1;
        const all = clocks.get(key) ?? {};
        const turnMs = Math.max(nowMs, all[lane] ?? 0, all[`${lane}Line`] ?? 0);
        clocks.set(key, { ...all, [`${lane}Line`]: turnMs + ms });
        return turnMs;
      },
    };
  };
  return { writes, forWorker };
};

const promotional = (key: string, perSecond: number, share = 0): Limit => ({
  key,
  rate: { perSecond, share },
  lane: 'promotional',
});
const transactional = (key: string, perSecond: number, share: number): Limit => ({
  key,
  rate: { perSecond, share },
  lane: 'transactional',
});

type World = ReturnType<typeof worldOf>;
const worldOf = (workers: number, skewMs = 0) => {
  const clock: VirtualClock = virtualClock(NOW);
  const shared = store();
  const sleep = (ms: number) => new Promise<void>((resolve) => void clock.at(clock.now() + Math.ceil(ms), resolve));
  const pacers: Pacer[] = Array.from({ length: workers }, (_, n) =>
    pacer({ now: () => clock.now() + (n % 2 === 0 ? skewMs : -skewMs), wait: sleep, rates: shared.forWorker() }),
  );
  const sent: { key: string; atMs: number }[] = [];
  let [open, visits] = [0, 0];

  /** One message, from its first visit until all of its recipients are sent to. `callMs` is how long a provider takes. */
  const deliver = async (
    key: string,
    limits: () => Limit[],
    { count = 100, bulk = false, callMs = 0, refused = 0 }: Deliver = {},
  ) => {
    open += 1;
    let [left, turnMs, visit]: [number, number | undefined, number] = [count, undefined, visits];
    while (left > 0) {
      visit += 1;
      visits += 1;
      const begunMs = clock.now();
      const worker = pacers[visit % pacers.length] as Pacer;
      const pace = worker.begin({ name: key, turnMs, bulk, limits: limits() });
      for (let isPutOff = false; left > 0 && !isPutOff; ) {
        const next = await pace.next(left, USABLE_MS - (clock.now() - begunMs));
        if (typeof next !== 'number') {
          pace.end();
          turnMs = next.turnMs;
          await sleep(Math.ceil(next.afterMs / SECOND) * SECOND);
          isPutOff = true;
          continue;
        }
        expect(next).toBeGreaterThan(0);
        expect(next).toBeLessThanOrEqual(left);
        const not = Math.min(next, Math.round(next * refused));
        pace.unused(not);
        for (let n = not; n < next; n += 1) sent.push({ key, atMs: clock.now() });
        left -= next;
        if (callMs > 0) await sleep(callMs);
        if (left === 0) pace.end();
      }
    }
    open -= 1;
  };
  const finish = async () => expect(await clock.advanceUntil(() => open === 0, 24 * 60 * MINUTE)).toBe(true);
  const times = (key?: string) => sent.filter((one) => key === undefined || one.key === key).map(({ atMs }) => atMs);
  return { clock, deliver, finish, times, writes: shared.writes, visits: () => visits };
};
type Deliver = { count?: number; bulk?: boolean; callMs?: number; refused?: number };

const most = (times: readonly number[], ms: number): number => {
  const sorted = times.toSorted((a, b) => a - b);
  let [from, top] = [0, 0];
  for (const [n, at] of sorted.entries()) {
    while ((sorted[from] ?? 0) < at - ms) from += 1;
    top = Math.max(top, n - from + 1);
  }
  return top;
};
const tookMs = (times: readonly number[]): number => Math.max(...times) - Math.min(...times);

/** `catchUpMs`: how much more a plan may make up for that has waited for its provider. */
const expectPaced = (times: readonly number[], perSecond: number, { skewMs = 0, catchUpMs = 0 } = {}) => {
  for (const seconds of [0.2, 1, 10]) {
    const bound = perSecond * (seconds + 1 + (2 * skewMs + catchUpMs) / SECOND) + 2;
    expect(most(times, seconds * SECOND), `in ${seconds} s`).toBeLessThanOrEqual(bound + 1e-6);
  }
};

describe('batches of a campaign', () => {
  test.each([
    [10, 40, 4],
    [100, 60, 10],
    [3, 3, 2],
  ])(
    '%i a second, %i batches, %i workers: all go out, never faster, and hardly slower',
    async (perSecond, batches, workers) => {
      const world = worldOf(workers);
      for (let n = 0; n < batches; n += 1) void world.deliver('c', () => [promotional('plan#c', perSecond)]);
      await world.finish();
      expect(world.times()).toHaveLength(batches * 100);
      expectPaced(world.times(), perSecond);
      const idealMs = (batches * 100 * SECOND) / perSecond;
      expect(tookMs(world.times())).toBeLessThanOrEqual(1.25 * idealMs + 15 * SECOND);
    },
  );

  test('a provider that takes a second for a call is kept busy all the same', async () => {
    const world = worldOf(3);
    for (let n = 0; n < 12; n += 1) void world.deliver('c', () => [promotional('email', 20)], { callMs: 900 });
    await world.finish();
    expectPaced(world.times(), 20);
    expect(tookMs(world.times())).toBeLessThanOrEqual(80 * SECOND);
  });

  test('tokens of people whom the gate refuses go to others', async () => {
    const world = worldOf(1);
    for (let n = 0; n < 10; n += 1) void world.deliver('c', () => [promotional('plan#c', 10)], { refused: 0.5 });
    await world.finish();
    expectPaced(world.times(), 10);
    // A thousand would take 100 seconds.
    expect(world.times().length).toBeGreaterThan(300);
    expect(tookMs(world.times())).toBeLessThanOrEqual(75 * SECOND);
  });

  test('two campaigns of one speed each on a provider that takes less than both', async () => {
    const world = worldOf(4);
    for (const key of ['a', 'b']) {
      for (let n = 0; n < 5; n += 1) {
        void world.deliver(key, () => [promotional(`plan#${key}`, 10), promotional('email', 15, 0.2)]);
      }
    }
    await world.finish();
    expectPaced(world.times(), 12);
    expect(tookMs(world.times())).toBeLessThanOrEqual(125 * SECOND);
  });

  test('a fast campaign beside a slow one has what that leaves', async () => {
    const world = worldOf(4);
    void world.deliver('slow', () => [promotional('plan#slow', 2), promotional('email', 50)], { count: 60 });
    for (let n = 0; n < 10; n += 1) void world.deliver('fast', () => [promotional('email', 50)]);
    await world.finish();
    expectPaced(world.times(), 50);
    expectPaced(world.times('slow'), 2, { catchUpMs: CATCH_UP_MS });
    expect(tookMs(world.times('slow'))).toBeLessThanOrEqual(45 * SECOND);
    expect(tookMs(world.times('fast'))).toBeLessThanOrEqual(30 * SECOND);
  });
});

describe('messages of one recipient', () => {
  test('a hundred at the same time share a few writes', async () => {
    const world = worldOf(2);
    for (let n = 0; n < 100; n += 1) {
      void world.deliver('t', () => [transactional('sms', 200, 0.2)], { count: 1, bulk: true });
    }
    await world.finish();
    expect(world.times()).toHaveLength(100);
    expect(world.writes.leases).toBeLessThanOrEqual(10);
    expect(tookMs(world.times())).toBeLessThanOrEqual(SECOND);
  });

  test('a stream of them leases in bulk, and what is not needed is forfeit', async () => {
    const world = worldOf(1);
    for (let n = 0; n < 1_000; n += 1) {
      world.clock.at(NOW + n * 10, () => {
        void world.deliver('t', () => [transactional('sms', 500, 0.2)], { count: 1, bulk: true });
      });
    }
    await world.clock.advance(10 * SECOND);
    await world.finish();
    expect(world.writes.leases).toBeLessThanOrEqual(60);
    expectPaced(world.times(), 500);
  });

  test('they go at once while a campaign fills its part of the rate', async () => {
    const world = worldOf(3);
    for (let n = 0; n < 20; n += 1) void world.deliver('c', () => [promotional('sms', 20, 0.2)]);
    const waits: number[] = [];
    for (let n = 0; n < 50; n += 1) {
      world.clock.at(NOW + SECOND + n * 700, async () => {
        const from = world.clock.now();
        await world.deliver('t', () => [transactional('sms', 20, 0.2)], { count: 1, bulk: true });
        waits.push(world.clock.now() - from);
      });
    }
    await world.finish();
    expect(waits).toHaveLength(50);
    expect(Math.max(...waits)).toBeLessThanOrEqual(0);
    expectPaced(world.times(), 20);
  });
});

test('whoever sends what, through whichever workers: never faster than any of its rates', {
  timeout: 120_000,
}, async () => {
  const batch = fc.record({
    key: fc.constantFrom('a', 'b', 'none'),
    atMs: fc.nat(20_000),
    count: fc.integer({ min: 1, max: 100 }),
    callMs: fc.constantFrom(0, 0, 50, 700, 3_000),
    refused: fc.constantFrom(0, 0, 0.3, 1),
  });
  const directs = fc.array(fc.nat(30_000), { maxLength: 30 });
  const run = fc.record({
    workers: fc.integer({ min: 1, max: 5 }),
    skewMs: fc.constantFrom(0, 0, 40),
    provider: fc.integer({ min: 2, max: 200 }),
    share: fc.constantFrom(0.05, 0.2, 0.9),
    speeds: fc.record({ a: fc.integer({ min: 1, max: 100 }), b: fc.integer({ min: 1, max: 100 }) }),
    changedMs: fc.nat(40_000),
    batches: fc.array(batch, { minLength: 1, maxLength: 12 }),
    directs,
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ workers, skewMs, provider, share, speeds, changedMs, batches, directs: events }) => {
      const world: World = worldOf(workers, skewMs);
      let perSecond = provider;
      const limits = (key: string) => () => [
        ...(key === 'a' || key === 'b' ? [promotional(`plan#${key}`, speeds[key])] : []),
        promotional('email', perSecond, share),
      ];
      world.clock.at(NOW + changedMs, () => {
        perSecond = Math.max(1, Math.floor(provider / 2));
      });
      for (const { key, atMs, ...rest } of batches) {
        world.clock.at(NOW + atMs, () => void world.deliver(key, limits(key), rest));
      }
      for (const atMs of events) {
        world.clock.at(NOW + atMs, () => {
          void world.deliver('t', () => [transactional('email', perSecond, share)], { count: 1, bulk: true });
        });
      }
      await world.clock.advance(30_000);
      await world.finish();
      expectPaced(world.times(), provider, { skewMs });
      for (const key of ['a', 'b'] as const) {
        expectPaced(world.times(key), speeds[key], { skewMs, catchUpMs: CATCH_UP_MS });
      }
    }),
    { numRuns: 150 },
  );
});
