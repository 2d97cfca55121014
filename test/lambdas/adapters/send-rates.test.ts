import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lane } from '../../../core/delivery/channel.ts';
import { type Clocks, leased, leaseFor, spanOf } from '../../../core/delivery/send-rate.ts';
import type { SendRates } from '../../../lambdas/adapters/send-rates.ts';
import { startAws } from './aws.ts';

let make: () => SendRates;
let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startAws({ ledger: ['run', 'unit'] });
  const { sendRates } = await import('../../../lambdas/adapters/send-rates.ts');
  make = () => sendRates('ledger');
});
afterAll(() => stop());

const NOW = 1_800_000_000_000;
let keys = 0;
const key = () => {
  keys += 1;
  return `email-${keys}`;
};
const lanes = fc.constantFrom<Lane>('promotional', 'transactional');

test('several workers, each with what it saw last, lease exactly what the arithmetic says', async () => {
  const act = fc.record({
    worker: fc.nat(2),
    lane: lanes,
    count: fc.integer({ min: 1, max: 100 }),
    afterMs: fc.nat(1_500),
    aheadMs: fc.nat(4_000),
  });
  const rate = { perSecond: 30, share: 0.2 };
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 12 }), async (acts) => {
      const name = key();
      const workers = [make(), make(), make()];
      let [clocks, nowMs]: [Clocks, number] = [{}, NOW];
      for (const { worker, lane, count, afterMs, aheadMs } of acts) {
        nowMs += afterMs;
        const asked = { lane, count, nowMs, latestMs: nowMs + aheadMs };
        const lease = leaseFor(clocks, rate, asked);
        const after = leased(clocks, lease);
        const got = await (workers[worker] as SendRates).lease(name, rate, asked);
        if (!after) {
          expect(got).toHaveProperty('fullUntilMs');
          continue;
        }
        const { fromMs, gapMs } = spanOf(lease, clocks);
        expect(got).toMatchObject({ count, gapMs });
        expect((got as { fromMs: number }).fromMs).toBeCloseTo(fromMs, 2);
        clocks = after;
      }
    }),
    { numRuns: 60 },
  );
});

test('workers that ask at the same time get stretches that lie end to end', async () => {
  const name = key();
  const rate = { perSecond: 100, share: 0 };
  const asked = { lane: 'promotional' as const, count: 100, nowMs: NOW, latestMs: NOW + 60_000 };
  const got = await Promise.all(Array.from({ length: 20 }, () => make().lease(name, rate, asked)));
  const starts = got.map((one) => ('fromMs' in one ? one.fromMs : Number.NaN)).sort((a, b) => a - b);
  expect(starts).toEqual(Array.from({ length: 20 }, (_, n) => NOW + n * 1_000));
});

test('plans and providers do not share', async () => {
  const [worker, one, two] = [make(), key(), key()];
  const asked = { lane: 'promotional' as const, count: 100, nowMs: NOW, latestMs: NOW };
  const rate = { perSecond: 1, share: 0 };
  expect(await worker.lease(one, rate, asked)).toMatchObject({ fromMs: NOW });
  expect(await worker.lease(one, rate, asked)).toEqual({ fullUntilMs: NOW + 100_000 });
  expect(await worker.lease(two, rate, asked)).toMatchObject({ fromMs: NOW });
});

test('those who stand in line come one after the other, and nobody stands there once the clock was idle', async () => {
  const [name, a, b] = [key(), make(), make()];
  const rate = { perSecond: 10, share: 0 };
  const lease = (nowMs: number) => a.lease(name, rate, { lane: 'promotional', count: 100, nowMs, latestMs: nowMs });
  await lease(NOW);
  await expect(lease(NOW)).resolves.toEqual({ fullUntilMs: NOW + 10_000 });
  const line = async (worker: SendRates, nowMs = NOW) => worker.standInLine(name, 'promotional', 10_000, nowMs);
  expect([await line(a), await line(b), await line(a)]).toEqual([NOW + 10_000, NOW + 20_000, NOW + 30_000]);
  await lease(NOW + 15_000);
  expect(await line(b, NOW + 15_000)).toBe(NOW + 25_000);
});
