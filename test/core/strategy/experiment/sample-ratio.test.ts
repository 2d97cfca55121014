import { expect, test } from 'vitest';
import { seededBy } from '../../../../core/strategy/experiment/random.ts';
import { chiSquareP, sampleRatioOf } from '../../../../core/strategy/experiment/sample-ratio.ts';

test.each([
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4: upper critical values.
  [1, 3.841, 0.05],
  [1, 10.828, 0.001],
  [2, 13.816, 0.001],
  [3, 16.266, 0.001],
  [7, 14.067, 0.05],
  [19, 43.82, 0.001],
])('with %i degrees of freedom %d is exceeded with a probability of %d', (degrees, x, p) => {
  expect(chiSquareP(x, degrees) / p).toBeCloseTo(1, 2);
});

test('with even degrees of freedom it is a sum of Poisson probabilities, which needs no approximation', () => {
  const twin = (x: number, degrees: number) => {
    let [term, sum] = [1, 0];
    for (let n = 0; n < degrees / 2; n += 1) {
      sum += term;
      term *= x / 2 / (n + 1);
    }
    return Math.exp(-x / 2) * sum;
  };
  for (const degrees of [2, 4, 8, 18])
    for (const x of [0.01, 0.5, 1.9, 4, 9, 20, 60, 200])
      expect(chiSquareP(x, degrees) / twin(x, degrees), `${x}, ${degrees}`).toBeCloseTo(1, 9);
  expect(chiSquareP(0, 3)).toBe(1);
});

const arms = (...pairs: [people: number, expected: number][]) =>
  pairs.map(([people, expected], n) => ({ name: 'ABCD'.charAt(n), people, expected }));

test.each([
  ['as they should be', arms([500, 500], [500, 500]), false],
  // 821,588 and 815,482 of 1,637,070: Kohavi, Tang and Xu, chapter 21, of which p is 1.8e-6.
  ['a difference that is small, and not by chance', arms([821_588, 818_535], [815_482, 818_535]), true],
  ['the same parts of few people', arms([822, 819], [815, 818]), false],
  ['shares of 90 and 10, one of which lost a fifth', arms([9_200, 9_000], [800, 1_000]), true],
])('%s', (_, some, isMismatch) => {
  expect(sampleRatioOf(some)?.isMismatch).toBe(isMismatch);
});

test('the published example has the published probability', () => {
  expect(sampleRatioOf(arms([821_588, 818_535], [815_482, 818_535]))?.p).toBeCloseTo(1.8e-6, 7);
});

test('of few people nothing is said; an arm without share is no arm, unless somebody came to it', () => {
  expect(sampleRatioOf(arms([9, 4], [0, 5]))).toBeUndefined();
  expect(sampleRatioOf(arms([100, 100]))).toBeUndefined();
  expect(sampleRatioOf(arms([50, 50], [50, 50], [0, 0]))).toEqual(sampleRatioOf(arms([50, 50], [50, 50])));
  expect(sampleRatioOf(arms([50, 50], [50, 50], [1, 0]))).toBeUndefined();
});

test('where chance alone has chosen, one in a thousand looks like a mismatch', () => {
  const random = seededBy('ratios');
  const RUNS = 20_000;
  let found = 0;
  for (let run = 0; run < RUNS; run += 1) {
    let a = 0;
    for (let n = 0; n < 200; n += 1) a += Number(random() < 0.3);
    found += Number(sampleRatioOf(arms([a, 60], [200 - a, 140]))?.isMismatch);
  }
  // 20, and three standard errors.
  expect(found).toBeLessThan(34);
  expect(found).toBeGreaterThan(0);
});
