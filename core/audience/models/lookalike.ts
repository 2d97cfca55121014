import { ALL_FEATURES, behaviourOf, FEATURES, vectorOf } from './behaviour.ts';
import type { Facts } from './facts.ts';
import { fitLogistic, type Logistic, logOddsOf } from './logistic.ts';
import { auc } from './metrics.ts';
import { medianOf } from './quantiles.ts';
import { unitHash } from './sample.ts';
import { type Scale, scaleOf, standardised } from './standardise.ts';
import { Unfit } from './unfit.ts';

/** A trait and one of its values, which a person has or not. */
export type Category = { trait: string; value: string };
export type LookalikeParameters = { categories: Category[]; scale: Scale; logistic: Logistic; threshold: number };

export type LookalikeReport = {
  seeds: number;
  others: number;
  /** Of people who were kept out of the fit: how well seeds are told from others. 0.5 would be by chance. */
  holdOut: { auc: number; seeds: number; others: number };
  topPercent: number;
  /** What sets the seed apart, the strongest first. */
  inCommon: { trait: string; weight: number; sentence: string }[];
};

/**
 * Fewer people say who they are, not what they have in common. Google Ads asks for 1,000
 * (developers.google.com/google-ads/api/docs/remarketing/audience-segments/lookalike-audiences) of its millions.
 */
export const MIN_SEEDS = 100;
const MIN_OTHERS = 100;
/** Values of a trait that are told apart: the most frequent ones, each of at least ten people and of one in a hundred. */
const VALUES_PER_TRAIT = 10;
const MIN_SHARE = 0.01;
const MIN_SHARING = 10;
const LAMBDA = 1;
const FITTING_SHARE = 0.8;

/**
 * Logistic regression of being in the seed against a sample of everybody else, on what people bought and on traits of their
 * profiles. Its score ranks; it is no probability. The threshold is the score that `topPercent` of the others reach. The
 * weights are fitted on four fifths of the people and judged on the rest. Throws Unfit.
 */
export const fitLookalike = (
  seeds: readonly Facts[],
  others: readonly Facts[],
  { cutMs, topPercent, seed }: { cutMs: number; topPercent: number; seed: number },
): { parameters: LookalikeParameters; report: LookalikeReport } => {
  if (seeds.length < MIN_SEEDS)
    throw new Unfit(
      `The seed has ${seeds.length} people with a profile; it takes ${MIN_SEEDS} to see what they have in common`,
    );
  if (others.length < MIN_OTHERS)
    throw new Unfit(`${others.length} people are not in the seed; it takes ${MIN_OTHERS}`);
  const everybody = [...seeds, ...others];
  const categories = categoriesOf(everybody);
  const rows = everybody.map((facts, n) => ({
    x: lookalikeVector(categories, facts, cutMs),
    y: n < seeds.length ? 1 : 0,
    fits: unitHash(facts.profileId, seed) < FITTING_SHARE,
  }));
  const fitting = rows.filter(({ fits }) => fits);
  const scale = scaleOf(fitting.map(({ x }) => x));
  const logistic = fitLogistic(
    fitting.map(({ x }) => standardised(scale, x)),
    fitting.map(({ y }) => y),
    LAMBDA,
  );
  const scores = rows.map(({ x }) => logOddsOf(logistic, standardised(scale, x)));
  const held = rows.flatMap(({ y, fits }, n) => (fits ? [] : [{ y, p: scores[n]! }]));
  const ranked = scores.slice(seeds.length).sort((a, b) => b - a);
  const threshold = ranked[Math.max(0, Math.ceil((ranked.length * topPercent) / 100) - 1)]!;
  const heldSeeds = held.reduce((sum, { y }) => sum + y, 0);
  return {
    parameters: { categories, scale, logistic, threshold },
    report: {
      seeds: seeds.length,
      others: others.length,
      holdOut: {
        auc: auc({ y: held.map(({ y }) => y), p: held.map(({ p }) => p) }),
        seeds: heldSeeds,
        others: held.length - heldSeeds,
      },
      topPercent,
      inCommon: inCommon(categories, logistic, seeds, others, cutMs),
    },
  };
};

/** The higher, the more alike. */
export const likeness = ({ categories, scale, logistic }: LookalikeParameters, facts: Facts, cutMs: number): number =>
  logOddsOf(logistic, standardised(scale, lookalikeVector(categories, facts, cutMs)));

const lookalikeVector = (categories: readonly Category[], facts: Facts, cutMs: number): number[] => [
  facts.purchases > 0 ? 1 : 0,
  ...vectorOf(behaviourOf(facts, cutMs)),
  ...categories.map(({ trait, value }) => (facts.traits[trait] === value ? 1 : 0)),
];

const categoriesOf = (people: readonly Facts[]): Category[] => {
  const counts = new Map<string, Map<string, number>>();
  for (const { traits } of people) {
    for (const [trait, value] of Object.entries(traits)) {
      const values = counts.get(trait) ?? new Map<string, number>();
      counts.set(trait, values.set(value, (values.get(value) ?? 0) + 1));
    }
  }
  return [...counts].sort(byKey).flatMap(([trait, values]) =>
    [...values]
      .filter(([, count]) => count >= Math.max(MIN_SHARING, MIN_SHARE * people.length))
      .sort((a, b) => b[1] - a[1] || byKey(a, b))
      .slice(0, VALUES_PER_TRAIT)
      .map(([value]) => ({ trait, value })),
  );
};
const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

const inCommon = (
  categories: readonly Category[],
  { weights }: Logistic,
  seeds: readonly Facts[],
  others: readonly Facts[],
  cutMs: number,
): LookalikeReport['inCommon'] => {
  const percent = (people: readonly Facts[], has: (facts: Facts) => boolean): string =>
    `${Math.round((100 * people.filter(has).length) / people.length)} %`;
  const middle = (people: readonly Facts[], feature: (typeof ALL_FEATURES)[number]): number =>
    Number(medianOf(people.map((one) => behaviourOf(one, cutMs)[feature])).toFixed(1));
  const share = (what: string, has: (facts: Facts) => boolean) =>
    `${what}: ${percent(seeds, has)} of the seed, ${percent(others, has)} of the others`;
  const told = [
    { trait: 'purchased', sentence: share('have bought', ({ purchases }) => purchases > 0) },
    ...ALL_FEATURES.map((feature) => ({
      trait: feature as string,
      sentence: `${FEATURES[feature].words}: ${middle(seeds, feature)} in the middle of the seed, ${middle(others, feature)} of the others`,
    })),
    ...categories.map(({ trait, value }) => ({
      trait: `${trait} = ${value}`,
      sentence: share(`${trait} is ${value}`, ({ traits }) => traits[trait] === value),
    })),
  ];
  return told
    .map(({ trait, sentence }, n) => ({ trait, weight: weights[n]!, sentence }))
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, 15);
};
