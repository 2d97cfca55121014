import { expect, test } from 'vitest';
import { figuresOf } from '../../../../core/strategy/experiment/figures.ts';
import { seededBy } from '../../../../core/strategy/experiment/random.ts';
import { evidence, exactP } from '../../../../core/strategy/experiment/tests.ts';
import { type Rules, verdictAtEnd, verdictNow } from '../../../../core/strategy/experiment/verdict.ts';

const rules: Rules = { minimumSample: 100, confidence: 0.95, defaultArm: 'A' };
const arm = (name: string, people: number, successes: number) => ({ name, people, successes });
const counts = (...pairs: [people: number, successes: number][]) =>
  pairs.map(([people, successes], n) => ({ name: 'ABCD'.charAt(n), people, successes, share: 1 }));

test('the exact test: Fisher’s lady and his twins', () => {
  // The Design of Experiments, 1935: three of four cups right, or all, have 17 of 70 chances.
  expect(exactP({ people: 4, successes: 3 }, { people: 4, successes: 1 })).toBeCloseTo(17 / 70, 12);
  // Convicted twins of convicts, 10 of 13 and 2 of 17: 0.0004652 in the examples of R's fisher.test; by counting 40,235 / 86,493,225.
  expect(exactP({ people: 13, successes: 10 }, { people: 17, successes: 2 })).toBeCloseTo(40_235 / 86_493_225, 12);
  expect(exactP({ people: 5, successes: 0 }, { people: 9, successes: 4 })).toBeCloseTo(1, 12);
  expect(exactP({ people: 0, successes: 0 }, { people: 0, successes: 0 })).toBeCloseTo(1, 12);
  expect(exactP({ people: 500_000, successes: 25_500 }, { people: 500_000, successes: 25_000 })).toBeCloseTo(0.0114, 3);
});

test('the evidence of a few successes, by hand', () => {
  expect(evidence(0, 0, 0.5)).toBeCloseTo(1, 12);
  // Beta(1/2, 1/2) expects the first success at either arm alike.
  expect(evidence(1, 0, 0.5)).toBeCloseTo(1, 12);
  expect(evidence(1, 0, 0.25)).toBeCloseTo(2, 12);
  // Two in a row: 1/2 × 3/4, against 1/4.
  expect(evidence(2, 0, 0.5)).toBeCloseTo(1.5, 12);
  expect(evidence(1, 1, 0.5)).toBeCloseTo(0.5, 12);
});

test('the evidence is a fair bet when no arm is better: whoever succeeds next, it stays the same on average', () => {
  for (const share of [0.5, 0.1, 0.7]) {
    for (const [a, b] of [
      [0, 0],
      [3, 1],
      [40, 55],
    ] as const) {
      const next = share * evidence(a + 1, b, share) + (1 - share) * evidence(a, b + 1, share);
      expect(next / evidence(a, b, share)).toBeCloseTo(1, 9);
    }
  }
});

test.each([
  ['too few people of one arm', counts([99, 0], [120, 60]), 'A', 'too-few-people'],
  ['much better, and far more than its share', counts([1_000, 100], [1_200, 192]), 'A', 'sample-ratio'],
  ['few, and not by chance', counts([99, 0], [10_000, 5_000]), 'A', 'sample-ratio'],
  ['much better', counts([1_000, 100], [1_000, 160]), 'B', 'winner'],
  ['better, perhaps', counts([1_000, 100], [1_000, 115]), 'A', 'no-winner'],
  ['equal', counts([1_000, 100], [1_000, 100]), 'A', 'no-winner'],
  ['nobody succeeds', counts([1_000, 0], [1_000, 0]), 'A', 'no-winner'],
  ['better than one of two', counts([1_000, 100], [1_000, 160], [1_000, 158]), 'A', 'no-winner'],
  ['better than both', counts([1_000, 100], [1_000, 160], [1_000, 105]), 'B', 'winner'],
  ['the default itself wins', counts([1_000, 160], [1_000, 100]), 'A', 'winner'],
] as const)('at the end: %s', (_, arms, arm, because) => {
  expect(verdictAtEnd(arms, rules, 'seed')).toMatchObject({ arm, because });
});

/** As verdictNow takes them. */
const shown = (arms: ReturnType<typeof counts>) => figuresOf(arms, 'seed').map((arm) => ({ ...arm, share: 1 }));

test('the verdict tells how well people fit the shares, and figures are of counts alone', () => {
  const { sampleRatio, figures } = verdictAtEnd(counts([1_000, 100], [1_000, 160]), rules, 'seed');
  expect(sampleRatio).toEqual({ p: 1, isMismatch: false });
  expect(figures).toEqual(figuresOf([arm('A', 1_000, 100), arm('B', 1_000, 160)], 'seed'));
  const uneven = counts([1_000, 100], [3_000, 480]).map((one, n) => ({ ...one, share: n ? 75 : 25 }));
  expect(verdictAtEnd(uneven, rules, 'seed')).toMatchObject({ because: 'winner', sampleRatio: { isMismatch: false } });
  expect(verdictAtEnd(counts([0, 0], [0, 0]), rules, 'seed').sampleRatio).toBeUndefined();
});

test('while it goes on: neither before its time, nor with too few; a winner, or the default where it hardly matters', () => {
  const better = shown(counts([4_000, 400], [4_000, 560]));
  expect(verdictNow(better, rules, false)).toBeUndefined();
  expect(verdictNow(better, { ...rules, minimumSample: 4_001 }, true)).toBeUndefined();
  expect(verdictNow(better, rules, true)).toEqual({ arm: 'B', because: 'winner' });
  expect(verdictNow(shown(counts([1_000, 100], [1_000, 115])), rules, true)).toBeUndefined();
  const alike = shown(counts([400_000, 40_000], [400_000, 39_900]));
  expect(verdictNow(alike, rules, true)).toEqual({ arm: 'A', because: 'no-difference' });
  // The default is clearly worse than another, and that one no better than a third.
  const third = shown(counts([400_000, 40_000], [400_000, 44_000], [400_000, 44_010]));
  expect(verdictNow(third, rules, true)).toBeUndefined();
});

/** People succeed or not, each by chance. */
const succeed = (random: () => number, people: number, rate: number): number => {
  let successes = 0;
  for (let n = 0; n < people; n += 1) if (random() < rate) successes += 1;
  return successes;
};

const RUNS = 2_000;
/** Of so many false winners at 5 %: 100, and three standard errors (9.7 each) for chance. */
const AT_MOST = 129;

test('2,000 times A/A, looked at twenty times each: the level holds, where the same looks at P(best) alone do not', () => {
  const random = seededBy('peeking');
  let named = 0;
  let naive = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const sums = { a: 0, b: 0 };
    let isNamed = false;
    let seemsBetter = false;
    for (let look = 1; look <= 20; look += 1) {
      sums.a += succeed(random, 100, 0.1);
      sums.b += succeed(random, 100, 0.1);
      isNamed ||= evidence(sums.a, sums.b, 0.5) >= 1 / 0.05;
      // P(best) by its normal approximation: 95 % is 1.645 standard errors.
      const se = Math.sqrt((sums.a + sums.b) * (1 - (sums.a + sums.b) / (200 * look)));
      seemsBetter ||= Math.abs(sums.a - sums.b) > 1.645 * se;
    }
    named += Number(isNamed);
    naive += Number(seemsBetter);
  }
  expect(named).toBeLessThan(AT_MOST);
  expect(named).toBeGreaterThan(0);
  expect(naive).toBeGreaterThan(5 * AT_MOST);
});

test('2,000 times A/A/A/A with unequal shares, looked at ten times each: the level is of all arms together', () => {
  const random = seededBy('four arms');
  const shares = [40, 30, 20, 10];
  let named = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const sums = [0, 0, 0, 0];
    let isNamed = false;
    for (let look = 0; look < 10; look += 1) {
      shares.forEach((share, at) => {
        sums[at] = (sums[at] ?? 0) + succeed(random, share, 0.3);
      });
      isNamed ||= sums.some((own, at) =>
        sums.every((other, to) => {
          const [mine, theirs] = [shares[at] ?? 0, shares[to] ?? 0];
          if (at === to) return true;
          return own * theirs > other * mine && evidence(own, other, mine / (mine + theirs)) >= 3 / 0.05;
        }),
      );
    }
    named += Number(isNamed);
  }
  expect(named).toBeLessThan(AT_MOST);
});

test.each([2, 3])('2,000 times %i equal arms, decided at the end: the level holds', (many) => {
  const random = seededBy(`end ${many}`);
  let named = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const arms = Array.from({ length: many }, (_, n) => ({
      name: `${n}`,
      people: 400,
      successes: succeed(random, 400, 0.2),
    }));
    const [first, ...others] = arms.toSorted((a, b) => b.successes - a.successes);
    const level = 0.05 / others.length;
    named += Number(first && others.every((other) => 2 * exactP(first, other) <= level));
  }
  expect(named).toBeLessThan(AT_MOST);
  expect(named).toBeGreaterThan(0);
});
