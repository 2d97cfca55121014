import type { EventCondition, EventPattern, SequenceCondition, Within } from '../event-condition.ts';
import { type SeenEvent, valueAnswers } from '../event-predicate.ts';
import { daysMs, type ListQuestion, type Question, valueAt } from '../question.ts';
import type { ResolvedSegment, SegmentCondition } from '../segment.ts';
import { type AnniversaryQuestion, leavesOf, treeHolds } from '../segment-tree.ts';

/** Events of a sliding window, or of a period, are remembered for at most so long. */
export const MAX_WINDOW_DAYS = 31;
/** A count without a window is decided by its newest events, if it asks for no more than this. */
export const MAX_COUNTED = 50;

/**
 * Which events of a pattern decide a condition, now and at any later time: those of the last `ms`; those of a period; the
 * newest `count` that are not in the future; or the oldest one. Whoever remembers them answers the condition exactly.
 */
export type Keeps =
  | { kind: 'last'; ms: number }
  | { kind: 'between'; fromMs: number; toMs: number }
  | { kind: 'newest'; count: number }
  | { kind: 'oldest' };

/** Events that are remembered: `paths` are those of the properties that are asked for. */
export type Watched = { pattern: EventPattern; keeps: Keeps; paths: string[] };

/** Why somebody's membership cannot be decided from their profile and what is remembered of their events; empty: it can. */
export const obstacles = (segment: ResolvedSegment): string[] => [
  ...new Set(leavesOf<SegmentCondition>(segment).flatMap((leaf) => obstacleOf(leaf) ?? [])),
];

const obstacleOf = (leaf: SegmentCondition): string | undefined => {
  if ('attribute' in leaf) {
    const inList = 'anyItem' in leaf || 'everyItem' in leaf;
    return inList && changesWithTime(leaf) ? `${leaf.attribute}: dates in a list, which time alone changes` : undefined;
  }
  // Of these the profile, the contact and the memberships know all; what is left must be about events to compile.
  if ('field' in leaf || 'consent' in leaf || 'list' in leaf || 'near' in leaf) return undefined;
  const found = watch(leaf);
  return typeof found === 'string' ? `${patternsOf(leaf)[0]?.event}: ${found}` : undefined;
};

/** The events of all conditions of a segment without obstacles. */
export const watchedOf = (segment: ResolvedSegment): Watched[] =>
  leavesOf<SegmentCondition>(segment).flatMap((leaf) => {
    const found = 'event' in leaf || 'sequence' in leaf ? watch(leaf) : [];
    return typeof found === 'string' ? [] : found;
  });

/** All patterns of a condition. */
export const patternsOf = (leaf: EventCondition | SequenceCondition): EventPattern[] => {
  if ('sequence' in leaf) return leaf.sequence;
  return 'without' in leaf ? [leaf, leaf.without] : [leaf];
};

/** The events that decide the condition, or why they are too many, or too changeable. */
const watch = (leaf: EventCondition | SequenceCondition): Watched[] | string => {
  const patterns = patternsOf(leaf);
  if (patterns.some(({ event }) => event.startsWith('herald.segment.')))
    return 'entering and leaving segments is not watched by segments';
  if (patterns.some(({ where = [] }) => changesWithTime(where)))
    return 'dates in its properties, which time alone changes';
  const keeps = keepsOf(leaf);
  if (typeof keeps === 'string') return keeps;
  const amount = amountPath(leaf);
  return patterns.map(({ event, where }) => ({
    pattern: { event, ...(where && { where }) },
    keeps,
    paths: [...pathsIn(where), ...amount],
  }));
};

const amountPath = (leaf: EventCondition | SequenceCondition): string[] => {
  if ('sum' in leaf) return [leaf.sum.property];
  if ('avg' in leaf) return [leaf.avg.property];
  if ('min' in leaf) return [leaf.min.property];
  return 'max' in leaf ? [leaf.max.property] : [];
};

const keepsOf = (leaf: EventCondition | SequenceCondition): Keeps | string => {
  if ('first' in leaf) return { kind: 'oldest' };
  if ('last' in leaf) return { kind: 'newest', count: 1 };
  // What follows an event may come after the end of its period.
  if (leaf.within) return withinKeeps(leaf.within, 'without' in leaf ? daysMs(leaf.without.withinDays) : 0);
  if (!('count' in leaf)) return `${BOUNDLESS.find((name) => name in leaf)} over all time`;
  const [limit = 0] = Object.values(leaf.count);
  return limit < MAX_COUNTED ? { kind: 'newest', count: limit + 1 } : `a count of ${limit} over all time`;
};

/** What needs all that ever happened, unless it has a window. */
const BOUNDLESS = ['sum', 'avg', 'min', 'max', 'without', 'sequence'];

const withinKeeps = (within: Within, longerMs: number): Keeps | string => {
  if ('days' in within) {
    if (within.days <= MAX_WINDOW_DAYS) return { kind: 'last', ms: daysMs(within.days) };
    return `a window of ${within.days} days; at most ${MAX_WINDOW_DAYS} are remembered`;
  }
  const fromMs = Date.parse(within.since);
  const toMs = (within.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(within.until)) + longerMs;
  if (toMs - fromMs <= daysMs(MAX_WINDOW_DAYS)) return { kind: 'between', fromMs, toMs };
  return `a period of more than ${MAX_WINDOW_DAYS} days`;
};

type KeysOf<T> = T extends T ? keyof T : never;
type Asked = KeysOf<Question | ListQuestion | AnniversaryQuestion>;
/** Whether time alone changes the answer. A question that is not here does not compile. */
const CHANGES_WITH_TIME: Record<Asked, boolean> = {
  ...{ equals: false, notEquals: false, in: false, atLeast: false, moreThan: false, atMost: false, lessThan: false },
  ...{
    contains: false,
    startsWith: false,
    endsWith: false,
    like: false,
    exists: false,
    before: false,
    notBefore: false,
  },
  ...{ withinDays: true, moreThanDaysAgo: true, withinNextDays: true, moreThanDaysAhead: true },
  ...{ anniversaryWithinDays: true, anyItem: false, everyItem: false },
};

/** Whether there is a question in it, however deep, whose answer time alone changes. */
export const changesWithTime = (asked: object): boolean =>
  Object.entries(asked).some(
    ([name, inner]) =>
      CHANGES_WITH_TIME[name as Asked] === true ||
      (typeof inner === 'object' && inner !== null && changesWithTime(inner)),
  );

/** Whether the event, if its time is right, counts for the pattern. */
export const concerns = (
  { event, where = [] }: EventPattern,
  { type, properties }: Pick<SeenEvent, 'type' | 'properties'>,
): boolean =>
  type === event &&
  where.every((tree) => treeHolds(tree, (leaf) => valueAnswers(valueAt(properties, leaf.property), leaf, 0)));

const pathsIn = (where: EventPattern['where'] = []): string[] =>
  where.flatMap((tree) => leavesOf(tree).map(({ property }) => property));

/** Paths of the properties that are asked for of events of this type. */
export const pathsRead = (watched: readonly Watched[], type: string): string[] => [
  ...new Set(watched.flatMap(({ pattern, paths }) => (pattern.event === type ? paths : []))),
];

/** The properties with just the values at these paths. */
export const projected = (properties: Record<string, unknown>, paths: readonly string[]): Record<string, unknown> => {
  const result: Record<string, unknown> = {};
  // A path before those inside it, which are there then.
  for (const path of paths.toSorted()) {
    const value = valueAt(properties, path);
    if (value === undefined || valueAt(result, path) !== undefined) continue;
    const steps = path.split('.');
    const last = steps.pop() as string;
    let into = result;
    for (const step of steps) {
      const inner: Record<string, unknown> = Object.hasOwn(into, step) ? (into[step] as Record<string, unknown>) : {};
      into[step] = inner;
      into = inner;
    }
    into[last] = value;
  }
  return result;
};

/** What of the person the segment looks at, beside profile and events. */
export const asksAbout = (segment: ResolvedSegment): { lists: boolean; consents: boolean } => {
  const leaves = leavesOf<SegmentCondition>(segment);
  return { lists: leaves.some((leaf) => 'list' in leaf), consents: leaves.some((leaf) => 'consent' in leaf) };
};
