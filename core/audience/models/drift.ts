import { cutsOf, groupOf } from './quantiles.ts';

/** How values were spread when a version was fitted: tenths by its own values, and the share of people in each. */
export type Distribution = { cuts: number[]; shares: number[] };

export const distributionOf = (values: ArrayLike<number>): Distribution => {
  const cuts = [...new Set(cutsOf(values, 10))];
  return { cuts, shares: sharesIn(cuts, values) };
};

const sharesIn = (cuts: readonly number[], values: ArrayLike<number>): number[] => {
  const shares = Array.from({ length: cuts.length + 1 }, () => 0);
  for (let n = 0; n < values.length; n += 1) {
    const group = groupOf(values[n]!, cuts) - 1;
    shares[group] = shares[group]! + 1 / values.length;
  }
  return shares;
};

/** An empty group counts as one person in ten thousand: the logarithm of 0 would say nothing else. */
const EMPTY = 1e-4;

/**
 * Population stability index: Σ (new − old) × ln(new / old) over the groups of the old distribution. It is 0 when nothing
 * moved and the same in both directions (Siddiqi, Credit Risk Scorecards, 2006).
 */
export const stabilityIndex = (before: Distribution, values: ArrayLike<number>): number => {
  const now = sharesIn(before.cuts, values);
  return before.shares.reduce((sum, share, n) => {
    const [old, current] = [Math.max(share, EMPTY), Math.max(now[n]!, EMPTY)];
    return sum + (current - old) * Math.log(current / old);
  }, 0);
};

/** Siddiqi's thresholds: below 0.1 no change to speak of, from 0.25 on a shift that asks for a new look. */
export type Drift = 'stable' | 'moved' | 'shifted';
export const driftOf = (index: number): Drift => (index < 0.1 ? 'stable' : index < 0.25 ? 'moved' : 'shifted');
