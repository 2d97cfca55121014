import type { Consents } from '../delivery/consent.ts';
import type { AcceptedEvent } from '../event/event.ts';
import { daysBefore, windowOf } from './event-window.ts';
import type { Profile } from './profile.ts';
import { answers, valueAt } from './question.ts';
import type { Comparison, EventCondition, ResolvedSegment } from './segment.ts';

/** What the predicate reads of an event. */
export type SeenEvent = Pick<AcceptedEvent, 'id' | 'source' | 'type' | 'timeMs' | 'receivedMs' | 'properties'>;

/** What is known of one person. */
export type Person = {
  profile: Profile;
  /**
   * Theirs, also those from before they were known, by the anonymous ids that are linked to them; in any order, repeats
   * allowed.
   */
  events: readonly SeenEvent[];
  /** What they said, by channel or `channel/topic`. */
  consents: Consents;
  /** Ids of the lists that they are on. */
  lists: ReadonlySet<string>;
};

/**
 * True when the person belongs to the segment at `nowMs`. Means the same as the query of segment-sql.ts
 * (test/core/audience/segment-agreement.test.ts).
 */
export const isMember = (segment: ResolvedSegment, person: Person, nowMs: number): boolean =>
  holds(segment, { ...person, events: firstCopies(person.events) }, nowMs);

const holds = (segment: ResolvedSegment, person: Person, nowMs: number): boolean => {
  if ('all' in segment) return segment.all.every((inner) => holds(inner, person, nowMs));
  if ('any' in segment) return segment.any.some((inner) => holds(inner, person, nowMs));
  if ('not' in segment) return !holds(segment.not, person, nowMs);
  if ('attribute' in segment) return answers(valueAt(person.profile.attributes, segment.attribute), segment);
  if ('field' in segment) return answers(person.profile[segment.field] || undefined, segment);
  if ('list' in segment) return person.lists.has(segment.list);
  return eventHolds(segment, person.events, nowMs);
};

const eventHolds = (condition: EventCondition, events: readonly SeenEvent[], nowMs: number): boolean => {
  const { fromMs = Number.NEGATIVE_INFINITY, toMs } = windowOf(condition, nowMs);
  const seen = events.filter(
    ({ type, timeMs, properties }) =>
      type === condition.event &&
      timeMs >= fromMs &&
      timeMs < toMs &&
      (condition.where ?? []).every((question) => answers(valueAt(properties, question.property), question)),
  );
  if ('count' in condition) return compares(seen.length, condition.count);
  if ('sum' in condition) {
    const { property, is } = condition.sum;
    const sum = seen.reduce((total, { properties }) => total + (millionths(valueAt(properties, property)) ?? 0), 0);
    return compares(sum, inMillionths(is));
  }
  if (seen.length === 0) return false;
  const lastMs = Math.max(...seen.map(({ timeMs }) => timeMs));
  if ('withinDays' in condition.last) return lastMs >= daysBefore(nowMs, condition.last.withinDays);
  return lastMs < daysBefore(nowMs, condition.last.moreThanDaysAgo);
};

/** Numbers of this magnitude and more are no amounts: they add nothing. */
export const AMOUNT_LIMIT = 1e12;

/** An amount in whole millionths, halves away from zero as in SQL; undefined when it is none. */
export const millionths = (value: unknown): number | undefined => {
  if (typeof value !== 'number' || Math.abs(value) >= AMOUNT_LIMIT) return undefined;
  return Math.sign(value) * Math.round(Math.abs(value * 1e6));
};

/** The same comparison with its limit in millionths. */
export const inMillionths = (comparison: Comparison): Comparison =>
  Object.fromEntries(Object.entries(comparison).map(([name, limit]) => [name, millionths(limit)])) as Comparison;

const compares = (value: number, comparison: Comparison): boolean => {
  if ('atLeast' in comparison) return value >= comparison.atLeast;
  if ('moreThan' in comparison) return value > comparison.moreThan;
  if ('atMost' in comparison) return value <= comparison.atMost;
  if ('lessThan' in comparison) return value < comparison.lessThan;
  return value === comparison.equals;
};

/** One copy of each event, the one that arrived first. */
const firstCopies = (events: readonly SeenEvent[]): SeenEvent[] => {
  const first = new Map<string, SeenEvent>();
  for (const event of events) {
    const key = JSON.stringify([event.source, event.id]);
    const known = first.get(key);
    const earlier =
      !known ||
      event.receivedMs < known.receivedMs ||
      (event.receivedMs === known.receivedMs && event.timeMs < known.timeMs);
    if (earlier) first.set(key, event);
  }
  return [...first.values()];
};
