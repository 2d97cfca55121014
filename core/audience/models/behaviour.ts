import type { Facts } from './facts.ts';

const DAY_MS = 86_400_000;
/** Whoever is ten gaps late is not more lost at twenty. */
const MAX_OVERDUE = 10;

/** What somebody's purchases look like at a cut-off, in units that a person reads. */
export const FEATURES = {
  recencyDays: { words: 'days since the last purchase', low: 'bought lately', high: 'bought long ago' },
  purchases: { words: 'purchases', low: 'few purchases', high: 'many purchases' },
  amount: { words: 'amount spent', low: 'little spent', high: 'much spent' },
  averageAmount: { words: 'amount of a purchase', low: 'small purchases', high: 'large purchases' },
  tenureDays: { words: 'days since the first purchase', low: 'new', high: 'long known' },
  gapDays: { words: 'days between purchases', low: 'short gaps', high: 'long gaps' },
  overdue: { words: 'own gaps between purchases since the last one', low: 'on time', high: 'overdue' },
  recent: { words: 'purchases in the last 90 days', low: 'none lately', high: 'active lately' },
  trend: {
    words: 'purchases in the last 90 days less those of the 90 before',
    low: 'slowing',
    high: 'growing',
  },
} as const satisfies Record<string, { words: string; low: string; high: string }>;
export type Feature = keyof typeof FEATURES;
export const ALL_FEATURES = Object.keys(FEATURES) as Feature[];
export type Behaviour = Record<Feature, number>;

/**
 * Days count from the cut-off. `gapDays` and `overdue` are 0 for people with one purchase, which `purchases` tells apart;
 * without a purchase everything is 0.
 */
export const behaviourOf = (facts: Facts, cutMs: number): Behaviour => {
  const { purchases, firstMs, lastMs, amount, recent, earlier } = facts;
  if (purchases === 0) return NOTHING;
  const recencyDays = (cutMs - lastMs) / DAY_MS;
  const gapDays = purchases > 1 ? (lastMs - firstMs) / DAY_MS / (purchases - 1) : 0;
  return {
    recencyDays,
    purchases,
    amount,
    averageAmount: amount / purchases,
    tenureDays: (cutMs - firstMs) / DAY_MS,
    gapDays,
    overdue: gapDays > 0 ? Math.min(MAX_OVERDUE, recencyDays / gapDays) : 0,
    recent,
    trend: recent - earlier,
  };
};

const NOTHING = Object.fromEntries(ALL_FEATURES.map((name) => [name, 0])) as Behaviour;

/**
 * The features as numbers for a model: all are skewed, a few people have far more of everything, so each is taken as
 * log(1 + |x|) with the sign of x (a trend falls, refunds may outweigh purchases).
 */
export const vectorOf = (behaviour: Behaviour, features: readonly Feature[] = ALL_FEATURES): number[] =>
  features.map((name) => {
    const value = behaviour[name];
    return Math.sign(value) * Math.log1p(Math.abs(value));
  });
