import { createHash } from 'node:crypto';

/**
 * Which types the catalogue holds, in one item, so that the bound on them holds however many workers meet new types at
 * once. A type is admitted here before its entry is written; who finds it admitted without an entry writes the entry.
 */
export type CatalogueIndex = {
  types: string[];
  /** Hashes of types that there was no room for, as many as are told apart. */
  turnedAway: string[];
};

export const MAX_TYPES = 1_000;
export const MAX_TURNED_AWAY = 1_000;
export const emptyIndex: CatalogueIndex = { types: [], turnedAway: [] };

/** 48 bits: of a thousand types no two collide in practice, and a count that were off by one would harm nobody. */
const short = (type: string): string => createHash('sha256').update(type).digest('base64url').slice(0, 8);

/** The index after it has met these types; the same object when it knew them all. */
export const admitted = (index: CatalogueIndex, types: readonly string[]): CatalogueIndex => {
  const strangers = [...new Set(types)].filter((type) => !index.types.includes(type));
  const room = MAX_TYPES - index.types.length;
  const admittedNow = strangers.slice(0, room);
  const turnedAwayNow = strangers
    .slice(room)
    .map(short)
    .filter((hash) => !index.turnedAway.includes(hash))
    .slice(0, MAX_TURNED_AWAY - index.turnedAway.length);
  if (admittedNow.length + turnedAwayNow.length === 0) return index;
  return { types: [...index.types, ...admittedNow], turnedAway: [...index.turnedAway, ...turnedAwayNow] };
};
