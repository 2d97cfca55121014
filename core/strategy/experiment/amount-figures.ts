import { type AmountCount, meanOf } from './amount-tests.ts';
import { DRAWS, type Shown, shownOf } from './figures.ts';
import { normal, seededBy } from './random.ts';

/** What is known of an arm that an amount decides, in the unit of the amount; `low` to `expectedLoss` are of the mean. */
export type AmountFigures = Omit<AmountCount, 'variance'> & {
  /** Amount per person, of whom most may have none; 0 without people. */
  mean: number;
  /** By how much the people's amounts differ from it: the root of their variance. */
  standardDeviation: number;
} & Shown;

/** Variance of all people's amounts, whatever arm they have. */
const varianceOfAll = (arms: readonly AmountCount[]): number => {
  const all = {
    people: arms.reduce((sum, { people }) => sum + people, 0),
    sum: arms.reduce((sum, arm) => sum + arm.sum, 0),
  };
  if (all.people < 2) return 0;
  const squares = arms.reduce(
    (sum, arm) => sum + Math.max(0, arm.people - 1) * arm.variance + arm.people * (meanOf(arm) - meanOf(all)) ** 2,
    0,
  );
  return squares / (all.people - 1);
};

/**
 * What is known of the arms: a mean is normal about what was seen (Gelman et al., Bayesian Data Analysis, 3rd edition, 4.1), and amounts below 0 may
 * be among them, so no gamma fits. An arm spreads as its own amounts do, or as all do together where that is more: one in which
 * nobody has bought yet is not for sure worth nothing. The same counts and seed give the same figures.
 */
export const amountFiguresOf = (arms: readonly AmountCount[], seed: string): AmountFigures[] => {
  const random = seededBy(seed);
  const atLeast = varianceOfAll(arms);
  const drawn = arms.map((arm) => {
    const error = Math.sqrt(Math.max(arm.variance, atLeast) / Math.max(1, arm.people));
    return Float64Array.from({ length: DRAWS }, () => meanOf(arm) + error * normal(random));
  });
  const shown = shownOf(drawn);
  return arms.map(({ name, people, successes, sum, variance }, at) => ({
    ...{ name, people, successes, sum, mean: meanOf({ people, sum }), standardDeviation: Math.sqrt(variance) },
    ...(shown[at] as Shown),
  }));
};
