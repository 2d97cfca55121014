/** Which instant a row speaks of: the fit's own, or an earlier cut-off whose outcome is known. */
export const PARTS = ['now', 'test', 'train'] as const;
export type Part = (typeof PARTS)[number];

/** Half-open spans of epoch ms: history is [fromMs, cutMs), the outcome is what happens in [cutMs, toMs). */
export type CutOff = { part: Part; fromMs: number; cutMs: number; toMs: number };

/** What is known of one person at one cut-off: what all models are made of. */
export type Facts = {
  profileId: string;
  part: Part;
  /** Purchases in the history; 0 for people who are only there because they have values of this model or may get one. */
  purchases: number;
  /** Of the first and the last of them; 0 without one. */
  firstMs: number;
  lastMs: number;
  /** Sum of the amounts, in the shop's currency. */
  amount: number;
  /** Purchases in the last SPAN_DAYS before the cut-off, and in the SPAN_DAYS before these. */
  recent: number;
  earlier: number;
  /** Purchases in [cutMs, toMs). */
  later: number;
  /** The person's values of this model's attributes as text, in the order of attributesOf(); undefined where there is none. */
  was: (string | undefined)[];
  /** Is in the seed of a lookalike. */
  seed: boolean;
  /** What a lookalike may look at beside purchases, by name; without those that the person lacks. */
  traits: Record<string, string>;
};

export const SPAN_DAYS = 90;

/** A line of the UNLOAD (see factsQuery). NULLs are absent, or null. */
export type FactsRow = Record<string, string | number | boolean | null> & { profile_id: string; part: Part };

const MILLIONTHS = 1e6;

export const factsOf = (row: FactsRow, attributes: number, traits: readonly string[]): Facts => {
  const count = (name: string): number => Number(row[name] ?? 0);
  const text = (name: string): string | undefined =>
    row[name] === null || row[name] === undefined ? undefined : String(row[name]);
  return {
    profileId: row.profile_id,
    part: row.part,
    purchases: count('purchases'),
    firstMs: count('first_ms'),
    lastMs: count('last_ms'),
    amount: count('amount') / MILLIONTHS,
    recent: count('recent'),
    earlier: count('earlier'),
    later: count('later'),
    was: Array.from({ length: attributes }, (_, n) => text(`was_${n}`)),
    seed: String(row.seed) === 'true',
    traits: Object.fromEntries(
      traits.flatMap((trait, n): [string, string][] => {
        const value = text(`trait_${n}`);
        return value === undefined ? [] : [[trait, value]];
      }),
    ),
  };
};
