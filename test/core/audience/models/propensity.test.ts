import { describe, expect, test } from 'vitest';
import { behaviourOf } from '../../../../core/audience/models/behaviour.ts';
import type { CutOff, Facts } from '../../../../core/audience/models/facts.ts';
import { cutOffsOf, doubtAbout } from '../../../../core/audience/models/fit.ts';
import { modelInput } from '../../../../core/audience/models/model.ts';
import { fitPropensity, propensityOf } from '../../../../core/audience/models/propensity.ts';
import { Unfit } from '../../../../core/audience/models/unfit.ts';
import { seededRandom } from '../../../../local/random.ts';
import { facts } from './people.ts';

const DAY = 86_400_000;
const TEST = Date.UTC(1998, 0, 1);
const TRAIN = TEST - 90 * DAY;
const cut = (part: 'train' | 'test', cutMs: number): CutOff => ({ part, fromMs: 0, cutMs, toMs: cutMs + 90 * DAY });
const options = { horizonDays: 90, seed: 1, predicts: 'churn' as const, bands: [0.33, 0.66] as const };
const cuts = { train: cut('train', TRAIN), test: cut('test', TEST) };

/** People who buy again with a known probability: the more purchases and the fewer days, the likelier. */
const shop = (part: 'train' | 'test', size: number, seed: number, truth = (odds: number) => odds) => {
  const random = seededRandom(seed);
  const { cutMs } = cuts[part];
  return Array.from({ length: size }, (_, n): Facts & { truth: number } => {
    const purchases = 1 + Math.floor(random() ** 3 * 20);
    const lastMs = cutMs - (1 + 300 * random()) * DAY;
    const recencyDays = (cutMs - lastMs) / DAY;
    const odds = truth(1.2 * Math.log1p(purchases) - 0.9 * Math.log1p(recencyDays) + 0.5);
    const probability = 1 / (1 + Math.exp(-odds));
    const later = random() < probability ? 1 : 0;
    const firstMs = lastMs - (purchases - 1) * 20 * DAY;
    return {
      ...facts(`${part}-${n}`, { part, purchases, firstMs, lastMs, amount: 20 * purchases, later }),
      truth: probability,
    };
  });
};

describe('a purchase propensity', () => {
  const [train, test_] = [shop('train', 4_000, 1), shop('test', 4_000, 2)];
  const { parameters, report } = fitPropensity(train, test_, cuts, options);

  test('recovers the probabilities that the people were made with', () => {
    const gaps = test_.map((one) => Math.abs(propensityOf(parameters, one, TEST) - one.truth));
    expect(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length).toBeLessThan(0.03);
  });

  test('ranks better than recency alone, and its probabilities come true', () => {
    expect(report.holdOut.auc).toBeGreaterThan(report.recencyAlone.auc + 0.02);
    expect(report.holdOut.logLoss).toBeLessThan(report.recencyAlone.logLoss);
    expect(report.recencyAlone.logLoss).toBeLessThan(report.oneForAll.logLoss);
    expect(report.holdOut.calibrationError).toBeLessThan(0.05);
    expect(report.holdOut.calibration).toHaveLength(10);
    expect(report.people).toEqual({ fitted: 4_000, tested: 4_000 });
    expect(doubtAbout({ type: 'propensity', ...report })).toBeUndefined();
  });

  test('puts people into bands by how likely they stay away', () => {
    const { low, medium, high } = report.bands;
    expect((low?.people ?? 0) + (medium?.people ?? 0) + (high?.people ?? 0)).toBe(4_000);
    const bought = (band = { people: 1, bought: 0 }) => band.bought / band.people;
    expect(bought(low)).toBeGreaterThan(0.67);
    expect(bought(high)).toBeLessThan(0.34);
    expect(bought(medium)).toBeGreaterThan(bought(high));
  });

  test('names what drives it, with the direction', () => {
    const sentence = (feature: string) => report.drivers.find((one) => one.feature === feature)?.sentence;
    expect(report.drivers.slice(0, 4).map(({ feature }) => feature)).toContain('recencyDays');
    expect(sentence('recencyDays')).toBe(
      'days since the last purchase: the more, the less likely a purchase, all else equal',
    );
    expect(sentence('purchases')).toContain('the likelier');
  });

  test('is judged by a model that knows nothing of the later outcomes', () => {
    // Turn all later outcomes around: the fitted weights of what is judged must not notice, so its AUC turns around too.
    const turned = test_.map((one) => ({ ...one, later: 1 - one.later }));
    const other = fitPropensity(train, turned, cuts, options);
    expect(other.report.holdOut.auc).toBeCloseTo(1 - report.holdOut.auc, 9);
    expect(other.report.holdOut.meanPredicted).toBe(report.holdOut.meanPredicted);
    expect(doubtAbout({ type: 'propensity', ...other.report })).toMatch(
      /AUC on people it has not seen is 0\.\d+, below 0.55/,
    );
  });

  test('that learned what no longer holds is doubted', () => {
    const rarer = shop('test', 4_000, 3, (odds) => 0.3 * odds - 3);
    const { report: old } = fitPropensity(train, rarer, cuts, options);
    expect(doubtAbout({ type: 'propensity', ...old })).toBeDefined();
  });

  test('needs enough people of both kinds', () => {
    const nobody = train.map((one) => ({ ...one, later: 0 }));
    expect(() => fitPropensity(nobody, test_, cuts, options)).toThrow(/earlier cut-off 0 of 4000/);
    expect(() => fitPropensity(train, test_.slice(0, 20), cuts, options)).toThrow(Unfit);
  });
});

test('the cut-offs do not overlap: what the earlier one learns from ends where the history of the later one does', () => {
  const input = modelInput.parse({
    ...{ name: 'x', type: 'propensity', predicts: 'churn', purchase: { event: 'purchase' } },
    ...{ horizonDays: 30, historyDays: 100 },
  });
  const now = Date.UTC(1998, 5, 1);
  const [own, later, earlier] = cutOffsOf(input, now);
  expect(own).toEqual({ part: 'now', fromMs: now + 1 - 100 * DAY, cutMs: now + 1, toMs: now + 1 });
  expect(later).toEqual({ part: 'test', fromMs: now + 1 - 130 * DAY, cutMs: now + 1 - 30 * DAY, toMs: now + 1 });
  expect(earlier).toMatchObject({ part: 'train', cutMs: now + 1 - 60 * DAY, toMs: later?.cutMs });
});

describe('behaviour', () => {
  test('of somebody with three purchases', () => {
    const one = facts('a', {
      ...{ purchases: 3, firstMs: TEST - 100 * DAY, lastMs: TEST - 40 * DAY, amount: 60 },
      ...{ recent: 1, earlier: 2 },
    });
    expect(behaviourOf(one, TEST)).toEqual({
      ...{ recencyDays: 40, purchases: 3, amount: 60, averageAmount: 20, tenureDays: 100, gapDays: 30 },
      ...{ overdue: 40 / 30, recent: 1, trend: -1 },
    });
  });
  test('of somebody with one purchase, long overdue people, and nobody', () => {
    expect(behaviourOf(facts('a', { firstMs: TEST - DAY, lastMs: TEST - DAY }), TEST)).toMatchObject({
      gapDays: 0,
      overdue: 0,
    });
    const late = facts('a', { purchases: 2, firstMs: TEST - 501 * DAY, lastMs: TEST - 500 * DAY });
    expect(behaviourOf(late, TEST).overdue).toBe(10);
    expect(Object.values(behaviourOf(facts('a', { purchases: 0 }), TEST))).toEqual(Array.from({ length: 9 }, () => 0));
  });
});
