import { instantOf } from '../../event/instant.ts';
import type { EventCondition, SequenceCondition } from '../event-condition.ts';
import { daysMs, valueAt } from '../question.ts';
import type { ResolvedSegment, SegmentCondition } from '../segment.ts';
import { isMember, type Person } from '../segment-predicate.ts';
import { leavesOf } from '../segment-tree.ts';
import { changesWithTime, concerns, patternsOf } from './watched.ts';

const DAY_MS = 86_400_000;
/** So many instants are looked at; if none of them changes the answer, the last one is when to look again. */
const MAX_LOOKS = 500;
/** Of an anniversary so many days ahead are looked at: it comes once a year. */
const YEAR_DAYS = 367;

/**
 * Epoch ms of the first instant after `nowMs` at which the answer for this person is another one, if nothing happens until
 * then; undefined: it stays. Between the instants of `instantsOf` it cannot change. It may be earlier than the change, when
 * there are very many of them; never later.
 */
export const nextChange = (segment: ResolvedSegment, person: Person, nowMs: number): number | undefined => {
  const instants = leavesOf<SegmentCondition>(segment).flatMap((leaf) => instantsOf(leaf, person, nowMs));
  const coming = [...new Set(instants)].filter((atMs) => atMs > nowMs).sort((a, b) => a - b);
  if (coming.length === 0) return undefined;
  const current = isMember(segment, person, nowMs);
  const looks = coming.slice(0, MAX_LOOKS);
  const change = looks.find((atMs) => isMember(segment, person, atMs) !== current);
  return change ?? (coming.length > MAX_LOOKS ? looks.at(-1) : undefined);
};

/** When time may change the answer to the condition. Other kinds than these it does not change. */
const instantsOf = (leaf: SegmentCondition, { profile, events }: Person, nowMs: number): number[] => {
  if ('event' in leaf || 'sequence' in leaf) {
    const patterns = patternsOf(leaf);
    return events
      .filter((event) => patterns.some((pattern) => concerns(pattern, event)))
      .flatMap(({ timeMs }) => [timeMs, ...daysOf(leaf).flatMap((days) => around(timeMs + daysMs(days)))]);
  }
  if (!changesWithTime(leaf)) return [];
  if ('attribute' in leaf) return dateInstants(valueAt(profile.attributes, leaf.attribute), leaf, nowMs);
  return 'field' in leaf ? dateInstants(profile[leaf.field], leaf, nowMs) : [];
};

/** The edge of a span that includes it, and the first instant beyond. */
const around = (ms: number): number[] => [ms, ms + 1];

/** Lengths, in days, after which an event counts otherwise than before. */
const daysOf = (leaf: EventCondition | SequenceCondition): number[] => {
  if ('first' in leaf || 'last' in leaf) {
    const when = 'first' in leaf ? leaf.first : leaf.last;
    if ('withinDays' in when) return [when.withinDays];
    return 'moreThanDaysAgo' in when ? [when.moreThanDaysAgo] : [];
  }
  const within = leaf.within && 'days' in leaf.within ? [leaf.within.days] : [];
  return 'without' in leaf ? [...within, leaf.without.withinDays] : within;
};

const dateInstants = (value: unknown, question: object, nowMs: number): number[] => {
  if ('anniversaryWithinDays' in question) {
    // Days of the year begin and end at midnight UTC.
    const today = Math.floor(nowMs / DAY_MS);
    return Array.from({ length: YEAR_DAYS }, (_, n) => (today + n + 1) * DAY_MS);
  }
  const ms = typeof value === 'string' ? instantOf(value) : undefined;
  const days = Object.values(question).find((length) => typeof length === 'number');
  if (ms === undefined || days === undefined) return [];
  return [...around(ms), ...around(ms + daysMs(days)), ...around(ms - daysMs(days))];
};
