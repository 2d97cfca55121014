import { expect, onTestFinished, test } from 'vitest';
import { virtualClock } from '../../local/clock.ts';
import { type FaultRates, type Faults, seededFaults } from '../../local/faults.ts';
import { fn, mapping, miniCloud, queue } from './mini-cloud.ts';

test('the same seed gives the same faults, at about the rate asked for; what has no rate never happens', () => {
  const draw = (faults: Faults) => Array.from({ length: 2_000 }, () => faults('crashAfter'));
  const first = draw(seededFaults(7, { crashAfter: 0.1 }));
  expect(draw(seededFaults(7, { crashAfter: 0.1 }))).toEqual(first);
  expect(draw(seededFaults(8, { crashAfter: 0.1 }))).not.toEqual(first);
  expect(first.filter(Boolean).length).toBeGreaterThan(150);
  expect(first.filter(Boolean).length).toBeLessThan(250);
  expect(draw(seededFaults(7, { crashBefore: 1 })).some(Boolean)).toBe(false);
});

const bodiesSeen = async (rates: FaultRates) => {
  const faults = seededFaults(1, rates);
  const code = 'export const handler = async ({ Records }) => { for (const { body } of Records) console.info(body); };';
  const cloud = await miniCloud(
    virtualClock(0),
    { Q: queue({ VisibilityTimeout: 30 }), F: fn(code), M: mapping('Q', 'F', { BatchSize: 1 }) },
    { lambda: { faults }, faults },
  );
  onTestFinished(() => cloud.stop());
  for (let n = 0; n < 20; n += 1) cloud.services.sqs.send(cloud.arn('Q'), String(n));
  await cloud.clock.advance(3_600_000);
  return { seen: cloud.logs('F').map((line) => Number(line.message)), left: await cloud.queueBodies('Q') };
};

test.each<FaultRates>([{ duplicateBatch: 0.3 }, { crashAfter: 0.3 }])(
  '%o: everything is handled, some of it twice',
  async (rates) => {
    const { seen, left } = await bodiesSeen(rates);
    expect(left).toEqual([]);
    expect([...new Set(seen)].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(seen.length).toBeGreaterThan(20);
  },
);

test('a crash before the handler delays, and repeats nothing', async () => {
  const { seen, left } = await bodiesSeen({ crashBefore: 0.3 });
  expect(left).toEqual([]);
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
});
