import { expect, test } from 'vitest';
import { type ArmCount, figuresOf } from '../../../../core/strategy/experiment/figures.ts';
import { lnChoose, lnGamma } from '../../../../core/strategy/experiment/log-gamma.ts';
import { beta, seededBy } from '../../../../core/strategy/experiment/random.ts';
import { type Beta, bBeatsA, cBeatsBoth, lossOfA } from './closed-forms.ts';

const arm = (name: string, people: number, successes: number): ArmCount => ({ name, people, successes });
const posterior = ({ people, successes }: ArmCount): Beta => ({ a: 1 + successes, b: 1 + people - successes });
/** Four standard errors of a probability of 20,000 draws. */
const FOUR = 4 * Math.sqrt(0.25 / 20_000);

test('the gamma function is right to 11 digits', () => {
  let factorial = 0;
  for (let n = 1; n < 170; n += 1) {
    expect(Math.abs(lnGamma(n) - factorial)).toBeLessThan(1e-11 * Math.max(1, factorial));
    factorial += Math.log(n);
  }
  expect(lnGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 11);
  expect(Math.exp(lnChoose(30, 12))).toBeCloseTo(86_493_225, 3);
});

test('the same seed gives the same numbers, another one others, all of them evenly spread', () => {
  const draw = (seed: string) => {
    const random = seededBy(seed);
    return Array.from({ length: 10_000 }, random);
  };
  expect(draw('one')).toEqual(draw('one'));
  expect(draw('one').slice(0, 3)).not.toEqual(draw('two').slice(0, 3));
  const tenths = Map.groupBy(draw('one'), (x) => Math.floor(x * 10));
  // Chi-square with nine degrees of freedom: 27.9 is exceeded once in a thousand times.
  const chi2 = [...tenths.values()].reduce((sum, own) => sum + (own.length - 1_000) ** 2 / 1_000, 0);
  expect(tenths.size).toBe(10);
  expect(chi2).toBeLessThan(27.9);
});

test.each([
  [1, 1],
  [1, 30],
  [2.5, 7.5],
  [201, 1_801],
  [90_001, 910_001],
])('a beta with %d and %d has its mean and its variance', (a, b) => {
  const random = seededBy(`${a} ${b}`);
  const values = Array.from({ length: 40_000 }, () => beta(random, a, b));
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  const exact = (a * b) / ((a + b) ** 2 * (a + b + 1));
  expect(Math.abs(mean - a / (a + b))).toBeLessThan(5 * Math.sqrt(exact / values.length));
  expect(variance / exact).toBeGreaterThan(0.95);
  expect(variance / exact).toBeLessThan(1.05);
});

test('the closed forms, as they are published, give what can be told without them', () => {
  // Against a rate that may be anything, the probability to be higher is one's mean.
  for (const [a, b] of [
    [1, 1],
    [2, 1],
    [7, 3],
    [20, 180],
  ] as const) {
    expect(bBeatsA({ a: 1, b: 1 }, { a, b })).toBeCloseTo(a / (a + b), 10);
  }
  // The larger of two evenly spread numbers is 2/3 on average, one of them 1/2.
  expect(lossOfA({ a: 1, b: 1 }, { a: 1, b: 1 })).toBeCloseTo(1 / 6, 12);
  expect(cBeatsBoth({ a: 1, b: 1 }, { a: 1, b: 1 }, { a: 1, b: 1 })).toBeCloseTo(1 / 3, 12);
  const [A, B, C] = [posterior(arm('A', 60, 50)), posterior(arm('B', 90, 75)), posterior(arm('C', 35, 20))];
  expect(bBeatsA(A, B) + bBeatsA(B, A)).toBeCloseTo(1, 10);
  expect(cBeatsBoth(A, B, C) + cBeatsBoth(A, C, B) + cBeatsBoth(B, C, A)).toBeCloseTo(1, 10);
  // A lead is what one loses less than the other.
  expect(lossOfA(A, B) - lossOfA(B, A)).toBeCloseTo(B.a / (B.a + B.b) - A.a / (A.a + A.b), 10);
});

test.each([
  [arm('A', 60, 50), arm('B', 90, 75)],
  [arm('A', 60, 50), arm('C', 35, 20)],
  [arm('A', 1_000, 100), arm('B', 1_000, 120)],
  [arm('A', 5_000, 50), arm('B', 500, 9)],
  [arm('A', 0, 0), arm('B', 10, 0)],
  [arm('A', 40_000, 1_200), arm('B', 40_000, 1_290)],
])('P(best) and expected loss of two arms are those of the closed forms: %j %j', (a, b) => {
  const [ofA, ofB] = figuresOf([a, b], 'seed');
  const [A, B] = [posterior(a), posterior(b)];
  expect(Math.abs((ofB?.pBest ?? 0) - bBeatsA(A, B))).toBeLessThan(FOUR);
  expect((ofA?.pBest ?? 0) + (ofB?.pBest ?? 0)).toBeCloseTo(1, 9);
  const spread = Math.sqrt([A, B].reduce((sum, { a, b }) => sum + (a * b) / ((a + b) ** 2 * (a + b + 1)), 0));
  expect(Math.abs((ofA?.expectedLoss ?? 0) - lossOfA(A, B))).toBeLessThan((4 * spread) / Math.sqrt(20_000));
  expect(Math.abs((ofB?.expectedLoss ?? 0) - lossOfA(B, A))).toBeLessThan((4 * spread) / Math.sqrt(20_000));
});

test('P(best) of three arms is that of the closed form', () => {
  const arms = [arm('A', 200, 20), arm('B', 220, 26), arm('C', 180, 25)] as const;
  const [A, B, C] = arms.map(posterior) as [Beta, Beta, Beta];
  const figures = figuresOf(arms, 'three');
  expect(Math.abs((figures[0]?.pBest ?? 0) - cBeatsBoth(B, C, A))).toBeLessThan(FOUR);
  expect(Math.abs((figures[1]?.pBest ?? 0) - cBeatsBoth(A, C, B))).toBeLessThan(FOUR);
  expect(Math.abs((figures[2]?.pBest ?? 0) - cBeatsBoth(A, B, C))).toBeLessThan(FOUR);
  for (const { rate, low, high } of figures) expect(low < rate && rate < high).toBe(true);
});
