import { describe, expect, test } from 'vitest';
import { NotPositiveDefinite, solveSymmetric } from '../../../../core/audience/models/linear-solve.ts';
import { fitLogistic, logOddsOf, NotConverged, probabilityOf } from '../../../../core/audience/models/logistic.ts';
import { seededRandom } from '../../../../local/random.ts';

/** Hours of study and whether the examination was passed: the worked example of Wikipedia, "Logistic regression". */
const HOURS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 4, 4.25, 4.5, 4.75, 5, 5.5];
const PASSED = [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1];

const drawn = (seed: number, rows: number, width: number) => {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  const weights = Array.from({ length: width }, normal);
  const x = Array.from({ length: rows }, () => Array.from({ length: width }, normal));
  const y = x.map((row) => {
    const score = row.reduce((sum, value, n) => sum + value * weights[n]!, 0.3);
    return random() < 1 / (1 + Math.exp(-score)) ? 1 : 0;
  });
  return { x, y };
};

/** The same loss, walked down by its gradient until nothing moves: slow, and without any algebra in common. */
const byGradientDescent = (x: number[][], y: number[], lambda: number): number[] => {
  let beta = Array.from({ length: x[0]!.length + 1 }, () => 0);
  for (let step = 0; step < 20_000; step += 1) {
    const gradient = beta.map((value, n) => (n === 0 ? 0 : lambda * value));
    for (const [at, row] of x.entries()) {
      const p = 1 / (1 + Math.exp(-row.reduce((sum, value, n) => sum + value * beta[n + 1]!, beta[0]!)));
      gradient[0] = gradient[0]! + p - y[at]!;
      for (const [n, value] of row.entries()) gradient[n + 1] = gradient[n + 1]! + (p - y[at]!) * value;
    }
    beta = beta.map((value, n) => value - (2 / x.length) * gradient[n]!);
    if (Math.max(...gradient.map(Math.abs)) < 1e-9) break;
  }
  return beta;
};

describe('logistic regression', () => {
  test('gives the published coefficients of the hours of study', () => {
    const { intercept, weights } = fitLogistic(
      HOURS.map((hours) => [hours]),
      PASSED,
      0,
    );
    expect(intercept).toBeCloseTo(-4.0777, 3);
    expect(weights[0]).toBeCloseTo(1.5046, 3);
    // Its table of probabilities of passing: 2 hours 0.26, 4 hours 0.87.
    expect(probabilityOf(logOddsOf({ intercept, weights }, [2]))).toBeCloseTo(0.26, 2);
    expect(probabilityOf(logOddsOf({ intercept, weights }, [4]))).toBeCloseTo(0.87, 2);
  });

  test.each([
    [1, 200, 1, 0],
    [2, 300, 3, 1],
    [3, 150, 4, 10],
    [4, 100, 6, 0.5],
  ])('is where gradient descent ends (seed %d, %d rows, %d features, λ %d)', (seed, rows, width, lambda) => {
    const { x, y } = drawn(seed, rows, width);
    const { intercept, weights } = fitLogistic(x, y, lambda);
    const wanted = byGradientDescent(x, y, lambda);
    expect(Math.max(...[intercept, ...weights].map((value, n) => Math.abs(value - wanted[n]!)))).toBeLessThan(1e-6);
  });

  test('the penalty keeps it finite where a feature separates the classes, and shares between two that are the same', () => {
    const x = [-3, -2, -1, 1, 2, 3].map((value) => [value, value]);
    const { intercept, weights } = fitLogistic(x, [0, 0, 0, 1, 1, 1], 1);
    expect(intercept).toBeCloseTo(0, 9);
    expect(weights[0]).toBeGreaterThan(0.3);
    expect(weights[0]).toBeLessThan(3);
    expect(weights[1]).toBeCloseTo(weights[0]!, 9);
  });

  test('a stronger penalty means smaller weights', () => {
    const { x, y } = drawn(5, 200, 2);
    const size = (lambda: number) => Math.hypot(...fitLogistic(x, y, lambda).weights);
    expect(size(1)).toBeGreaterThan(size(10));
    expect(size(10)).toBeGreaterThan(size(1_000));
    expect(size(1e9)).toBeLessThan(1e-6);
  });

  test('with nothing to learn from it says the share of all', () => {
    const { intercept, weights } = fitLogistic([[0], [0], [0], [0]], [1, 0, 0, 0], 1);
    expect([probabilityOf(intercept), weights[0]]).toEqual([expect.closeTo(0.25, 9), 0]);
  });

  test('survives scores beyond any exponential, and refuses what is no number', () => {
    expect([probabilityOf(1e4), probabilityOf(-1e4), probabilityOf(0)]).toEqual([1, 0, 0.5]);
    expect(() => fitLogistic([[Number.NaN], [1]], [0, 1], 1)).toThrow(
      expect.toSatisfy((error) => error instanceof NotConverged || error instanceof NotPositiveDefinite),
    );
  });
});

describe('a symmetric system', () => {
  test('is solved', () => {
    const a = [
      [4, 2, 1],
      [2, 5, 3],
      [1, 3, 6],
    ];
    const x = [...solveSymmetric(a, [9, 21, 25])];
    const back = a.map((row) => row.reduce((sum, value, n) => sum + value * x[n]!, 0));
    expect(back.map((value) => Number(value.toFixed(9)))).toEqual([9, 21, 25]);
  });
  test('that is not positive definite is refused', () => {
    const a = [
      [1, 2],
      [2, 1],
    ];
    expect(() => solveSymmetric(a, [1, 1])).toThrow(NotPositiveDefinite);
  });
});
