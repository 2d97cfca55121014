import { cutsOf, groupOf } from './quantiles.ts';

/** Recency, frequency and monetary value of one person; the later, the more often and the more, the higher the score. */
export type RfmValues = { lastMs: number; purchases: number; amount: number };
/** Each 1 to 5. */
export type RfmScores = { recency: number; frequency: number; monetary: number };
/** Lower bounds of the groups 2 to 5 (see cutsOf). */
export type RfmCuts = { lastMs: number[]; purchases: number[]; amount: number[] };

export const RFM_SEGMENTS = [
  'champions',
  'loyal',
  'potential_loyal',
  'new',
  'promising',
  'need_attention',
  'about_to_sleep',
  'at_risk',
  'cannot_lose',
  'hibernating',
  'lost',
] as const;
export type RfmSegment = (typeof RFM_SEGMENTS)[number];

/**
 * Rows: recency 5 to 1; columns: value 1 to 5, which is the mean of frequency and monetary, halves upwards. The names and
 * their places are those of CleverTap's RFM grid (docs.clevertap.com/docs/rfm), which has two axes as well; `lost` is
 * Putler's and the R package rfm's name for the lowest corner. Every pair has exactly one name.
 */
const GRID: readonly (readonly RfmSegment[])[] = [
  ['new', 'potential_loyal', 'potential_loyal', 'champions', 'champions'],
  ['promising', 'potential_loyal', 'potential_loyal', 'loyal', 'loyal'],
  ['about_to_sleep', 'about_to_sleep', 'need_attention', 'loyal', 'loyal'],
  ['hibernating', 'hibernating', 'at_risk', 'at_risk', 'cannot_lose'],
  ['lost', 'hibernating', 'at_risk', 'at_risk', 'cannot_lose'],
];

export const rfmSegment = ({ recency, frequency, monetary }: RfmScores): RfmSegment => {
  const name = GRID[5 - recency]?.[Math.ceil((frequency + monetary) / 2) - 1];
  if (!name) throw new RangeError(`No RFM segment of ${recency}, ${frequency}, ${monetary}`);
  return name;
};

/** Quintiles of people who bought at least once. */
export const rfmCuts = (people: readonly RfmValues[]): RfmCuts => ({
  lastMs: cutsOf(
    Float64Array.from(people, ({ lastMs }) => lastMs),
    5,
  ),
  purchases: cutsOf(
    Float64Array.from(people, ({ purchases }) => purchases),
    5,
  ),
  amount: cutsOf(
    Float64Array.from(people, ({ amount }) => amount),
    5,
  ),
});

export const rfmScores = (cuts: RfmCuts, { lastMs, purchases, amount }: RfmValues): RfmScores => ({
  recency: groupOf(lastMs, cuts.lastMs),
  frequency: groupOf(purchases, cuts.purchases),
  monetary: groupOf(amount, cuts.amount),
});

/** How many people went from which value to which between two snapshots; NOBODY where a person was not in one of them. */
export type Transitions = Record<string, Record<string, number>>;
export const NOBODY = 'none';

export const addTransition = (counts: Transitions, from: string = NOBODY, to: string = NOBODY): void => {
  const row = counts[from] ?? {};
  row[to] = (row[to] ?? 0) + 1;
  counts[from] = row;
};

/** Transitions between two snapshots, person → name. */
export const transitionsOf = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Transitions => {
  const counts: Transitions = {};
  for (const [person, from] of before) addTransition(counts, from, after.get(person));
  for (const [person, to] of after) if (!before.has(person)) addTransition(counts, undefined, to);
  return counts;
};
