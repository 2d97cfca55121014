import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CdnowFigures, figuresOf, PREDICTED_MS } from '../../../bench/audience/cdnow.ts';
import { cohortsOf } from '../../../bench/audience/cohorts.ts';
import { CDNOW, factsAt } from '../../../bench/audience/history.ts';
import { figuresText } from '../../../bench/audience/tables.ts';
import { ALL_FEATURES } from '../../../core/audience/models/behaviour.ts';
import { fittedAt, propensityOf } from '../../../core/audience/models/propensity.ts';
import { lowestHashes } from '../../../core/audience/models/sample.ts';
import { inventPurchases, type Purchase, readPurchases } from '../../../scripts/purchases.ts';

const DAY = 86_400_000;
const present = existsSync(CDNOW);
if (!present) console.warn(`SKIPPED: the purchase history ${CDNOW} is not on this machine`);

test('an invented history has all figures, as text too', { timeout: 60_000 }, async () => {
  const figures = await figuresOf(inventPurchases(1_500));
  const text = figuresText(figures);
  for (const what of ['champions', 'k = ', 'recency alone', 'Bands of churn', '1997-01']) expect(text).toContain(what);
  expect(text).not.toMatch(/NaN|undefined/);
});

test('cohorts are counted as they are defined', () => {
  const at = (customer: string, day: string): Purchase => ({
    ...{ line: 0, customer, units: 1, amount: 1 },
    timeMs: Date.parse(day),
  });
  const purchases = [
    ...[at('a', '1997-01-31'), at('a', '1997-02-28'), at('a', '1997-04-01')],
    ...[at('b', '1997-01-01'), at('b', '1997-01-31')],
    ...[at('c', '1997-01-15'), at('d', '1997-03-01'), at('d', '1997-03-01')],
  ];
  expect(cohortsOf(purchases)).toEqual([
    {
      ...{ month: '1997-01', people: 3, retention: [1, 1 / 3, 0, 1 / 3], repurchased: 2 / 3 },
      repurchasedWithin: { 30: 2 / 3, 90: 2 / 3, 180: 2 / 3 },
    },
    { month: '1997-03', people: 1, retention: [1, 0], repurchased: 1, repurchasedWithin: { 30: 1, 90: 1, 180: 1 } },
  ]);
});

/** What everybody who has worked with CDNOW's history knows of it, and plain code over the file. */
describe.skipIf(!present)('of the purchase history of CDNOW', () => {
  let purchases: Purchase[];
  let figures: CdnowFigures;
  beforeAll(async () => {
    purchases = readPurchases(CDNOW);
    figures = await figuresOf(purchases);
  }, 120_000);

  test('the published totals are those of the file', () => {
    // Fader and Hardie 2001: 23,570 people, 69,659 purchases; the means are those of every published walk through it.
    expect([figures.people, figures.purchases]).toEqual([23_570, 69_659]);
    const mean = (of: (one: Purchase) => number) => purchases.reduce((sum, one) => sum + of(one), 0) / purchases.length;
    expect(mean(({ units }) => units)).toBeCloseTo(2.41004, 5);
    expect(mean(({ amount }) => amount)).toBeCloseTo(35.893648, 5);
    expect(figures.cohorts.map(({ month, people }) => [month, people])).toEqual([
      ['1997-01', 7_846],
      ['1997-02', 8_476],
      ['1997-03', 7_248],
    ]);
  });

  test('RFM segments are those of counting who has less', () => {
    const people = [...Map.groupBy(purchases, ({ customer }) => customer).values()].map((own) => ({
      last: Math.max(...own.map(({ timeMs }) => timeMs)),
      count: own.length,
      spent: own.reduce((sum, { amount }) => sum + Math.round(amount * 100), 0),
    }));
    const scores = (key: 'last' | 'count' | 'spent') => {
      const sorted = people.map((one) => one[key]).sort((a, b) => a - b);
      const below = new Map<number, number>();
      for (const [n, value] of sorted.entries()) if (!below.has(value)) below.set(value, n);
      return (value: number) => 1 + Math.floor((5 * below.get(value)!) / sorted.length);
    };
    const [r, f, m] = [scores('last'), scores('count'), scores('spent')];
    const scored = people.map(({ last, count, spent }) => ({ r: r(last), v: Math.ceil((f(count) + m(spent)) / 2) }));
    const count = (is: (one: { r: number; v: number }) => boolean) => scored.filter(is).length;
    const said = Object.fromEntries(Object.entries(figures.rfm.segments).map(([name, { people: n }]) => [name, n]));
    expect(said.champions).toBe(count(({ r, v }) => r === 5 && v >= 4));
    expect(said.loyal).toBe(count(({ r, v }) => (r === 4 || r === 3) && v >= 4));
    expect(said.cannot_lose).toBe(count(({ r, v }) => r <= 2 && v === 5));
    expect(said.lost).toBe(count(({ r, v }) => r === 1 && v === 1));
    expect(Object.values(said).reduce((sum, n) => sum + n, 0)).toBe(23_570);
  });

  test('who bought in the 90 days after 1997-12-31 is who did, and the AUC is the share of pairs in the right order', async () => {
    const { churn } = figures;
    const [train, cut] = [Date.UTC(1998, 0, 1) - 90 * DAY, Date.UTC(1998, 0, 1)];
    expect([churn.fittedAtMs, churn.testedAtMs, PREDICTED_MS - cut]).toEqual([train, cut, 90 * DAY]);
    const bought = (from: number) => {
      const inside = purchases.filter(({ timeMs }) => timeMs >= from && timeMs < from + 90 * DAY);
      return new Set(inside.map(({ customer }) => customer));
    };
    expect(churn.baseRate.fitted).toBeCloseTo(bought(train).size / 23_570, 12);
    expect(churn.baseRate.tested).toBeCloseTo(bought(cut).size / 23_570, 12);

    // The same procedure by hand: fitted at the earlier cut-off, its probabilities at the later one held against the file.
    const span = (part: 'train' | 'test', cutMs: number) => ({
      part,
      fromMs: cutMs - 730 * DAY,
      cutMs,
      toMs: cutMs + 90 * DAY,
    });
    const all = await factsAt(purchases, [span('train', train), span('test', cut)]);
    const of = (part: string) => {
      const sample = lowestHashes<(typeof all)[number]>(50_000, 20_260_101);
      for (const one of all) if (one.part === part) sample.add(one.profileId, one);
      return sample.rows();
    };
    const judged = fittedAt(of('train'), train, ALL_FEATURES, 20_260_101);
    const after = bought(cut);
    const scored = of('test').map((one) => ({ y: after.has(one.profileId), p: propensityOf(judged, one, cut) }));
    const positives = Float64Array.from(scored.flatMap(({ y, p }) => (y ? [p] : [])));
    const negatives = Float64Array.from(scored.flatMap(({ y, p }) => (y ? [] : [p])));
    let right = 0;
    for (const one of positives) for (const other of negatives) right += one > other ? 1 : one === other ? 0.5 : 0;
    expect(churn.holdOut.auc).toBeCloseTo(right / (positives.length * negatives.length), 9);
    expect(churn.holdOut.brier).toBeCloseTo(
      scored.reduce((sum, { y, p }) => sum + (p - Number(y)) ** 2, 0) / scored.length,
      9,
    );
  });

  test('the model beats recency alone, and its probabilities come true', () => {
    const { holdOut, recencyAlone, oneForAll } = figures.churn;
    expect(holdOut.auc).toBeGreaterThan(recencyAlone.auc + 0.01);
    expect(holdOut.auc).toBeGreaterThan(0.8);
    expect(holdOut.logLoss).toBeLessThan(recencyAlone.logLoss - 0.02);
    expect(recencyAlone.logLoss).toBeLessThan(oneForAll.logLoss);
    expect(holdOut.calibrationError).toBeLessThan(0.02);
    for (const { predicted, actual } of holdOut.calibration) expect(Math.abs(predicted - actual)).toBeLessThan(0.03);
  });

  test('clusters are of useful size and told apart', () => {
    const { clusters } = figures;
    expect(clusters.k).toBeGreaterThanOrEqual(3);
    expect(Math.min(...clusters.clusters.map(({ share }) => share))).toBeGreaterThan(0.01);
    const spent = clusters.clusters.map(({ medians }) => medians.amount!);
    expect(spent).toEqual(spent.toSorted((a, b) => b - a));
    expect(new Set(clusters.clusters.map(({ title }) => title)).size).toBe(clusters.k);
  });
});
