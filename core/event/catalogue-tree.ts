import { type Examples, exampleOf, mergeExamples } from './catalogue-example.ts';
import { isPersonal } from './catalogue-personal.ts';
import { instantOf } from './instant.ts';

export const VALUE_KINDS = ['boolean', 'date', 'list', 'number', 'object', 'text'] as const;
export type ValueKind = (typeof VALUE_KINDS)[number];

/** What was seen at one place of an event type's properties. Null counts as missing. */
export type Seen = Examples & {
  /** Sorted. `date` is text that conditions read as a date. */
  kinds: ValueKind[];
  /** Its name, or one above it, speaks of a person or a secret: no examples are kept. */
  personal?: true;
  members?: SeenMembers;
  /** What was seen in the items of lists, all of them together. */
  items?: Seen;
};
/** By name, sorted. */
export type SeenMembers = Record<string, Seen>;

/** Names below each other, as many as a condition's path may have. */
export const MAX_DEPTH = 5;
export const MAX_PATHS = 200;
/** Items of one list are much alike: so many are looked at. */
export const MAX_ITEMS = 20;
/** Names that a condition can ask about. Others are often ids, and are left out. */
export const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

export const kindOf = (value: unknown): ValueKind | undefined => {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return 'list';
  // Dates have a hyphen there; looking for it first spares most text the reading.
  if (typeof value === 'string') return value[4] === '-' && instantOf(value) !== undefined ? 'date' : 'text';
  return typeof value as 'boolean' | 'number' | 'object';
};

/**
 * What there is to see in the properties of one event, which is about this person. `cut`: a bound left something out.
 * Recursion is as deep as MAX_DEPTH.
 */
export const seenIn = (
  properties: Record<string, unknown>,
  profileId: string,
): { members: SeenMembers; cut: boolean } => {
  let cut = false;
  const membersOf = (object: object, depth: number, personal: boolean): SeenMembers =>
    Object.fromEntries(
      Object.entries(object)
        .sort(byName)
        .flatMap(([name, value]): [string, Seen][] => {
          const fits = depth <= MAX_DEPTH && NAME.test(name);
          const seen = fits ? look(value, depth, personal || isPersonal(name)) : undefined;
          cut ||= !fits && kindOf(value) !== undefined;
          return seen ? [[name, seen]] : [];
        }),
    );
  const itemsOf = (list: readonly unknown[], depth: number, personal: boolean): Seen | undefined => {
    const items = list.slice(0, MAX_ITEMS).filter((item) => {
      cut ||= Array.isArray(item);
      return !Array.isArray(item);
    });
    return items.reduce<Seen | undefined>((all, item) => {
      const seen = look(item, depth, personal);
      return all && seen ? mergeSeen(all, seen) : (seen ?? all);
    }, undefined);
  };
  const look = (value: unknown, depth: number, personal: boolean): Seen | undefined => {
    const kind = kindOf(value);
    if (!kind) return undefined;
    const members = kind === 'object' ? membersOf(value as object, depth + 1, personal) : {};
    const items = kind === 'list' ? itemsOf(value as unknown[], depth, personal) : undefined;
    return {
      kinds: [kind],
      ...(personal ? { examples: [] } : exampleOf(value, profileId)),
      ...(personal && { personal }),
      ...(Object.keys(members).length > 0 && { members }),
      ...(items && { items }),
    };
  };
  return { members: membersOf(properties, 1, false), cut };
};

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

const mergeSeen = (a: Seen, b: Seen): Seen => {
  const members = a.members && b.members ? mergeMembers(a.members, b.members) : (a.members ?? b.members);
  const items = a.items && b.items ? mergeSeen(a.items, b.items) : (a.items ?? b.items);
  return {
    kinds: VALUE_KINDS.filter((kind) => a.kinds.includes(kind) || b.kinds.includes(kind)),
    ...mergeExamples(a, b),
    ...(a.personal && { personal: a.personal }),
    ...(members && { members }),
    ...(items && { items }),
  };
};

export const mergeMembers = (a: SeenMembers, b: SeenMembers): SeenMembers =>
  Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].sort().map((name): [string, Seen] => {
      const [mine, theirs] = [own(a, name), own(b, name)];
      return [name, mine && theirs ? mergeSeen(mine, theirs) : ((mine ?? theirs) as Seen)];
    }),
  );

const own = (members: SeenMembers, name: string): Seen | undefined =>
  Object.hasOwn(members, name) ? members[name] : undefined;

/** A place with its path: `cart.total`, `lines[].sku`. */
export type Place = { path: string; level: number; seen: Seen };

/** Every place, the nearest to the top first, then short paths before long ones: names before what is made up by machines. */
export const placesOf = (members: SeenMembers): Place[] => {
  const places: Place[] = [];
  const add = (path: string, level: number, seen: Seen): void => {
    places.push({ path, level, seen });
    for (const [name, inner] of Object.entries(seen.members ?? {})) add(`${path}.${name}`, level + 1, inner);
    if (seen.items) add(`${path}[]`, level + 1, seen.items);
  };
  for (const [name, seen] of Object.entries(members)) add(name, 1, seen);
  return places.sort((a, b) => a.level - b.level || a.path.length - b.path.length || (a.path < b.path ? -1 : 1));
};

/**
 * The first MAX_PATHS places. The order is of the paths alone, so what one merge leaves out no later one brings back,
 * and merging stays independent of the order.
 */
export const pruned = (members: SeenMembers): { members: SeenMembers; cut: boolean } => {
  const places = placesOf(members);
  if (places.length <= MAX_PATHS) return { members, cut: false };
  const kept = new Set(places.slice(0, MAX_PATHS).map(({ seen }) => seen));
  const prune = ({ members: inner, items, ...seen }: Seen): Seen => {
    const left = inner ? pruneMembers(inner) : {};
    return {
      ...seen,
      ...(Object.keys(left).length > 0 && { members: left }),
      ...(items && kept.has(items) && { items: prune(items) }),
    };
  };
  const pruneMembers = (all: SeenMembers): SeenMembers =>
    Object.fromEntries(
      Object.entries(all)
        .filter(([, seen]) => kept.has(seen))
        .map(([name, seen]) => [name, prune(seen)]),
    );
  return { members: pruneMembers(members), cut: true };
};
