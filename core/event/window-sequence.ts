import { durationMs } from './duration.ts';
import type { SequenceWindow } from './trigger.ts';
import {
  type Arrival,
  type Fired,
  type Firing,
  groupAt,
  isKnown,
  keep,
  keptOf,
  MAX_WHOLE_BYTES,
  mayFire,
  newest,
  type Observed,
  remember,
  type Waiting,
  type WindowState,
} from './window-state.ts';

/** An event that is free to be the partner of the one that arrived. `main`: it is the trigger's own event. */
type Partner = { timeMs: number; key: string; main?: Waiting };

/**
 * Pairs the trigger's event B (role 0) with an event A (role 1) that is not after it and at most T before it; `inAnyOrder`:
 * at most T apart. Whichever of the two arrives last takes, of those that are free, the one that is nearest to it in event
 * time; of two equally near the earlier. Each B fires once and uses up its A: one favourite and two carts send one message.
 * An event that is too late when it arrives, or whose person is not known yet, takes no partner, and waits to be taken. An
 * event never pairs with itself, and one without a value at `same` pairs with none.
 */
export const observeSequence = (window: SequenceWindow, state: WindowState, arrival: Arrival): Observed => {
  const { event, key, role } = arrival;
  const group = groupAt(window.same, event);
  if (group === undefined) return {};
  const again = state.fired.find((one) => (role === 0 ? one.event : one.partner) === key);
  if (again) {
    const about = role === 0 || again.about === 'partner' ? event : again.about;
    return about ? { fire: firing(again.event, about, arrival) } : {};
  }
  const waits = role === 0 ? state.waiting?.some((one) => one.key === key) : isKnown(state.events, key);
  if (waits) return {};
  const partner = mayFire(arrival) ? nearestPartner(window, state, arrival, group) : undefined;
  return partner ? pair(window, state, arrival, partner) : wait(window, state, arrival, group);
};

const nearestPartner = (
  window: SequenceWindow,
  { events, waiting = [] }: WindowState,
  { event: { timeMs: ownMs }, key: ownKey, role }: Arrival,
  ownGroup: string,
): Partner | undefined => {
  const lengthMs = durationMs(window.within);
  const free: (Partner & { group: string })[] =
    role === 0
      ? events.map(([timeMs, key, group]) => ({ timeMs, key, group: String(group ?? '') }))
      : waiting.map((main) => ({ timeMs: main.timeMs, key: main.key, group: main.group ?? '', main }));
  const isNear = ({ timeMs }: Partner): boolean => {
    const afterMs = role === 0 ? ownMs - timeMs : timeMs - ownMs;
    return Math.abs(afterMs) <= lengthMs && (afterMs >= 0 || window.inAnyOrder === true);
  };
  return free
    .filter((one) => one.group === ownGroup && one.key !== ownKey && isNear(one))
    .sort((a, b) => Math.abs(a.timeMs - ownMs) - Math.abs(b.timeMs - ownMs) || inOrder(a, b))[0];
};

const inOrder = (a: { timeMs: number; key: string }, b: { timeMs: number; key: string }): number =>
  a.timeMs - b.timeMs || (a.key < b.key ? -1 : 1);

/** The two are used up. When the main event came first, it is kept for a redelivery of its partner. */
const pair = (window: SequenceWindow, state: WindowState, arrival: Arrival, partner: Partner): Observed => {
  const { event, key, nowMs, latenessMs } = arrival;
  const whole = partner.main?.event;
  // The person may have got another id in between.
  const about = whole ? { ...whole, profileId: event.profileId } : event;
  const [main, other] = partner.main ? [partner.key, key] : [key, partner.key];
  const atMs = Math.max(event.timeMs, partner.timeMs);
  const fired = {
    atMs,
    event: main,
    partner: other,
    ...(partner.main && { about: whole ? about : ('partner' as const) }),
  };
  const { waiting = [], ...rest } = state;
  const left = waiting.filter((one) => one.key !== main);
  return {
    state: {
      ...rest,
      events: state.events.filter(([, one]) => one !== other),
      ...(left.length > 0 && { waiting: left }),
      fired: forgetWhole(remember(state.fired, fired, nowMs - durationMs(window.within) - latenessMs)),
    },
    fire: firing(main, about, arrival),
  };
};

/** Keeps the event for a partner that may come; a main event, unless order is free, for one that is older than it. */
const wait = (window: SequenceWindow, state: WindowState, arrival: Arrival, group: string): Observed => {
  const { event, key, role, nowMs, latenessMs } = arrival;
  const lengthMs = durationMs(window.within);
  if (role === 1) {
    const events = keep(state.events, keptOf(arrival, group), nowMs - lengthMs - latenessMs);
    return isKnown(events, key) ? { state: { ...state, events } } : {};
  }
  const waitsMs = latenessMs + (window.inAnyOrder ? lengthMs : 0);
  const own = { key, timeMs: event.timeMs, ...(group !== '' && { group }), event };
  const waiting = keepWaiting([...(state.waiting ?? []), own], nowMs - waitsMs);
  return waiting.some((one) => one.key === key) ? { state: { ...state, waiting } } : {};
};

/** Those that wait, from `sinceMs` on; the newest of them whole, as far as there is room for them. */
export const keepWaiting = (waiting: readonly Waiting[], sinceMs: number): Waiting[] => {
  const hasRoom = roomForWhole();
  return newest(waiting.filter(({ timeMs }) => timeMs >= sinceMs).sort(inOrder))
    .toReversed()
    .map(({ event, ...one }) => (event && hasRoom(event) ? { ...one, event } : one))
    .reverse();
};

/** All firings, the newest of them with the events that they are about. */
export const forgetWhole = (fired: readonly Fired[]): Fired[] => {
  const hasRoom = roomForWhole();
  return fired
    .toReversed()
    .map((one): Fired => (!one.about || hasRoom(one.about) ? one : { ...one, about: 'partner' }))
    .reverse();
};

/** Says of one event after another whether it fits beside those before it. */
const roomForWhole = () => {
  let room = MAX_WHOLE_BYTES;
  return (event: NonNullable<Fired['about']>): boolean => {
    const bytes = Buffer.byteLength(JSON.stringify(event));
    if (bytes > room) return false;
    room -= bytes;
    return true;
  };
};

const firing = (main: string, about: Firing['event'], { event, latenessMs }: Arrival): Firing => ({
  event: about,
  window: { firing: main },
  deadlineMs: event.timeMs + latenessMs,
});
