import type { Facts } from './facts.ts';
import type { Samples } from './fit.ts';
import type { ModelInput } from './model.ts';
import { lowestHashes } from './sample.ts';

/**
 * How many people a fit looks at, at each cut-off: all when there are no more. Quintiles of 200,000 are within a third of
 * a percent of those of all (standard error of a share, √(0.2 × 0.8 / 200,000) = 0.09 %); weights and centres settle
 * long before. `seeds` are drawn apart, for they are few.
 */
export const SAMPLE_LIMITS: Record<ModelInput['type'], { people: number; seeds: number }> = {
  rfm: { people: 200_000, seeds: 0 },
  clusters: { people: 20_000, seeds: 0 },
  propensity: { people: 50_000, seeds: 0 },
  lookalike: { people: 30_000, seeds: 10_000 },
};

/**
 * Gathers samples from rows in any order: at each cut-off the people with the lowest hash of their id who bought before
 * it, or, with `seeds`, everybody, those in the seed apart. People who are only there because they have a value are left out.
 */
export const samplesOf = (limits: { people: number; seeds: number }, seed: number) => {
  const drawn = {
    now: lowestHashes<Facts>(limits.people, seed),
    test: lowestHashes<Facts>(limits.people, seed),
    train: lowestHashes<Facts>(limits.people, seed),
    seeds: lowestHashes<Facts>(limits.seeds, seed),
  };
  const everybody = limits.seeds > 0;
  let scorable = 0;
  return {
    add(facts: Facts): void {
      if (!everybody && facts.purchases === 0) return;
      if (facts.part === 'now') scorable += 1;
      drawn[facts.seed ? 'seeds' : facts.part].add(facts.profileId, facts);
    },
    drawn: (): Samples => ({
      now: drawn.now.rows(),
      test: drawn.test.rows(),
      train: drawn.train.rows(),
      seeds: drawn.seeds.rows(),
    }),
    /** People at the fit's own instant, sampled or not. */
    scorable: (): number => scorable,
  };
};
