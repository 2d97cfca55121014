import { durationMs } from './duration.ts';
import type { AbsenceWindow } from './trigger.ts';
import { type Arrival, groupAt, isKnown, keep, keptOf, type Observed, type WindowState } from './window-state.ts';

/**
 * An event A (role 0) that no B (role 1) follows: fires at A + T when there is no B in (A, A + T], with A's event. B may
 * arrive before A; what arrives after the decision does not change it. The decision may be late by the trigger's lateness,
 * counted from A + T: later it sends nothing. An event without a value at `same` belongs to nothing: such an A does not
 * fire, such a B answers none. Of A nothing is kept but its timer, so that a redelivery decides again.
 */
export const observeAbsence = (window: AbsenceWindow, state: WindowState, arrival: Arrival): Observed => {
  const { event, key, role, nowMs, latenessMs } = arrival;
  const group = groupAt(window.same, event);
  if (group === undefined) return {};
  const lengthMs = durationMs(window.within);
  if (role === 1) {
    if (isKnown(state.events, key)) return {};
    const events = keep(state.events, keptOf(arrival, group), nowMs - lengthMs - latenessMs);
    return isKnown(events, key) ? { state: { ...state, events } } : {};
  }

  const dueMs = event.timeMs + lengthMs;
  const isAnswered = state.events.some(
    ([timeMs, , other]) => timeMs > event.timeMs && timeMs <= dueMs && (other ?? '') === group,
  );
  if (isAnswered || nowMs > dueMs + latenessMs) return {};
  if (nowMs < dueMs) return { timer: { dueMs } };
  return { fire: { event, window: { firing: key }, deadlineMs: dueMs + latenessMs } };
};
