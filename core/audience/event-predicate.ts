import type { AcceptedEvent } from '../event/event.ts';
import { AMOUNT_LIMIT, compares, inMillionths, millionths } from './amount.ts';
import { daysOfYear, isOnDays } from './anniversary.ts';
import type { Amount, EventCondition, EventPattern, PropertyCondition, SequenceCondition } from './event-condition.ts';
import { spanOf, windowOf } from './event-window.ts';
import { answers, daysMs, listAnswers, valueAt } from './question.ts';
import { treeHolds } from './segment-tree.ts';

/** What the predicate reads of an event. */
export type SeenEvent = Pick<AcceptedEvent, 'id' | 'source' | 'type' | 'timeMs' | 'receivedMs' | 'properties'>;

/** The events of one person by type, looked through once a type is asked for. */
export type History = { of: (type: string) => readonly SeenEvent[] };

export const historyOf = (events: readonly SeenEvent[]): History => {
  const known = new Map<string, readonly SeenEvent[]>();
  return {
    of(type) {
      const found = known.get(type) ?? firstCopies(events, type);
      known.set(type, found);
      return found;
    },
  };
};

/** One copy of each event of a type, the one that arrived first. */
const firstCopies = (events: readonly SeenEvent[], type: string): SeenEvent[] => {
  const first = new Map<string, SeenEvent>();
  for (const event of events) {
    if (event.type !== type) continue;
    const key = `${event.source.length} ${event.source}${event.id}`;
    const known = first.get(key);
    const earlier =
      !known ||
      event.receivedMs < known.receivedMs ||
      (event.receivedMs === known.receivedMs && event.timeMs < known.timeMs);
    if (earlier) first.set(key, event);
  }
  return [...first.values()];
};

export const eventHolds = (condition: EventCondition, history: History, nowMs: number): boolean => {
  const { fromMs = Number.NEGATIVE_INFINITY, toMs } = windowOf(condition, nowMs);
  const seen = matching(condition, history, nowMs, fromMs, toMs);
  if ('count' in condition) return compares(seen.length, condition.count);
  if ('sum' in condition) return compares(total(amountsOf(seen, condition.sum)), inMillionths(condition.sum.is));
  if ('avg' in condition) {
    const amounts = amountsOf(seen, condition.avg);
    return amounts.length > 0 && compares(total(amounts), inMillionths(condition.avg.is), amounts.length);
  }
  if ('min' in condition) return meets(least(numbersOf(seen, condition.min)), condition.min);
  if ('max' in condition) return meets(greatest(numbersOf(seen, condition.max)), condition.max);
  if ('without' in condition) {
    const { without } = condition;
    const lengthMs = daysMs(without.withinDays);
    const others = matching(without, history, nowMs, Number.NEGATIVE_INFINITY, nowMs + 1);
    return seen.some(
      ({ timeMs: at }) =>
        at <= nowMs - lengthMs && !others.some(({ timeMs }) => timeMs > at && timeMs <= at + lengthMs),
    );
  }
  const times = seen.map(({ timeMs }) => timeMs);
  const [atMs, when] = 'first' in condition ? [least(times), condition.first] : [greatest(times), condition.last];
  const span = spanOf(when, nowMs);
  return atMs !== undefined && atMs >= span.fromMs && atMs <= span.toMs;
};

/**
 * Whether the person did one step after the other, each strictly later than the one before. For each step, `starts` holds the
 * latest beginning of a way that leads up to it: if any way is short enough, the one that began last is.
 */
export const sequenceHolds = (condition: SequenceCondition, history: History, nowMs: number): boolean => {
  const { fromMs = Number.NEGATIVE_INFINITY, toMs } = windowOf(condition, nowMs);
  const { sequence, withinDays } = condition;
  const limitMs = withinDays === undefined ? Number.POSITIVE_INFINITY : daysMs(withinDays);
  const times = sequence.map((step) =>
    matching(step, history, nowMs, fromMs, toMs)
      .map(({ timeMs }) => timeMs)
      .sort((a, b) => a - b),
  );
  // Of each way only its beginning counts: [when it got here, the latest beginning], in order of time.
  let ways = (times[0] ?? []).map((timeMs) => ({ timeMs, startMs: timeMs }));
  for (const step of times.slice(1)) {
    let at = 0;
    let startMs = Number.NEGATIVE_INFINITY;
    ways = step.flatMap((timeMs) => {
      for (; at < ways.length && (ways[at]?.timeMs ?? 0) < timeMs; at += 1) {
        startMs = Math.max(startMs, ways[at]?.startMs ?? startMs);
      }
      return startMs === Number.NEGATIVE_INFINITY ? [] : [{ timeMs, startMs }];
    });
  }
  return ways.some(({ timeMs, startMs }) => timeMs - startMs <= limitMs);
};

/** Events of the pattern with fromMs ≤ time < toMs. */
const matching = (
  { event, where = [] }: EventPattern,
  history: History,
  nowMs: number,
  fromMs: number,
  toMs: number,
): SeenEvent[] =>
  history
    .of(event)
    .filter(
      ({ timeMs, properties }) =>
        timeMs >= fromMs &&
        timeMs < toMs &&
        where.every((tree) => treeHolds(tree, (leaf) => valueAnswers(valueAt(properties, leaf.property), leaf, nowMs))),
    );

/** The answer to whatever segments ask about a property or an attribute. */
export const valueAnswers = (value: unknown, question: Omit<PropertyCondition, 'property'>, nowMs: number): boolean => {
  const asked = question as PropertyCondition;
  if ('anyItem' in asked || 'everyItem' in asked) return listAnswers(value, asked, nowMs);
  if ('anniversaryWithinDays' in asked) return isOnDays(value, daysOfYear(nowMs, asked.anniversaryWithinDays));
  return answers(value, asked, nowMs);
};

const amountsOf = (events: readonly SeenEvent[], { property }: Amount): number[] =>
  events.flatMap(({ properties }) => millionths(valueAt(properties, property)) ?? []);
const total = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);

const numbersOf = (events: readonly SeenEvent[], { property }: Amount): number[] =>
  events
    .map(({ properties }) => valueAt(properties, property))
    .filter((value): value is number => typeof value === 'number' && Math.abs(value) < AMOUNT_LIMIT);

const meets = (number: number | undefined, { is }: Amount): boolean => number !== undefined && compares(number, is);

// Not Math.min(...): a list of a hundred thousand would be too many arguments.
const least = (numbers: readonly number[]): number | undefined =>
  numbers.length === 0 ? undefined : numbers.reduce((a, b) => Math.min(a, b));
const greatest = (numbers: readonly number[]): number | undefined =>
  numbers.length === 0 ? undefined : numbers.reduce((a, b) => Math.max(a, b));
