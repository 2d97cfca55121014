import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calibrated, plattCalibration } from '../../../../core/audience/models/calibrate.ts';
import { auc, brier, calibrationError, calibrationTable, logLoss } from '../../../../core/audience/models/metrics.ts';
import { seededRandom } from '../../../../local/random.ts';

const pairs = fc.array(fc.record({ y: fc.constantFrom(0, 1), p: fc.constantFrom(0, 0.1, 0.2, 0.5, 0.9, 1) }), {
  minLength: 1,
  maxLength: 40,
});
const split = (rows: { y: number; p: number }[]) => ({ y: rows.map(({ y }) => y), p: rows.map(({ p }) => p) });

/** Every positive against every negative; a tie is half. */
const byPairs = (rows: { y: number; p: number }[]): number => {
  let [wins, all] = [0, 0];
  for (const one of rows.filter(({ y }) => y === 1)) {
    for (const other of rows.filter(({ y }) => y === 0)) {
      wins += one.p > other.p ? 1 : one.p === other.p ? 0.5 : 0;
      all += 1;
    }
  }
  return wins / all;
};

describe('AUC', () => {
  test.each<[string, number[], number[], number]>([
    ['perfect', [0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], 1],
    ['reversed', [1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], 0],
    ['all tied', [0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5], 0.5],
    // The example of scikit-learn's roc_auc_score.
    ['three pairs of four', [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.75],
    ['without negatives', [1, 1], [0.1, 0.2], Number.NaN],
  ])('%s', (_, y, p, wanted) => {
    expect(auc({ y, p })).toBe(wanted);
  });
  test('is the share of pairs in the right order', () => {
    fc.assert(
      fc.property(pairs, (rows) => {
        const wanted = byPairs(rows);
        if (Number.isNaN(wanted)) expect(auc(split(rows))).toBeNaN();
        else expect(auc(split(rows))).toBeCloseTo(wanted, 12);
      }),
    );
  });
});

describe('log loss and Brier score', () => {
  // scikit-learn's example of log_loss: 0.21616 (probabilities of spam, and ham given by their complements).
  test('of published examples', () => {
    expect(logLoss({ y: [1, 0, 0, 1], p: [0.9, 0.1, 0.2, 0.65] })).toBeCloseTo(0.21616, 5);
    // scikit-learn's example of brier_score_loss: 0.0375.
    expect(brier({ y: [0, 1, 1, 0], p: [0.1, 0.9, 0.8, 0.3] })).toBeCloseTo(0.0375, 12);
  });
  test('one certain mistake does not outweigh everything', () => {
    expect(logLoss({ y: [1], p: [0] })).toBeCloseTo(-Math.log(1e-15), 6);
    expect(logLoss({ y: [1, 0], p: [1, 0] })).toBeCloseTo(0, 12);
  });
});

describe('the calibration table', () => {
  test('has everybody once, in order, equal probabilities together', () => {
    fc.assert(
      fc.property(pairs, (rows) => {
        const table = calibrationTable(split(rows));
        expect(table.reduce((sum, { people }) => sum + people, 0)).toBe(rows.length);
        const positives = table.reduce((sum, { people, actual }) => sum + people * actual, 0);
        expect(positives).toBeCloseTo(rows.filter(({ y }) => y === 1).length, 9);
        for (const [n, { from, to, predicted }] of table.entries()) {
          expect(from).toBeLessThanOrEqual(to);
          expect(predicted).toBeGreaterThanOrEqual(from - 1e-12);
          if (n > 0) expect(from).toBeGreaterThan(table[n - 1]!.to);
        }
      }),
    );
  });
  test('is ten tenths where all differ', () => {
    const p = Array.from({ length: 100 }, (_, n) => n / 100);
    const table = calibrationTable({ y: p.map((value) => (value >= 0.5 ? 1 : 0)), p });
    expect(table.map(({ people }) => people)).toEqual(Array.from({ length: 10 }, () => 10));
    expect(table[4]).toMatchObject({ from: 0.4, to: 0.49, actual: 0, predicted: expect.closeTo(0.445, 9) });
    expect(calibrationError(table)).toBeCloseTo(0.25, 9);
  });
});

describe('Platt’s correction', () => {
  const random = seededRandom(7);
  const scores = Array.from({ length: 4_000 }, () => 6 * random() - 3);

  test('finds how overconfident scores are', () => {
    // The truth is half as sure as the scores say, and less likely.
    const y = scores.map((score) => (random() < 1 / (1 + Math.exp(-(0.5 * score - 1))) ? 1 : 0));
    const found = plattCalibration(scores, y);
    expect(found.slope).toBeCloseTo(0.5, 1);
    expect(found.intercept).toBeCloseTo(-1, 0);
    const before = { y, p: scores.map((score) => 1 / (1 + Math.exp(-score))) };
    const after = { y, p: scores.map((score) => calibrated(found, score)) };
    expect(logLoss(after)).toBeLessThan(logLoss(before));
    expect(calibrationError(calibrationTable(after))).toBeLessThan(0.03);
    // It never changes the order.
    expect(auc(after)).toBeCloseTo(auc(before), 12);
  });
  test.each<[string, number[]]>([
    ['too few of one outcome', scores.map((_, n) => (n < 19 ? 1 : 0))],
    ['scores that mean the contrary', scores.map((score) => (score < 0 ? 1 : 0))],
  ])('leaves probabilities alone: %s', (_, y) => {
    expect(plattCalibration(scores, y)).toEqual({ slope: 1, intercept: 0, people: 0 });
  });
});
