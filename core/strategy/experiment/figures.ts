import { beta, seededBy } from './random.ts';

/** One arm of an experiment: people who count for it, and of how many the metric has come true. */
export type ArmCount = { name: string; people: number; successes: number };

/** What draws tell of an arm's rate, or of another value that decides. */
export type Shown = {
  /** Between which the true rate lies with a probability of 95 %. */
  low: number;
  high: number;
  /** Probability that no arm has a higher rate. */
  pBest: number;
  /** By how much the best arm's rate is higher than this one's, on average: what choosing this one costs. */
  expectedLoss: number;
};

export type ArmFigures = ArmCount & {
  /** successes / people; 0 without people. */
  rate: number;
} & Shown;

/** Draws of a posterior: a probability is right to 0.0035 (one standard error), and to less near 0 and 1. */
export const DRAWS = 20_000;

/**
 * Draws of the arms' rates, by arm. A rate is Beta(1 + successes, 1 + failures): every rate was equally likely before
 * anybody was asked (https://www.evanmiller.org/bayesian-ab-testing.html has the closed forms for few arms).
 */
export const ratesDrawn = (arms: readonly ArmCount[], seed: string, draws: number): Float64Array[] => {
  const random = seededBy(seed);
  return arms.map(({ people, successes }) =>
    Float64Array.from({ length: draws }, () => beta(random, 1 + successes, 1 + people - successes)),
  );
};

/** The highest rate of each draw, whose it is (the first one's who has it), and how many have it. */
export const bestOf = (drawn: readonly Float64Array[]) => {
  const draws = drawn[0]?.length ?? 0;
  const best = {
    rate: new Float64Array(draws).fill(Number.NEGATIVE_INFINITY),
    arm: new Uint8Array(draws),
    sharing: new Uint8Array(draws),
  };
  for (const [arm, rates] of drawn.entries()) {
    for (let n = 0; n < draws; n += 1) {
      const [rate, highest] = [rates[n] ?? 0, best.rate[n] ?? 0];
      if (rate < highest) continue;
      best.sharing[n] = rate > highest ? 1 : (best.sharing[n] ?? 0) + 1;
      if (rate === highest) continue;
      best.rate[n] = rate;
      best.arm[n] = arm;
    }
  }
  return best;
};

export const mean = (values: Iterable<number>, count: number): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / count;
};

/** The value below which this share of them lies. */
export const quantile = (values: Float64Array, share: number): number =>
  values.toSorted()[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;

/** Of each arm, by its draws; arms that are drawn alike, as where nobody has bought, share being the best. */
export const shownOf = (drawn: readonly Float64Array[]): Shown[] => {
  const best = bestOf(drawn);
  return drawn.map((rates) => {
    const sorted = rates.toSorted();
    return {
      low: sorted[Math.floor(0.025 * DRAWS)] ?? 0,
      high: sorted[Math.floor(0.975 * DRAWS)] ?? 1,
      pBest: mean(
        best.rate.map((rate, n) => (rates[n] === rate ? 1 / (best.sharing[n] ?? 1) : 0)),
        DRAWS,
      ),
      expectedLoss: mean(
        best.rate.map((rate, n) => rate - (rates[n] ?? 0)),
        DRAWS,
      ),
    };
  });
};

/**
 * What is known of the arms: P(best) and expected loss by Monte Carlo (Stucchio, Bayesian A/B Testing at VWO, 2015, has the loss).
 * The same counts and seed give the same figures.
 */
export const figuresOf = (arms: readonly ArmCount[], seed: string): ArmFigures[] => {
  const shown = shownOf(ratesDrawn(arms, seed, DRAWS));
  return arms.map((arm, at) => ({
    ...arm,
    rate: arm.people > 0 ? arm.successes / arm.people : 0,
    ...(shown[at] as Shown),
  }));
};
