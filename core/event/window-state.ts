import { createHash } from 'node:crypto';
import { valueAt } from '../audience/question.ts';
import type { DirectMessage } from '../delivery/messages.ts';
import { canonicalJson } from '../strategy/plan-hash.ts';
import { durationMs, latenessMs } from './duration.ts';
import type { AcceptedEvent } from './event.ts';
import { isAnonymous } from './identity.ts';
import { MAX_RINGING_MS } from './timer.ts';
import type { TriggerInput, Window } from './trigger.ts';

/**
 * An event that is remembered: when it happened, its key, and what the window asks of it (a number of an aggregate, the
 * group of a pair). A tuple, because a person's item is billed by the kilobyte: 25 of them fit into one.
 */
export type Kept = [timeMs: number, key: string, value?: number | string];

/**
 * A main event of a sequence that has no partner yet. The message, when its partner comes, is about `event`; without it, for
 * want of room (see MAX_WHOLE_BYTES), about the partner.
 */
export type Waiting = { key: string; timeMs: number; group?: string; event?: AcceptedEvent };

/**
 * What fired. `atMs`: the end of the window; of a sequence, the later of its two events. `event`: key of the event that
 * fired, of a sequence the main one, and `partner` the other one, which is used up. `about`: the main event, when its
 * partner was the last to arrive: a redelivery of the partner asks for the same message again. 'partner': the main event is
 * not kept whole, and the message is about the partner.
 */
export type Fired = {
  atMs: number;
  event: string;
  value?: number;
  partner?: string;
  about?: AcceptedEvent | 'partner';
};

/** What some numbers come to; `min` and `max` mean nothing when `n` is 0. */
export type Totals = { n: number; sum: number; min: number; max: number };

/** What is kept of one person for one window trigger. */
export type WindowState = {
  /** Version of the item; every write is conditional on it. 0: no item yet. */
  version: number;
  /** Names the window's definition. A trigger that was changed starts from nothing. */
  definition: string;
  /** Those of an aggregate; of a sequence the partners that are not used up; of an absence the partners. */
  events: Kept[];
  /** Of a period: what those events come to that are no longer kept one by one. */
  totals?: Totals;
  /** Of a sequence: main events that have no partner. */
  waiting?: Waiting[];
  /** Of an absence: the events after which something may be missing, with their first times. */
  begun?: Kept[];
  fired: Fired[];
  /** Epoch ms from which on the state decides nothing any more; absent: never. Computed anew at each write. */
  expiresMs?: number;
};

/** The message that a window asks for. The same `window.firing` is the same message, however often it is asked for. */
export type Firing = Pick<DirectMessage, 'event' | 'deadlineMs'> & { window: NonNullable<DirectMessage['window']> };

/** `state`: what to write (absent: nothing changed). `timer`: look again at `dueMs`. */
export type Observed = { state?: WindowState; fire?: Firing; timer?: { dueMs: number } };

export type WindowTrigger<W extends Window = Window> = Pick<
  TriggerInput,
  'eventType' | 'where' | 'maxLatenessSeconds'
> & {
  window: W;
};

/** An event of a person that matches the trigger's pattern number `role`, when Herald looks at it. */
export type Arrival = { event: AcceptedEvent; key: string; role: number; nowMs: number; latenessMs: number };

/**
 * Of a person, a trigger and a role, at most so many events are told apart. Sliding windows see the newest of them only, so
 * a limit on their number must not be higher; periods go on counting what they no longer keep.
 */
export const MAX_WINDOW_EVENTS = 500;
/**
 * Main events that wait for their partner, and those that fired, are kept whole up to so many bytes of JSON each. Every event
 * of the person writes all of it again, and DynamoDB bills each kilobyte.
 */
export const MAX_WHOLE_BYTES = 8_192;

/** 72 bits of a hash: shorter than ids, and no two of a person's thousand events collide in practice. */
const short = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 12);

/** The same for every delivery of an event. */
export const eventKey = ({ source, id }: Pick<AcceptedEvent, 'source' | 'id'>): string =>
  short(JSON.stringify([source, id]));

/** A limit or a lateness that moved does not change what was observed, so neither is part of the definition. */
export const definitionOf = ({ eventType, where, window }: WindowTrigger): string => {
  const limit = 'reaches' in window ? { reaches: 0 } : 'fallsTo' in window ? { fallsTo: 0 } : {};
  return short(canonicalJson([eventType, where ?? [], { ...window, ...limit }]));
};

/** The stored state if it is of this definition, else an empty one that replaces it. */
export const currentState = (trigger: WindowTrigger, stored: WindowState | undefined): WindowState => {
  const definition = definitionOf(trigger);
  return stored?.definition === definition
    ? stored
    : { version: stored?.version ?? 0, definition, events: [], fired: [] };
};

export const arrivalOf = (trigger: WindowTrigger, event: AcceptedEvent, role: number, nowMs: number): Arrival => ({
  event,
  key: eventKey(event),
  role,
  nowMs,
  latenessMs: latenessMs(trigger),
});

/** Events that arrive too late count but send nothing; those of somebody who is not known yet neither. */
export const mayFire = ({ event, nowMs, latenessMs: late }: Arrival): boolean =>
  nowMs <= event.timeMs + late && !isAnonymous(event.profileId);

/** An event of a pair as it is kept. */
export const keptOf = ({ event, key }: Arrival, group: string): Kept =>
  group === '' ? [event.timeMs, key] : [event.timeMs, key, group];

export const isKnown = (events: readonly Kept[], key: string): boolean => events.some(([, known]) => known === key);

/** In event time; events of the same millisecond by their keys, so that the order of arrival makes no difference. */
export const byTime = (a: Kept, b: Kept): number => a[0] - b[0] || (a[1] < b[1] ? -1 : 1);

export const newest = <T>(list: readonly T[]): T[] => list.slice(-MAX_WINDOW_EVENTS);

/** The events and the new one, in event time, without those from before `sinceMs`. */
export const keep = (events: readonly Kept[], added: Kept, sinceMs: number): Kept[] =>
  newest([...events, added].filter(([timeMs]) => timeMs >= sinceMs).sort(byTime));

/** The firings and the new one by their times, without those from before `sinceMs`. */
export const remember = (fired: readonly Fired[], added: Fired, sinceMs: number): Fired[] =>
  newest([...fired, added].filter(({ atMs }) => atMs >= sinceMs).sort((a, b) => a.atMs - b.atMs));

/**
 * Which events belong together: a name of the value at `same`; undefined when it is no text, number or boolean. Without
 * `same` all have the name ''.
 */
export const groupAt = (same: string | undefined, { properties }: AcceptedEvent): string | undefined => {
  if (same === undefined) return '';
  const value = valueAt(properties, same);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? short(JSON.stringify(value))
    : undefined;
};

/** With the time from which on nothing that is in the state can matter. */
export const withExpiry = (trigger: WindowTrigger, state: WindowState): WindowState => {
  const { expiresMs: _, ...rest } = state;
  const { window } = trigger;
  const late = latenessMs(trigger);
  if ('within' in window) {
    const { events, begun = [], waiting = [], fired } = state;
    const kept = [...events, ...begun].map(([timeMs]) => timeMs);
    const times = [...kept, ...waiting.map(({ timeMs }) => timeMs), ...fired.map(({ atMs }) => atMs)];
    const ringingMs = 'without' in window ? MAX_RINGING_MS : 0;
    return { ...rest, expiresMs: Math.max(0, ...times) + durationMs(window.within) + late + ringingMs };
  }
  return window.until === undefined ? rest : { ...rest, expiresMs: Date.parse(window.until) + late };
};
