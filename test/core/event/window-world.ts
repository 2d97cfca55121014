import * as fc from 'fast-check';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import type { Window } from '../../../core/event/trigger.ts';
import { observe, type WindowState } from '../../../core/event/window.ts';
import { eventKey, type Observed, type WindowTrigger } from '../../../core/event/window-state.ts';

export const NOW = Date.parse('2026-11-22T12:00:00Z');
export const HOUR = 3_600_000;

export const triggerOf = <W extends Window>(window: W, maxLatenessSeconds = 3_600): WindowTrigger<W> => ({
  eventType: 'purchase',
  where: undefined,
  maxLatenessSeconds,
  window,
});

/** An event `agoMs` before NOW. */
export const eventAt = (id: string, agoMs: number, properties: Record<string, unknown> = {}): AcceptedEvent => ({
  id,
  type: 'purchase',
  profileId: 'ada',
  source: 'shop',
  timeMs: NOW - agoMs,
  receivedMs: NOW,
  properties,
});
export const keyOf = (id: string): string => eventKey({ source: 'shop', id });

/** An event as it arrives at Herald, maybe not for the first time. */
export type Arriving = { event: AcceptedEvent; role?: number; nowMs?: number };

/** Shows events to one person's window, as the adapter does: what is written becomes what is read. */
export const world = (trigger: WindowTrigger, stored?: WindowState) => {
  let state = stored;
  const arrive = ({ event, role = 0, nowMs = NOW }: Arriving): Omit<Observed, 'state'> => {
    const { state: next, ...asked } = observe(trigger, state, event, role, nowMs);
    // Through JSON, as it is stored.
    if (next) state = JSON.parse(JSON.stringify({ ...next, version: next.version + 1 })) as WindowState;
    return asked;
  };
  return {
    arrive,
    state: () => state,
    /** Which event made it fire, what the message is about, and the value. */
    feed: (arrivals: readonly Arriving[]) =>
      arrivals.flatMap((arriving): [string, string, number | undefined][] => {
        const { fire } = arrive(arriving);
        return fire ? [[arriving.event.id, fire.event.id, fire.window.value]] : [];
      }),
  };
};

/** Seconds of the random histories; small, so that times collide and limits are met. */
export const LENGTH_S = 20;
export const LATENESS_S = 15;

/**
 * A history: up to 14 different events, each arriving once or more, in any order, early, in time or too late, while time goes
 * on. Steps of a second, so that events and ends of windows fall together.
 */
export const history = fc
  .record({
    happened: fc.array(
      fc.record({
        agoS: fc.integer({ min: 0, max: 70 }),
        amount: fc.integer({ min: -5, max: 12 }),
        role: fc.nat(1),
        same: fc.nat(1),
      }),
      { minLength: 1, maxLength: 14 },
    ),
    arrivals: fc.array(fc.record({ which: fc.nat(13), delayS: fc.integer({ min: 0, max: 6 }) }), { maxLength: 45 }),
  })
  .map(({ happened, arrivals }) => {
    let nowMs = NOW - 60_000;
    return arrivals.map(({ which, delayS }) => {
      nowMs += delayS * 1_000;
      const id = which % happened.length;
      const { agoS, amount, role, same } = happened[id]!;
      const properties = { amount, sku: same, label: `e${id}` };
      return { event: eventAt(`e${id}`, agoS * 1_000, properties), role, nowMs };
    });
  });
export type History = (typeof history extends fc.Arbitrary<infer T> ? T : never)[number];

/** Whether the event is so old that it fires nothing, and that what it once fired may be forgotten. */
export const isForgotten = ({ event, nowMs }: Pick<History, 'event' | 'nowMs'>): boolean =>
  nowMs > event.timeMs + (LATENESS_S + LENGTH_S) * 1_000;
