import { durationMs } from './duration.ts';
import { isAnonymous } from './identity.ts';
import { MAX_RINGING_MS, rungBy } from './timer.ts';
import type { AbsenceWindow } from './trigger.ts';
import { type Arrival, groupAt, isKnown, keep, keptOf, type Observed, type WindowState } from './window-state.ts';

/**
 * An event A (role 0) that no B (role 1) follows: fires at A + T when there is no B in (A, A + T], with A's event. B may
 * arrive before A; what arrives after the decision does not change it. The decision may be late by the trigger's lateness,
 * counted from when the timer may ring (see rungBy), or from A + T when there was no need of one: later it sends nothing. An
 * event without a value at `same` belongs to nothing: such an A does not fire, such a B answers none. Of A only its key and
 * its time are kept: a redelivery decides again, and an A that is sent again with a later time is still the earlier one.
 */
export const observeAbsence = (window: AbsenceWindow, state: WindowState, arrival: Arrival): Observed => {
  const { event, key, role, nowMs, latenessMs } = arrival;
  const group = groupAt(window.same, event);
  if (group === undefined) return {};
  const lengthMs = durationMs(window.within);
  const sinceMs = nowMs - lengthMs - latenessMs - MAX_RINGING_MS;
  if (role === 1) {
    if (isKnown(state.events, key)) return {};
    const events = keep(state.events, keptOf(arrival, group), sinceMs);
    return isKnown(events, key) ? { state: { ...state, events } } : {};
  }

  const { timeMs, begun } = begin(state, arrival, sinceMs);
  const kept = begun && { state: { ...state, begun } };
  const dueMs = timeMs + lengthMs;
  const deadlineMs = rungBy(dueMs, event.receivedMs) + latenessMs;
  const isAnswered = state.events.some(
    ([otherMs, , other]) => otherMs > timeMs && otherMs <= dueMs && (other ?? '') === group,
  );
  if (isAnswered || nowMs > deadlineMs) return { ...kept };
  if (nowMs < dueMs) return { ...kept, timer: { dueMs } };
  // Whoever is anonymous when it is decided gets no message, also not later.
  if (isAnonymous(event.profileId)) return { ...kept };
  return { ...kept, fire: { event: { ...event, timeMs }, window: { firing: key }, deadlineMs } };
};

/** When A happened, by the earliest of its deliveries; `begun`: what to keep, if that is news. */
const begin = (
  { begun = [] }: WindowState,
  { event, key }: Arrival,
  sinceMs: number,
): { timeMs: number; begun?: WindowState['events'] } => {
  const [knownMs = Number.POSITIVE_INFINITY] = begun.find(([, one]) => one === key) ?? [];
  if (knownMs <= event.timeMs) return { timeMs: knownMs };
  const others = begun.filter(([, one]) => one !== key);
  const next = keep(others, [event.timeMs, key], sinceMs);
  return { timeMs: event.timeMs, ...(isKnown(next, key) && { begun: next }) };
};
