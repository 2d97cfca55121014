import { describe, expect, test } from 'vitest';
import {
  type AmountCount,
  amountP,
  beyondT,
  meanOf,
  studentP,
  welchP,
} from '../../../../core/strategy/experiment/amount-tests.ts';
import { normal, type Random, seededBy } from '../../../../core/strategy/experiment/random.ts';
import { verdictAtEnd } from '../../../../core/strategy/experiment/verdict.ts';
import { amountCount, readSpent } from './amounts.ts';

test('Student’s t beyond a value: its closed forms, the tables, and the normal distribution', () => {
  for (const t of [-40, -3, -0.2, 0, 0.7, 1.5, 12]) {
    expect(beyondT(t, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(Math.abs(t)), 12);
    expect(beyondT(t, 2)).toBeCloseTo(1 - Math.abs(t) / Math.sqrt(2 + t * t), 12);
  }
  // NIST/SEMATECH e-Handbook, 1.3.6.7.2: 0.975 and 0.999 of t.
  for (const [degrees, at, far] of [
    [5, 2.571, 5.893],
    [10, 2.228, 4.143],
    [30, 2.042, 3.385],
    [100, 1.984, 3.174],
  ] as const) {
    expect(beyondT(at, degrees)).toBeCloseTo(0.05, 4);
    expect(beyondT(far, degrees)).toBeCloseTo(0.002, 5);
  }
  expect(beyondT(1.959963985, 2e7)).toBeCloseTo(0.05, 6);
  expect(beyondT(4.5, 3.5e5) / 6.795e-6).toBeCloseTo(1, 2);
});

test('the tests of Welch and Student: the sleep of Student’s ten patients (Biometrika 6, 1908)', () => {
  const first = amountCount('A', 10, [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2]);
  const second = amountCount('B', 10, [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
  // t.test(extra ~ group, data = sleep) in R's documentation: t = -1.8608, df = 17.776, p-value = 0.07939; equal variances: 0.07919.
  expect(welchP(first, second)).toBeCloseTo(0.07939, 5);
  expect(studentP(first, second)).toBeCloseTo(0.07919, 5);
  expect(amountP(second, first)).toBe(welchP(first, second));
});

test('what cannot be told: an arm of one person, amounts that are all the same', () => {
  const same = (name: string, people: number, amount: number): AmountCount => ({
    ...{ name, people, successes: people, sum: people * amount, variance: 0 },
  });
  expect(amountP(same('A', 1, 5), same('B', 900, 0))).toBe(1);
  expect(amountP(same('A', 0, 0), same('B', 0, 0))).toBe(1);
  expect(amountP(same('A', 400, 0), same('B', 400, 0))).toBe(1);
  expect(amountP(same('A', 400, 9), same('B', 400, 8))).toBeLessThan(1e-200);
});

test('a few people who all bought for the same, and a few who did not, come about by chance', () => {
  const few = (people: number) => [
    { ...amountCount('A', people, []), share: 1 },
    { ...amountCount('B', people, new Array<number>(people).fill(10)), share: 1 },
  ];
  const because = (people: number) => verdictAtEnd(few(people), { ...rules, minimumSample: 1 }, 'few').because;
  // Of 20 ways to deal three of six people out to B, one takes the three who buy, and one the others: 0.1.
  expect([2, 3, 4].map(because)).toEqual(['no-winner', 'no-winner', 'winner']);
  expect(amountP(few(3)[0]!, few(3)[1]!)).toBeCloseTo(0.1, 9);
});

const rules = { minimumSample: 100, confidence: 0.95, defaultArm: 'A' };
/** So many of 1,000 people bought for so much each. */
const arms = (...pairs: [people: number, buyers: number, each: number][]) =>
  pairs.map(([people, buyers, each], n) => ({
    ...amountCount('ABC'.charAt(n), people, new Array<number>(buyers).fill(each)),
    share: 1,
  }));
test.each([
  ['more by more buyers', arms([1_000, 30, 20], [1_000, 60, 20]), 'B', 'winner'],
  ['as many buyers, each for much more', arms([1_000, 60, 20], [1_000, 60, 35]), 'B', 'winner'],
  ['as many buyers, each for a little more', arms([1_000, 60, 20], [1_000, 60, 22]), 'A', 'no-winner'],
  ['more buyers, each for less', arms([1_000, 40, 40], [1_000, 80, 20]), 'A', 'no-winner'],
  ['the default itself', arms([1_000, 60, 20], [1_000, 30, 20]), 'A', 'winner'],
  ['one large amount', arms([1_000, 30, 20], [1_000, 1, 9_000]), 'A', 'no-winner'],
  ['better than one of two', arms([1_000, 30, 20], [1_000, 60, 20], [1_000, 60, 19]), 'A', 'no-winner'],
  ['better than both', arms([1_000, 30, 20], [1_000, 70, 20], [1_000, 28, 20]), 'B', 'winner'],
  ['few people', arms([99, 3, 20], [99, 90, 20]), 'A', 'too-few-people'],
  ['not the people of its share', arms([1_000, 30, 20], [1_400, 140, 20]), 'A', 'sample-ratio'],
  ['nobody buys', arms([1_000, 0, 0], [1_000, 0, 0]), 'A', 'no-winner'],
] as const)('at the end, by amounts: %s', (_, counts, arm, because) => {
  const verdict = verdictAtEnd([...counts], rules, 'seed');
  expect(verdict).toMatchObject({ arm, because });
  expect(verdict.figures).toMatchObject(counts.map(({ name, people, sum }) => ({ name, people, sum })));
});

const RUNS = 2_000;
/** Of so many false winners at 5 %: 100, and three standard errors (9.7 each) for chance. */
const AT_MOST = 129;
const BUYERS = 0.03;

/** Of so many people some buy, each by chance (how many do not, up to the next, is drawn at once); `buy` draws the amount. */
const arm = (random: Random, people: number, buy: () => number, buyers = BUYERS): AmountCount => {
  const amounts: number[] = [];
  const skipped = () => Math.floor(Math.log(1 - random()) / Math.log(1 - buyers));
  for (let n = skipped(); n < people; n += 1 + skipped()) amounts.push(buy());
  return amountCount('', people, amounts);
};
type P = typeof amountP;
/** How many of the runs name a winner by a test. `lift`: by how much the last arm's amounts are multiplied. */
const winners = (
  people: readonly number[],
  draw: (random: Random) => number,
  test: P = amountP,
  runs = RUNS,
  lift = 1,
) => {
  const random = seededBy(`${people}`);
  let named = 0;
  for (let run = 0; run < runs; run += 1) {
    const all = people.map((some, n) => arm(random, some, () => draw(random) * (n === people.length - 1 ? lift : 1)));
    const [first, ...others] = all.toSorted((a, b) => meanOf(b) - meanOf(a)) as [AmountCount, ...AmountCount[]];
    const level = 0.05 / others.length;
    named += Number(others.every((other) => meanOf(first) > meanOf(other) && test(first, other) <= level));
  }
  return named;
};
/** Log-normal: at 1 the largest of a hundred amounts is some ten times the median, at 2 a hundred times. */
const logNormal = (sigma: number) => (random: Random) => Math.exp(sigma * normal(random));

const SPLITS = [
  [500, 500],
  [100, 100],
  [200, 800],
  [900, 100],
  [980, 20],
  [400, 300, 300],
  [800, 100, 100],
];
describe.each([1, 2])('2,000 times equal arms, 30 of 1,000 people buy, amounts are log-normal(%d)', (sigma) => {
  test.each(SPLITS)('the level holds for %j and %j …', (...people) => {
    expect(winners(people, logNormal(sigma))).toBeLessThan(AT_MOST);
  });
});

const SPENT = readSpent();
if (!SPENT) console.info('Skipped amounts of the CDNOW history: shared/data/cdnow-purchases.txt.gz is not there');
describe.skipIf(!SPENT)(
  '2,000 times equal arms, 30 of 1,000 people buy, amounts are those of the CDNOW history',
  () => {
    const draw = (random: Random) => SPENT?.[Math.floor(random() * SPENT.length)] ?? 0;
    test.each(SPLITS)('the level holds for %j and %j …', (...people) => {
      expect(winners(people, draw)).toBeLessThan(AT_MOST);
    });

    test('half as much again is found, in large arms nearly always', () => {
      expect(winners([10_000, 10_000], draw, amountP, 200, 1.5)).toBeGreaterThan(80);
      expect(winners([40_000, 40_000], draw, amountP, 200, 1.5)).toBeGreaterThan(180);
    });
  },
);

test('each of the two tests alone would name far too many where arms differ in size', () => {
  expect(winners([900, 100], logNormal(1), welchP)).toBeGreaterThan(2 * AT_MOST);
  expect(winners([900, 100], logNormal(2), studentP)).toBeGreaterThan(AT_MOST);
});

test('the level is used: arms of one size lose nothing by the second test', () => {
  const draw = logNormal(1);
  expect(winners([5_000, 5_000], draw)).toBeGreaterThan(50);
  expect(winners([500, 500], draw, amountP, 500)).toBe(winners([500, 500], draw, welchP, 500));
});

test('a real difference is found', () => {
  const draw = logNormal(1);
  // The amounts are half as much again, of as many buyers.
  const equal = winners([10_000, 10_000], draw, amountP, 200, 1.5);
  expect(equal).toBeGreaterThan(160);
  expect(winners([16_000, 4_000], draw, amountP, 200, 1.5)).toBeGreaterThan(80);
  expect(winners([10_000, 10_000, 10_000], draw, amountP, 200, 1.7)).toBeGreaterThan(160);
});

/** One arm has so many times the buyers of the other, each for so much less: none brings in more. How many of the runs name a winner. */
const wronglyNamed = ([first, second]: readonly [number, number], times: number, runs = RUNS) => {
  const random = seededBy(`${first} ${second} ${times}`);
  const draw = logNormal(1);
  const p = () =>
    amountP(
      arm(random, first, () => draw(random) / times, times * BUYERS),
      arm(random, second, () => draw(random)),
    );
  return Array.from({ length: runs }, p).filter((one) => one <= 0.05).length;
};

test.each([
  [500, 500],
  [2_000, 2_000],
  [800, 200],
  [200, 800],
  [8_000, 2_000],
] as const)('2,000 times as much by twice as many buyers for half, %d and %d people: the level holds', (...people) => {
  expect(wronglyNamed(people, 2)).toBeLessThan(AT_MOST);
});

test('where ten times as many spend a tenth, many buyers are needed for the level to hold', () => {
  expect(wronglyNamed([500, 500], 10)).toBeGreaterThan(AT_MOST);
  // 5 % of 250, and three standard errors.
  expect(wronglyNamed([20_000, 20_000], 10, 250)).toBeLessThan(23);
});
