import { createHash } from 'node:crypto';
import type { AcceptedEvent } from './event.ts';
import { deadlineOf, propertyAt } from './match-trigger.ts';
import type { TriggerInput } from './trigger.ts';

/**
 * What is kept of one person for one window trigger, until it fires. `seen` holds the events that are in the sum, oldest
 * first, so that a repeated event counts once; it is bounded, and empty once the trigger has fired.
 */
export type WindowState = {
  /** Version of the item; every write is conditional on it. 0: no item yet. */
  version: number;
  /** Names the window's definition. A trigger that was changed starts from nothing. */
  definition: string;
  sum: number;
  seen: string[];
  /** The event that fired it, and the sum then: a redelivery of that event asks for the same message again. */
  fired?: { event: string; value: number };
};

/** More events than this before the limit is reached are not told apart: the oldest are forgotten first. */
export const MAX_SEEN = 1_000;

type WindowTrigger = TriggerInput & { window: NonNullable<TriggerInput['window']> };

/** 72 bits of a hash: shorter than ids, and no two of a person's thousand events collide in practice. */
const short = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 12);
const keyOf = (event: AcceptedEvent): string => short(JSON.stringify([event.source, event.id]));

/** A limit that moved does not change what was summed, so `reaches` is not part of the definition. */
export const definitionOf = ({ eventType, where, window: { sum, since } }: WindowTrigger): string =>
  short(JSON.stringify([eventType, where ?? [], sum, since]));

export const emptyWindow = (trigger: WindowTrigger): WindowState => ({
  version: 0,
  definition: definitionOf(trigger),
  sum: 0,
  seen: [],
});

/**
 * Adds an event that `matches` the trigger to the person's window. `state` is what to write (absent: nothing changed),
 * `fire` asks for the message. The order of events and repeats of an event do not change the sum. An event past its
 * deadline counts but does not fire; then the next event in time does.
 */
export const addToWindow = (
  trigger: WindowTrigger,
  stored: WindowState | undefined,
  event: AcceptedEvent,
  nowMs: number,
): { state?: WindowState; fire?: { value: number } } => {
  const known = stored?.definition === definitionOf(trigger);
  const state = known ? stored : { ...emptyWindow(trigger), version: stored?.version ?? 0 };
  const { sum: path, since, reaches } = trigger.window;
  const key = keyOf(event);
  if (state.fired) return state.fired.event === key ? { fire: { value: state.fired.value } } : {};

  const amount = propertyAt(event.properties, path);
  if (typeof amount !== 'number' || event.timeMs < Date.parse(since) || state.seen.includes(key)) return {};
  const sum = round(state.sum + amount);
  if (sum >= reaches && nowMs <= deadlineOf(trigger, event)) {
    return { state: { ...state, sum, seen: [], fired: { event: key, value: sum } }, fire: { value: sum } };
  }
  return { state: { ...state, sum, seen: [...state.seen, key].slice(-MAX_SEEN) } };
};

/** Sums of money are given with a few decimals: 0.1 + 0.2 must reach 0.3. Nine decimals are kept. */
const round = (value: number): number =>
  Math.abs(value) < 1e6 ? Math.round(value * 1e9) / 1e9 : Number(value.toPrecision(15));
