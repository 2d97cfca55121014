import type { Facts } from './evaluate.ts';
import type { Needs } from './facts.ts';
import { NO_NEEDS, withNeeds } from './matcher/needs.ts';
import { buildSection, type OpenSection, openSection } from './matcher/section.ts';
import { readSnapshot, writeSnapshot } from './matcher/snapshot.ts';
import type { Rule } from './plain-matcher.ts';

/**
 * Finds the rules that an event matches, among many: the same ones as `plainMatch`, at a cost that grows with the matches.
 * One event at a time: it keeps scratch space.
 */
export type Matcher = {
  /** Ids of the rules that match, each once, in no particular order. `facts` must hold what `needs` asks for. */
  match(facts: Facts): string[];
  /** Whether there is, or was, a rule for events of this type. */
  wants(eventType: string): boolean;
  /** What of the person and of reference tables must be known to match this event. Undefined: nothing, the event is enough. */
  needs(event: Facts['event']): Needs | undefined;
  /** Adds a rule, or puts it in the place of the one with its id. */
  add(rule: Rule): void;
  /** Takes a rule out; one that is not there changes nothing. */
  remove(id: string): void;
};

/** The bytes of a matcher of these rules, of which each id is there once. */
export const buildSnapshot = (rules: readonly Rule[]): Uint8Array => {
  const byType = Map.groupBy(rules, ({ eventType }) => eventType);
  return writeSnapshot(new Map([...byType].map(([type, own]) => [type, buildSection(own)])));
};

/** Added rules are gathered in one part when they are in so many. */
const MAX_PARTS = 8;

/** `dead`: rules of `section` that were taken out. `rules`: what an added part was made of. */
type Part = { section: OpenSection; dead: Set<number>; rules?: Rule[] };

/**
 * A matcher of a snapshot. The rules of an event type are read when its first event comes. Changes do not touch what was
 * built: a rule that is taken out is struck off, one that is added has a part of its own. Throws UnknownSnapshot.
 */
export const loadMatcher = (snapshot: Uint8Array): Matcher => {
  const stored = readSnapshot(snapshot);
  const built = new Map<string, Part>();
  const added = new Map<string, Part[]>();
  /** Types of added rules by id. */
  const typeOf = new Map<string, string>();
  /** Ids that were taken out, for types that are read later. */
  const gone = new Set<string>();
  let found = new Int32Array(64);

  const builtPart = (type: string): Part | undefined => {
    const known = built.get(type);
    if (known || !stored.types.has(type)) return known;
    const section = openSection(stored.section(type));
    const dead = new Set(gone.size === 0 ? [] : section.ids.flatMap((id, number) => (gone.has(id) ? [number] : [])));
    const part = { section, dead };
    built.set(type, part);
    if (section.ids.length > found.length) found = new Int32Array(section.ids.length);
    return part;
  };
  const open = (rules: Rule[]): Part => {
    if (rules.length > found.length) found = new Int32Array(rules.length);
    return { section: openSection(buildSection(rules)), dead: new Set(), rules };
  };
  const collect = ({ section, dead }: Part, facts: Facts, ids: string[]): void => {
    const count = section.match(facts, found);
    if (dead.size === 0) for (let n = 0; n < count; n += 1) ids.push(section.ids[found[n] as number] as string);
    else {
      for (const number of found.subarray(0, count)) if (!dead.has(number)) ids.push(section.ids[number] as string);
    }
  };
  const removeAdded = (id: string): void => {
    const type = typeOf.get(id);
    if (type === undefined) return;
    typeOf.delete(id);
    const parts = (added.get(type) ?? []).flatMap((part) => {
      const rules = part.rules?.filter((rule) => rule.id !== id) ?? [];
      if (rules.length === part.rules?.length) return [part];
      return rules.length === 0 ? [] : [open(rules)];
    });
    if (parts.length > 0) added.set(type, parts);
    else added.delete(type);
  };
  const remove = (id: string): void => {
    gone.add(id);
    removeAdded(id);
    for (const { section, dead } of built.values()) {
      const number = section.ids.indexOf(id);
      if (number >= 0) dead.add(number);
    }
  };

  return {
    match: (facts) => {
      const { type } = facts.event;
      const ids: string[] = [];
      const part = builtPart(type);
      if (part) collect(part, facts, ids);
      const parts = added.get(type);
      if (parts) for (const one of parts) collect(one, facts, ids);
      return ids;
    },
    wants: (eventType) => stored.types.has(eventType) || added.has(eventType),
    needs: (event) => {
      const part = builtPart(event.type);
      const parts = [...(part ? [part] : []), ...(added.get(event.type) ?? [])];
      const needs = parts.reduce((sum, { section }) => withNeeds(sum, section.needs(event)), NO_NEEDS);
      return needs.profile || needs.contact || needs.references.length > 0 ? needs : undefined;
    },
    add: (rule) => {
      remove(rule.id);
      const parts = [...(added.get(rule.eventType) ?? []), open([rule])];
      const rules = parts.flatMap((part) => part.rules ?? []);
      added.set(rule.eventType, parts.length > MAX_PARTS ? [open(rules)] : parts);
      typeOf.set(rule.id, rule.eventType);
    },
    remove,
  };
};
