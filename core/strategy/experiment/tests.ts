import type { ArmCount } from './figures.ts';
import { lnBeta, lnChoose } from './log-gamma.ts';

/** Terms of a tail that are so much smaller than the first are left out: e^-40 changes no digit. */
const NEGLIGIBLE = 40;

/**
 * Fisher's exact test, one-sided: how likely `a` has so many of all successes, or more, when neither arm is better (Fisher, The Design of
 * Experiments, 1935, II). It is for one look at the end, and holds its level whatever the common rate is.
 */
export const exactP = (a: Omit<ArmCount, 'name'>, b: Omit<ArmCount, 'name'>): number => {
  const successes = a.successes + b.successes;
  const all = lnChoose(a.people + b.people, successes);
  const term = (n: number) => lnChoose(a.people, n) + lnChoose(b.people, successes - n) - all;
  const last = Math.min(a.people, successes);
  let [sum, largest] = [0, Number.NEGATIVE_INFINITY];
  for (let n = a.successes; n <= last; n += 1) {
    const ln = term(n);
    largest = Math.max(largest, ln);
    if (ln < largest - NEGLIGIBLE) break;
    sum += Math.exp(ln);
  }
  return Math.min(1, sum);
};

/**
 * How much likelier the successes of two arms are when one is better than when none is, for looks as often as one likes. Of those who
 * get either arm, `a` is for the share `shareOfA`; if it makes no difference, each success is one of `a`'s with just that
 * probability, whoever else succeeds and when. A bet on this, spread over all probabilities by Beta(1/2, 1/2), is a martingale: that it
 * ever grows to 1/α has a probability of at most α (Ville's inequality; Robbins, Ann. Math. Statist. 41, 1970; Lindon and Malek,
 * Anytime-Valid Inference for Multinomial Count Data, NeurIPS 2022, for conversions). Successes may come as late as they like.
 */
export const evidence = (successesOfA: number, successesOfB: number, shareOfA: number): number => {
  const chance = successesOfA * Math.log(shareOfA) + successesOfB * Math.log(1 - shareOfA);
  return Math.exp(lnBeta(0.5 + successesOfA, 0.5 + successesOfB) - lnBeta(0.5, 0.5) - chance);
};
