import type { EventCondition, SequenceCondition, When } from './event-condition.ts';
import { datesOf, daysMs } from './question.ts';

const DAY_MS = 86_400_000;

/** Half-open span of event times [fromMs, toMs), epoch ms; without `fromMs` it has no beginning. */
export type EventWindow = { fromMs?: number; toMs: number };

/**
 * The events that a condition sees. Never later ones than `nowMs`. Whether the last one was lately is known from those that
 * were lately; everything else about the first and the last one looks at all of them.
 */
export const windowOf = (condition: EventCondition | SequenceCondition, nowMs: number): EventWindow => {
  const endMs = nowMs + 1;
  if ('last' in condition) {
    const { fromMs } = spanOf(condition.last, nowMs);
    return { ...(Number.isFinite(fromMs) && { fromMs }), toMs: endMs };
  }
  const within = 'within' in condition ? condition.within : undefined;
  if (!within) return { toMs: endMs };
  if ('days' in within) return { fromMs: nowMs - daysMs(within.days), toMs: endMs };
  return {
    fromMs: Date.parse(within.since),
    toMs: within.until === undefined ? endMs : Math.min(endMs, Date.parse(within.until)),
  };
};

/** The times of an occurrence that the question wants, both ends included, epoch ms or infinite. */
export const spanOf = (when: When, nowMs: number): { fromMs: number; toMs: number } =>
  datesOf(when, nowMs) as { fromMs: number; toMs: number };

/** UTC day of an instant, as the lake names its partitions. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/**
 * First partition (by day of arrival) that can hold rows of events at or after `fromMs`. An event arrives on its day or
 * later, but intake lets clocks of apps be ahead by up to a day (MAX_AHEAD_MS). The second day is for an event sent again
 * without a time of its own: its first copy, which counts, may lie just before the window. Nothing arrived before 1970, and years
 * before 0 are no partitions.
 */
export const firstPartition = (fromMs: number): string => dayOf(Math.max(0, fromMs - 2 * DAY_MS));
