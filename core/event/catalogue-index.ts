import { createHash } from 'node:crypto';

/**
 * Which types the catalogue holds, in one item, so that the bounds on them hold however many workers meet new types at
 * once. A type is admitted here before its entry is written; who finds it admitted without an entry writes the entry. The
 * entry of a type that gave way stays behind unlisted, and is taken up again when the type comes back.
 */
export type CatalogueIndex = {
  types: Record<string, Admitted>;
  /** Hashes of types that there was no room for, as many as are told apart. */
  turnedAway: string[];
};

export type Admitted = {
  /** Of the last event, in days since 1970; up to REFRESH_DAYS behind. */
  day: number;
  /** Hash of the only source that sends it. Absent: several do. */
  source?: string;
};

/** An event of this type came from this source. */
export type Sighting = { type: string; source: string };

export const MAX_TYPES = 1_000;
/** Types that only one source sends: whoever makes up types of its own leaves room for the others. */
export const MAX_OWN_TYPES = 200;
export const MAX_TURNED_AWAY = 1_000;
/** The day of a type is noted anew when it is so old: of a thousand types 140 writes a day. */
const REFRESH_DAYS = 7;
/** Where there is no room, a type that was not seen for 30 days gives way. */
const STALE_DAYS = 30 + REFRESH_DAYS;
const DAY_MS = 86_400_000;

export const emptyIndex: CatalogueIndex = { types: {}, turnedAway: [] };

export const isListed = ({ types }: CatalogueIndex, type: string): boolean => Object.hasOwn(types, type);

/** The index after these sightings; the same object when they tell it nothing. */
export const admitted = (index: CatalogueIndex, sightings: readonly Sighting[], nowMs: number): CatalogueIndex => {
  const day = Math.floor(nowMs / DAY_MS);
  const strange = sightings.filter((one) => !isKnown(index, one, day));
  if (strange.length === 0) return index;

  const types = new Map(Object.entries(index.types));
  const turnedAway = new Set(index.turnedAway);
  const owned = new Map<string | undefined, number>();
  const own = (source: string | undefined, more: number) => owned.set(source, (owned.get(source) ?? 0) + more);
  for (const { source } of types.values()) own(source, 1);
  const isStale = ([, one]: [string, Admitted]) => day - one.day >= STALE_DAYS;
  const stale = new Map([...types].filter(isStale).sort(oldestFirst));
  let hasChanged = false;

  const put = (type: string, now: Admitted | undefined): void => {
    const before = types.get(type);
    if (before) own(before.source, -1);
    if (now) own(now.source, 1);
    if (now) types.set(type, now);
    else types.delete(type);
    stale.delete(type);
    hasChanged = true;
  };
  /** The type that gives way to a new one of this source, if one must; undefined: none can. */
  const makeRoom = (source: string): { leaver?: string } | undefined => {
    const isCrowded = (owned.get(source) ?? 0) >= MAX_OWN_TYPES;
    if (!isCrowded && types.size < MAX_TYPES) return {};
    const [leaver] = [...stale].find(([, one]) => !isCrowded || one.source === source) ?? [];
    return leaver === undefined ? undefined : { leaver };
  };

  // Those that are listed first: none gives way to a new one that came beside it.
  const inOrder = strange.toSorted((a, b) => Number(isListed(index, b.type)) - Number(isListed(index, a.type)));
  for (const { type, source } of inOrder) {
    const [by, hash] = [short(source), short(type)];
    const before = types.get(type);
    if (before) {
      const isShared = before.source !== by;
      put(type, { day: Math.max(day, before.day), ...(!isShared && { source: by }) });
      continue;
    }
    const room = makeRoom(by);
    if (room) {
      if (room.leaver !== undefined) put(room.leaver, undefined);
      put(type, { day, source: by });
      turnedAway.delete(hash);
    } else if (!turnedAway.has(hash) && turnedAway.size < MAX_TURNED_AWAY) {
      turnedAway.add(hash);
      hasChanged = true;
    }
  }
  return hasChanged ? { types: Object.fromEntries(types), turnedAway: [...turnedAway] } : index;
};

/** Nothing about it needs to be noted. */
const isKnown = (index: CatalogueIndex, { type, source }: Sighting, day: number): boolean => {
  const one = isListed(index, type) ? index.types[type] : undefined;
  if (!one || day - one.day >= REFRESH_DAYS) return false;
  return one.source === undefined || one.source === short(source);
};

/**
 * 48 bits: of a thousand types no two collide in practice, and a count that were off by one would harm nobody. Sources are
 * hashed because the bus takes names of 256 characters, of which a thousand would not fit into the item.
 */
const short = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 8);

const oldestFirst = ([a, one]: [string, Admitted], [b, other]: [string, Admitted]): number =>
  one.day - other.day || (a < b ? -1 : 1);
