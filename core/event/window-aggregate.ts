import { valueAt } from '../audience/question.ts';
import { durationMs } from './duration.ts';
import type { AcceptedEvent } from './event.ts';
import type { AggregateWindow } from './trigger.ts';
import {
  type Arrival,
  type Fired,
  type Firing,
  isKnown,
  type Kept,
  keep,
  MAX_WINDOW_EVENTS,
  mayFire,
  type Observed,
  remember,
  type Totals,
  type WindowState,
} from './window-state.ts';

type Sliding = Extract<AggregateWindow, { within: unknown }>;
type Period = Extract<AggregateWindow, { since: string }>;

/**
 * A window of length T that ends at the event time w holds the person's distinct events with times in (w − T, w]. An event
 * that arrives is looked at in every window that holds it and ends with it or with a later event that arrived before. The
 * earliest of them that meets the limit fires, but none whose end is less than T from the end of one that fired.
 */
export const observeSliding = (window: Sliding, state: WindowState, arrival: Arrival): Observed => {
  const { event, key, nowMs, latenessMs } = arrival;
  const again = state.fired.find((fired) => fired.event === key);
  if (again) return { fire: firing(again, String(again.atMs), arrival) };

  const value = amountOf(window, event);
  if (value === undefined || isKnown(state.events, key)) return {};
  const lengthMs = durationMs(window.within);
  const sinceMs = nowMs - lengthMs - latenessMs;
  const events = keep(state.events, [event.timeMs, key, ...value], sinceMs);
  if (!isKnown(events, key)) return {};
  const next = { ...state, events };
  if (!mayFire(arrival)) return { state: next };

  const ends = events.map(([timeMs]) => timeMs).filter((ms) => ms >= event.timeMs && ms < event.timeMs + lengthMs);
  for (const endMs of new Set(ends)) {
    const held = events.filter(([timeMs]) => timeMs > endMs - lengthMs && timeMs <= endMs);
    const measured = measure(window, addAll(held));
    if (!meets(window, measured) || isTooNear(state.fired, endMs, lengthMs)) continue;
    const fired = { atMs: endMs, event: key, value: measured };
    return {
      state: { ...next, fired: remember(state.fired, fired, sinceMs) },
      fire: firing(fired, String(endMs), arrival),
    };
  }
  return { state: next };
};

/** When as many firings are known as are remembered, there may have been others before the oldest of them. */
const isTooNear = (fired: readonly Fired[], endMs: number, lengthMs: number): boolean =>
  fired.some(({ atMs }) => Math.abs(endMs - atMs) < lengthMs) ||
  (fired.length === MAX_WINDOW_EVENTS && endMs < fired[0]!.atMs);

/**
 * A period holds the person's distinct events from `since` on and before `until`, in whatever order they arrive. The event
 * with which it meets the limit fires it, once for good; afterwards nothing is kept of the events. The oldest arrivals
 * beyond MAX_WINDOW_EVENTS are kept as totals only: they count, but a repeat of one of them would count again.
 */
export const observePeriod = (window: Period, state: WindowState, arrival: Arrival): Observed => {
  const { event, key } = arrival;
  const { definition, fired } = state;
  if (fired.length > 0) {
    const again = fired.find((one) => one.event === key);
    return again ? { fire: firing(again, definition, arrival) } : {};
  }
  const value = amountOf(window, event);
  const isInside =
    event.timeMs >= Date.parse(window.since) && (window.until === undefined || event.timeMs < Date.parse(window.until));
  if (value === undefined || !isInside || isKnown(state.events, key)) return {};
  const next = fold({ ...state, events: [...state.events, [event.timeMs, key, ...value]] });
  const measured = measure(window, addAll(next.events, next.totals));
  if (!mayFire(arrival) || !meets(window, measured)) return { state: next };
  const first = { atMs: event.timeMs, event: key, value: measured };
  return { state: firedForGood(state, [first]), fire: firing(first, definition, arrival) };
};

/** Only the firing is kept. */
export const firedForGood = ({ version, definition }: WindowState, fired: Fired[]): WindowState => ({
  version,
  definition,
  events: [],
  fired,
});

/** Moves the first events beyond MAX_WINDOW_EVENTS into the totals. */
export const fold = (state: WindowState): WindowState => {
  const surplus = state.events.length - MAX_WINDOW_EVENTS;
  if (surplus <= 0) return state;
  return {
    ...state,
    events: state.events.slice(surplus),
    totals: addAll(state.events.slice(0, surplus), state.totals),
  };
};

const NOTHING: Totals = { n: 0, sum: 0, min: 0, max: 0 };

const addAll = (events: readonly Kept[], start: Totals = NOTHING): Totals =>
  events.reduce((totals, [, , value]) => {
    const number = Number(value ?? 0);
    return addTotals(totals, { n: 1, sum: number, min: number, max: number });
  }, start);

export const addTotals = (a: Totals, b: Totals): Totals => {
  if (a.n === 0 || b.n === 0) return a.n === 0 ? b : a;
  return { n: a.n + b.n, sum: round(a.sum + b.sum), min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
};

/** Sums of money are given with a few decimals: 0.1 + 0.2 must reach 0.3. Nine decimals are kept. */
const round = (value: number): number =>
  Math.abs(value) < 1e6 ? Math.round(value * 1e9) / 1e9 : finite(Number(value.toPrecision(15)));

/** JSON, in which state and messages are kept, has no infinity. */
const finite = (value: number): number => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));

/** What is kept of the event: its number, or nothing when events are counted. Undefined: it adds nothing to the window. */
const amountOf = (window: AggregateWindow, { properties }: AcceptedEvent): [] | [number] | undefined => {
  if ('count' in window) return [];
  const path = 'sum' in window ? window.sum : 'min' in window ? window.min : window.max;
  const value = valueAt(properties, path);
  return typeof value === 'number' && Number.isFinite(value) ? [value] : undefined;
};

const measure = (window: AggregateWindow, { n, sum, min, max }: Totals): number => {
  if ('count' in window) return n;
  return 'sum' in window ? sum : 'min' in window ? min : max;
};

const meets = (window: AggregateWindow, value: number): boolean =>
  'reaches' in window ? value >= window.reaches : value <= window.fallsTo;

const firing = ({ value }: Fired, name: string, { event, latenessMs }: Arrival): Firing => ({
  event,
  window: { firing: name, ...(value !== undefined && { value }) },
  deadlineMs: event.timeMs + latenessMs,
});
