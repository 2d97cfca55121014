import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Lane } from '../../../core/delivery/channel.ts';
import {
  type Clocks,
  comesAgainIn,
  dueOf,
  EARLY_MS,
  gapOf,
  inTime,
  LATE_MS,
  leased,
  leaseFor,
  type Rate,
  roomFor,
  type Span,
  spanOf,
  split,
} from '../../../core/delivery/send-rate.ts';

const NOW = 1_800_000_000_000;
const FAR = NOW + 3_600_000;
const HALF: Rate = { perSecond: 100, share: 0.5 };

/** As a store would do it: tried with what was seen, and again with what is there. */
const lease = (
  clocks: Clocks,
  seen: Clocks,
  rate: Rate,
  lane: Lane,
  count: number,
  nowMs: number,
  latestMs: number,
) => {
  for (const known of [seen, clocks]) {
    const asked = leaseFor(known, rate, { lane, count, nowMs, latestMs });
    const after = leased(clocks, asked);
    if (after) return { after, span: spanOf(asked, clocks) };
  }
  return undefined;
};

describe('who gets how much', () => {
  const take = (clocks: Clocks, lane: Lane, count: number, rate = HALF) =>
    lease(clocks, clocks, rate, lane, count, NOW, FAR);

  test('an idle promotional lane has its part of the rate, from now on', () => {
    const got = take({}, 'promotional', 10);
    expect(got?.span).toEqual({ fromMs: NOW, gapMs: 20, count: 10 });
    expect(got?.after.promotional).toBe(NOW + 200);
  });
  test('the next one follows where the last one ends', () =>
    expect(take({ promotional: NOW + 200 }, 'promotional', 1)?.span.fromMs).toBe(NOW + 200));
  test('a transactional message has all of the rate while no promotional one is leased ahead of it, and says so', () => {
    const got = take({ promotional: NOW - 5 }, 'transactional', 10);
    expect(got?.span).toEqual({ fromMs: NOW, gapMs: 10, count: 10 });
    expect(got?.after).toMatchObject({ transactional: NOW + 100, promotional: NOW + 100 });
  });
  test('it begins at once, with its share, however far promotional ones are leased', () => {
    const got = take({ promotional: NOW + 60_000 }, 'transactional', 10);
    expect(got?.span).toEqual({ fromMs: NOW, gapMs: 20, count: 10 });
    expect(got?.after.promotional).toBe(NOW + 60_000);
  });
  test('a lane that is full beyond what was asked for gives nothing', () =>
    expect(lease({ promotional: NOW + 9 }, {}, HALF, 'promotional', 1, NOW, NOW + 8)).toBeUndefined());
  test('a worker whose clock is behind leases nothing of the past', () => {
    const got = lease({ promotional: NOW + 200 }, {}, HALF, 'promotional', 1, NOW - 3_000, FAR);
    expect(got?.span.fromMs).toBe(NOW + 200);
  });
  test('a third of a token is not lost to rounding', () => {
    const got = take({}, 'promotional', 3, { perSecond: 7, share: 0 });
    expect(got?.after.promotional).toBeGreaterThanOrEqual(NOW + 3_000 / 7);
    expect(got?.after.promotional).toBeLessThan(NOW + 3_000 / 7 + 0.002);
  });
});

describe('a span', () => {
  const span: Span = { fromMs: NOW, gapMs: 100, count: 20 };
  test.each([
    [-1, 0],
    [0, 5],
    [99, 6],
    [1_500, 20],
  ])('%i ms after its first token %i may be used', (ms, due) => expect(dueOf(span, NOW + ms)).toBe(due));
  test('a token a minute is used when it is due', () => expect(dueOf({ ...span, gapMs: 60_000 }, NOW)).toBe(1));
  test.each([
    [LATE_MS, 20],
    [LATE_MS + 1, 19],
    [LATE_MS + 101, 18],
    [60_000, 0],
  ])('%i ms later %i are not too late', (ms, count) => expect(inTime(span, NOW + ms).count).toBe(count));
  test('is split without losing a token', () => {
    const [first, rest] = split(span, 7);
    expect([first, rest]).toEqual([
      { ...span, count: 7 },
      { fromMs: NOW + 700, gapMs: 100, count: 13 },
    ]);
    expect(split(span, 99)[1].count).toBe(0);
  });
});

describe('room in an invocation', () => {
  test.each<[string, number, number, [usableMs: number, aheadMs: number], ReturnType<typeof roomFor>]>([
    ['a batch at 10 a second', 100, 100, [14_500, 0], { count: 100, latestMs: NOW + 4_600 }],
    ['most of it behind another one', 100, 100, [14_500, 6_000], { count: 86, latestMs: NOW + 6_000 }],
    ['nothing where it would have to wait for long', 100, 100, [14_500, 8_001], undefined],
    ['a batch at 1,000 a second', 100, 1, [14_500, 7_000], { count: 100, latestMs: NOW + 8_000 }],
    ['what fits of a batch at 1 a second', 100, 1_000, [14_500, 0], { count: 15, latestMs: NOW + 500 }],
    ['one message an hour', 100, 3_600_000, [14_500, 0], { count: 1, latestMs: NOW + 8_000 }],
    ['no small part of a batch late in an invocation', 100, 100, [4_000, 0], undefined],
    ['all of a small one', 3, 100, [6_000, 0], { count: 3, latestMs: NOW + 5_800 }],
    ['nothing when time is up', 1, 100, [0, 0], undefined],
    ['nothing when time is over', 1, 100, [-900, 0], undefined],
  ])('%s', (_, wanted, gapMs, [usableMs, aheadMs], room) =>
    expect(roomFor(wanted, gapMs, { nowMs: NOW, usableMs, standsAtMs: NOW + aheadMs })).toEqual(room),
  );
});

test.each([
  ['half of a short time', 45_000, 1, 20_000],
  ['half a minute', 100_000, 1, 30_000],
  ['a quarter of a long time', 605_000, 1, 150_000],
  ['others a fifth earlier', 45_000, 0, 16_000],
  ['at most as long as SQS delays', 86_400_000, 1, 900_000],
  ['at least a second', 100, 1, 1_000],
  ['also when its turn is past', -5_000, 1, 1_000],
])('who is put off comes again after %s', (_, turnMs, share, ms) =>
  expect(comesAgainIn(NOW + turnMs, NOW, share)).toBe(ms),
);

/** When each token was used, by brute force: what the providers see. */
const most = (usedMs: readonly number[], windowMs: number): number => {
  const sorted = usedMs.toSorted((a, b) => a - b);
  let first = 0;
  return sorted.reduce((top, ms, n) => {
    while ((sorted[first] ?? 0) < ms - windowMs) first += 1;
    return Math.max(top, n - first + 1);
  }, 0);
};

type Held = { span: Span; worker: number };
const SKEW_MS = 50;

test('whatever workers do, with clocks that differ and what they saw long ago, no T seconds see more than rate × (T + 1) + 2', () => {
  const rate = fc.record({
    perSecond: fc.oneof(fc.double({ min: 0.1, max: 5, noNaN: true }), fc.integer({ min: 1, max: 400 })),
    share: fc.constantFrom(0, 0.05, 0.2, 0.9),
  });
  const act = fc.record({
    lane: fc.constantFrom<Lane>('promotional', 'promotional', 'transactional'),
    worker: fc.nat(3),
    count: fc.integer({ min: 1, max: 60 }),
    /** How far time has gone on. */
    afterMs: fc.oneof(fc.nat(40), fc.nat(700), fc.nat(9_000)),
    /** What this worker knows of the clocks is so many acts old. */
    sawBefore: fc.nat(3),
    /** How many of the tokens that it holds it uses as soon as it may; the others wait. */
    eager: fc.boolean(),
    // Of the rate alone: while the share changes, what was leased by the old one counts beside the new.
    newRate: fc.option(
      rate.map(({ perSecond }) => perSecond),
      { nil: undefined, freq: 8 },
    ),
  });
  fc.assert(
    fc.property(rate, fc.array(act, { minLength: 1, maxLength: 60 }), (first, acts) => {
      let [clocks, nowMs, current, top]: [Clocks, number, Rate, number] = [{}, NOW, first, first.perSecond];
      const history: Clocks[] = [{}];
      let held: Held[] = [];
      const used: number[] = [];
      // A worker that acts late uses what is not too late; one that is in time uses what is due.
      const use = (wants: (one: Held) => boolean) => {
        held = held.flatMap((one) => {
          if (!wants(one)) return [one];
          const own = nowMs + (one.worker - 1.5) * (SKEW_MS / 1.5);
          const left = inTime(one.span, own);
          const due = dueOf(left, own);
          for (let n = 0; n < due; n += 1) used.push(nowMs);
          const rest = split(left, due)[1];
          return rest.count > 0 ? [{ ...one, span: rest }] : [];
        });
      };
      for (const { lane, worker, count, afterMs, sawBefore, eager, newRate } of acts) {
        for (let ms = 0; ms < afterMs; ms += 97) {
          nowMs += Math.min(97, afterMs - ms);
          use(({ worker: whose }) => whose % 2 === 0);
        }
        if (newRate) current = { ...current, perSecond: newRate };
        top = Math.max(top, current.perSecond);
        const ownMs = nowMs + (worker - 1.5) * (SKEW_MS / 1.5);
        // With one lane there is no other.
        const on = current.share === 0 ? 'promotional' : lane;
        const seen = history.at(-1 - sawBefore) ?? {};
        const got = lease(clocks, seen, current, on, count, ownMs, ownMs + 8_000);
        if (got) {
          // Nothing is leased twice, and clocks never go back.
          for (const name of ['promotional', 'transactional'] as const) {
            expect(got.after[name] ?? 0).toBeGreaterThanOrEqual(clocks[name] ?? 0);
          }
          expect(got.span.fromMs).toBeGreaterThanOrEqual(ownMs);
          clocks = got.after;
          history.push(clocks);
          held.push({ span: got.span, worker });
        }
        if (eager) use(({ worker: whose }) => whose === worker);
      }
      for (let ms = 0; ms < 20_000; ms += 97) {
        nowMs += 97;
        use(() => true);
      }
      for (const seconds of [0.1, 1, 5, 30]) {
        const bound = top * (seconds + (EARLY_MS + LATE_MS + 2 * SKEW_MS) / 1_000) + 2;
        expect(most(used, seconds * 1_000)).toBeLessThanOrEqual(bound + 1e-6);
      }
    }),
    { numRuns: 400 },
  );
});

test('a lane that always asks gets all of its part, and the transactional one all of the rate when it is alone', () => {
  for (const [lane, part] of [
    ['promotional', 0.8],
    ['transactional', 1],
  ] as const) {
    const rate = { perSecond: 50, share: 0.2 };
    let [clocks, tokens]: [Clocks, number] = [{}, 0];
    for (let ms = 0; ms <= 60_000; ms += 10) {
      const got = lease(clocks, {}, rate, lane, 7, NOW + ms, NOW + ms + 100);
      if (!got) continue;
      clocks = got.after;
      tokens += 7;
    }
    expect(tokens).toBeGreaterThan(50 * part * 60 * 0.99);
    expect(tokens).toBeLessThan(50 * part * 60 * 1.01 + 14);
  }
});

test('beside a promotional lane that takes all it can, a transactional message never waits while its own share is not used up', () => {
  const rate = { perSecond: 50, share: 0.2 };
  let clocks: Clocks = {};
  for (let ms = 0; ms <= 60_000; ms += 10) {
    clocks = lease(clocks, clocks, rate, 'promotional', 40, NOW + ms, NOW + ms + 8_000)?.after ?? clocks;
    // Five a second of the ten that are its own.
    if (ms % 200 !== 0) continue;
    const got = lease(clocks, clocks, rate, 'transactional', 1, NOW + ms, NOW + ms + 8_000);
    expect(got?.span.fromMs).toBe(NOW + ms);
    clocks = got?.after ?? clocks;
  }
});

test('what is waited for is what a lane is sure of', () =>
  expect([gapOf(HALF, 'promotional'), gapOf({ perSecond: 10, share: 0.2 }, 'transactional')]).toEqual([20, 500]));
