import type { AcceptedEvent } from './event.ts';
import type { Timer } from './timer.ts';
import { observeAbsence } from './window-absence.ts';
import { addTotals, firedForGood, fold, observePeriod, observeSliding } from './window-aggregate.ts';
import { forgetWhole, keepWaiting, observeSequence } from './window-sequence.ts';
import {
  arrivalOf,
  byTime,
  currentState,
  definitionOf,
  newest,
  type Observed,
  type WindowState,
  type WindowTrigger,
  withExpiry,
} from './window-state.ts';

export type { Firing, WindowState } from './window-state.ts';

/**
 * Shows an event that matches the trigger's pattern number `role` (see patternsOf in trigger.ts) to the person's window.
 * Everything is reckoned in event time: repeats, and the order of arrival, make no difference to what the window holds.
 * An event past the trigger's lateness counts, but does not fire, and neither does one of an anonymous person. A redelivery
 * of an event that fired asks for the same message again.
 */
export const observe = (
  trigger: WindowTrigger,
  stored: WindowState | undefined,
  event: AcceptedEvent,
  role: number,
  nowMs: number,
): Observed => {
  const { state, ...asked } = lookAt(trigger, stored, event, role, nowMs);
  return { ...(state && { state: withExpiry(trigger, state) }), ...asked };
};

const lookAt = (
  trigger: WindowTrigger,
  stored: WindowState | undefined,
  event: AcceptedEvent,
  role: number,
  nowMs: number,
): Observed => {
  const state = currentState(trigger, stored);
  const arrival = arrivalOf(trigger, event, role, nowMs);
  const { window } = trigger;
  if ('after' in window) return observeSequence(window, state, arrival);
  if ('without' in window) return observeAbsence(window, state, arrival);
  return 'within' in window ? observeSliding(window, state, arrival) : observePeriod(window, state, arrival);
};

/** What to do when a timer rings. One that rings too early is set again; one of another definition asks for nothing. */
export const due = (trigger: WindowTrigger, stored: WindowState | undefined, timer: Timer, nowMs: number): Observed =>
  timer.definition === definitionOf(trigger) ? observe(trigger, stored, timer.event, 0, nowMs) : {};

/**
 * The window of a person of whom a part was known by another id: the events and firings of both. Doing it twice changes
 * nothing, except that totals of periods (see observePeriod) are added twice. Nothing fires by itself; the next event does.
 * State of another definition is dropped.
 */
export const mergeWindows = (trigger: WindowTrigger, into: WindowState | undefined, from: WindowState): WindowState => {
  const [a, b] = [currentState(trigger, into), { ...currentState(trigger, from), version: 0 }];
  const fired = uniqueBy([...a.fired, ...b.fired], (one) => one.event).sort((x, y) => x.atMs - y.atMs);
  const { window } = trigger;
  if ('since' in window && fired.length > 0) return withExpiry(trigger, firedForGood(a, fired));

  const used = new Set(fired.map(({ partner }) => partner));
  const events = uniqueBy([...a.events, ...b.events], ([, key]) => key)
    .filter(([, key]) => !used.has(key))
    .sort(byTime);
  const merged = { version: a.version, definition: a.definition, fired: forgetWhole(newest(fired)) };
  if ('since' in window) {
    const totals = a.totals && b.totals ? addTotals(a.totals, b.totals) : (a.totals ?? b.totals);
    return withExpiry(trigger, fold({ ...merged, events, ...(totals && { totals }) }));
  }
  const both = [...(a.waiting ?? []), ...(b.waiting ?? [])].sort((x, y) => Number(!x.event) - Number(!y.event));
  const free = uniqueBy(both, ({ key }) => key).filter(({ key }) => !fired.some(({ event }) => event === key));
  const waiting = keepWaiting(free, Number.NEGATIVE_INFINITY);
  // Of an event that both have begun with, the earlier time counts.
  const begun = uniqueBy([...(a.begun ?? []), ...(b.begun ?? [])].sort(byTime), ([, key]) => key);
  return withExpiry(trigger, {
    ...merged,
    events: newest(events),
    ...(waiting.length > 0 && { waiting }),
    ...(begun.length > 0 && { begun: newest(begun) }),
  });
};

const uniqueBy = <T>(list: readonly T[], nameOf: (one: T) => string): T[] =>
  [...new Map(list.toReversed().map((one) => [nameOf(one), one])).values()].reverse();
