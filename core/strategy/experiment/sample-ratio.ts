import { lnGamma } from './log-gamma.ts';

/** People of each arm, and how many the shares let expect. */
export type Assigned = { name: string; people: number; expected: number };

/** `p`: how likely people are spread so unevenly, or more so, by chance. */
export type SampleRatio = { p: number; isMismatch: boolean };

/**
 * Below this, something other than chance has chosen (Kohavi, Tang and Xu, Trustworthy Online Controlled Experiments, 2020, chapter 21; causes in
 * Fabijan et al., Diagnosing Sample Ratio Mismatch in Online Controlled Experiments, KDD 2019).
 */
const MISMATCH = 0.001;
/** With fewer expected in an arm the test is not right (Cochran, Biometrics 10, 1954). */
const ENOUGH = 5;

/**
 * Whether the arms have got the people that their shares ask for: Pearson's chi-square test. Undefined: there are too few people to tell.
 * Where shares have changed in between, and each time was as expected, it finds even less than it says.
 */
export const sampleRatioOf = (arms: readonly Assigned[]): SampleRatio | undefined => {
  const asked = arms.filter(({ people, expected }) => people > 0 || expected > 0);
  if (asked.length < 2 || asked.some(({ expected }) => expected < ENOUGH)) return undefined;
  const statistic = asked.reduce((sum, { people, expected }) => sum + (people - expected) ** 2 / expected, 0);
  const p = chiSquareP(statistic, asked.length - 1);
  return { p, isMismatch: p < MISMATCH };
};

/** Shares in any unit, the same for all people. */
export const expectedBy = (arms: readonly { name: string; people: number; share: number }[]): Assigned[] => {
  const people = arms.reduce((sum, arm) => sum + arm.people, 0);
  const shares = arms.reduce((sum, { share }) => sum + share, 0);
  return arms.map((arm) => ({ name: arm.name, people: arm.people, expected: (people * arm.share) / shares }));
};

const STEPS = 1_000;
const PRECISE = 1e-15;

/** Probability that chi-square with so many degrees of freedom is at least x: the incomplete gamma function Q(degrees / 2, x / 2). */
export const chiSquareP = (x: number, degrees: number): number => {
  const [a, half] = [degrees / 2, x / 2];
  if (half <= 0) return 1;
  const front = Math.exp(a * Math.log(half) - half - lnGamma(a));
  return half < a + 1 ? 1 - front * series(a, half) : front * fraction(a, half);
};

/** Of P(a, x), where x is small (Abramowitz and Stegun, 6.5.29). */
const series = (a: number, x: number): number => {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < STEPS && term > sum * PRECISE; n += 1) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
};

/** Of Q(a, x), where x is large (Abramowitz and Stegun, 6.5.31), from its end to its beginning. */
const fraction = (a: number, x: number): number => {
  let below = 0;
  for (let n = STEPS; n >= 1; n -= 1) below = (n * (n - a)) / (x + 2 * n + 1 - a - below);
  return 1 / (x + 1 - a - below);
};
