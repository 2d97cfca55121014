import { expect, test } from 'vitest';
import { amountFiguresOf } from '../../../../core/strategy/experiment/amount-figures.ts';
import type { AmountCount } from '../../../../core/strategy/experiment/amount-tests.ts';
import { normal, type Random, seededBy } from '../../../../core/strategy/experiment/random.ts';
import { amountCount, readSpent } from './amounts.ts';

/** The normal distribution function: Abramowitz and Stegun, 26.2.17, right to 7.5e-8. */
const phi = (z: number): number => {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const below = 1 - density(z) * poly;
  return z >= 0 ? below : 1 - below;
};
const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
/** Four standard errors of a probability of 20,000 draws. */
const FOUR = 4 * Math.sqrt(0.25 / 20_000);
const arm = (name: string, people: number, sum: number, variance: number): AmountCount => ({
  ...{ name, people, successes: 1, sum, variance },
});

test.each([
  [arm('A', 1_000, 500, 40), arm('B', 1_000, 800, 40)],
  [arm('A', 5_000, -500, 9), arm('B', 500, 20, 9)],
  [arm('A', 90, 1e6, 1e7), arm('B', 200, 2.3e6, 1e7)],
])('P(best), expected loss and intervals of two arms are those of the closed forms: %j %j', (a, b) => {
  const [ofA, ofB] = amountFiguresOf([a, b], 'seed');
  const [meanA, meanB] = [a.sum / a.people, b.sum / b.people];
  const people = a.people + b.people;
  const whole = (meanA * a.people + meanB * b.people) / people;
  const between = a.people * (meanA - whole) ** 2 + b.people * (meanB - whole) ** 2;
  // The spread of all is the greater one: the means differ.
  const variance = (a.variance * (people - 2) + between) / (people - 1);
  const [errorA, errorB] = [Math.sqrt(variance / a.people), Math.sqrt(variance / b.people)];
  const error = Math.sqrt(errorA ** 2 + errorB ** 2);
  const z = (meanB - meanA) / error;
  expect(Math.abs((ofB?.pBest ?? 0) - phi(z))).toBeLessThan(FOUR);
  expect((ofA?.pBest ?? 0) + (ofB?.pBest ?? 0)).toBeCloseTo(1, 9);
  // E[max(B − A, 0)] of a normal difference.
  const loss = (meanB - meanA) * phi(z) + error * density(z);
  expect(Math.abs((ofA?.expectedLoss ?? 0) - loss)).toBeLessThan((4 * error) / Math.sqrt(20_000));
  expect(Math.abs((ofB?.expectedLoss ?? 0) - (loss - meanB + meanA))).toBeLessThan((4 * error) / Math.sqrt(20_000));
  expect(Math.abs((ofA?.low ?? 0) - (meanA - 1.96 * errorA))).toBeLessThan(0.1 * errorA);
  expect(Math.abs((ofB?.high ?? 0) - (meanB + 1.96 * errorB))).toBeLessThan(0.1 * errorB);
});

test('what is shown of an arm: people, those with an amount, sum, mean and deviation, in the unit of the amount', () => {
  const arms = [amountCount('A', 4, [10, 30]), amountCount('B', 4, [8])];
  const figures = amountFiguresOf(arms, 's');
  expect(figures).toMatchObject([
    { name: 'A', people: 4, successes: 2, sum: 40, mean: 10 },
    { name: 'B', people: 4, successes: 1, sum: 8, mean: 2 },
  ]);
  // (2 × 10² + 20²) / 3, and (3 × 2² + 6²) / 3.
  expect(figures[0]?.standardDeviation).toBeCloseTo(Math.sqrt(200), 9);
  expect(figures[1]?.standardDeviation).toBeCloseTo(4, 9);
  expect(figures[0]).not.toHaveProperty('variance');
  expect(amountFiguresOf(arms, 's')).toEqual(figures);
  expect(amountFiguresOf(arms, 't')).not.toEqual(figures);
});

test('an arm in which nobody has bought yet is not for sure worth nothing', () => {
  const [none, some] = amountFiguresOf([arm('A', 100, 0, 0), arm('B', 100, 30, 9)], 's');
  expect(none?.high).toBeGreaterThan(0.3);
  expect(none?.pBest).toBeGreaterThan(0.1);
  expect(some?.low).toBeLessThan(0);
});

test('without people, or without amounts, none is better', () => {
  const empty = { ...{ mean: 0, standardDeviation: 0, low: 0, high: 0, expectedLoss: 0 } };
  for (const people of [0, 1, 700]) {
    const figures = amountFiguresOf([arm('A', people, 0, 0), arm('B', people, 0, 0)], 's');
    expect(figures).toMatchObject([
      { ...empty, name: 'A', people, pBest: 0.5 },
      { ...empty, name: 'B', people, pBest: 0.5 },
    ]);
  }
});

const SPENT = readSpent();
const spent = (random: Random) => SPENT?.[Math.floor(random() * SPENT.length)] ?? 0;
const average = (SPENT ?? []).reduce((sum, amount) => sum + amount, 0) / (SPENT?.length ?? 1);
test.each([
  ['log-normal', (random: Random) => Math.exp(normal(random)), Math.exp(0.5), 0.91],
  // A few who spend a lot make much of it: it holds the true mean less often than it says.
  ...(SPENT ? [['CDNOW', spent, average, 0.84] as const] : []),
] as const)(
  'how often the interval of 500 people, some 15 of whom buy, holds the true mean: %s amounts',
  (name, draw, mean, atLeast) => {
    const random = seededBy(name);
    const count = (arm: string) => {
      const amounts = Array.from({ length: 500 }, () => random() < 0.03).flatMap((buys) =>
        buys ? [draw(random)] : [],
      );
      return amountCount(arm, 500, amounts);
    };
    const held = Array.from({ length: 60 }, (_, n) =>
      amountFiguresOf([count('A'), count('B')], `${n}`).map(
        ({ low, high }) => low <= 0.03 * mean && 0.03 * mean <= high,
      ),
    ).flat();
    expect(held.filter(Boolean).length / held.length).toBeGreaterThan(atLeast);
  },
);
