import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import type { Timer } from '../../../core/event/timer.ts';
import type { AbsenceWindow } from '../../../core/event/trigger.ts';
import { due, observe } from '../../../core/event/window.ts';
import { definitionOf } from '../../../core/event/window-state.ts';
import { eventAt, HOUR, history, keyOf, LATENESS_S, LENGTH_S, NOW, triggerOf, world } from './window-world.ts';

const used = { eventType: 'coupon.used' };
const unused = triggerOf<AbsenceWindow>({ without: used, within: { hours: 1 } });
const sameCoupon = triggerOf<AbsenceWindow>({ without: used, within: { hours: 1 }, same: 'code' });
const MINUTE = 60_000;

const timerOf = (trigger: typeof unused, event: AcceptedEvent): Timer => ({
  ...{ triggerId: 't', definition: definitionOf(trigger), event },
  dueMs: event.timeMs + HOUR,
});
/** The coupon is sent at NOW, the others happen `afterMs` later; all arrive, then its timer rings. */
const ring = (trigger: typeof unused, code: unknown, others: [afterMs: number, code?: unknown][], lateMs = 0) => {
  const one = world(trigger);
  const sent = eventAt('sent', 0, { code });
  const asked = one.arrive({ event: sent });
  for (const [afterMs, other] of others)
    one.arrive({ event: eventAt(`used${afterMs}`, -afterMs, { code: other }), role: 1, nowMs: NOW + afterMs });
  return { asked, ...due(trigger, one.state(), timerOf(trigger, sent), NOW + HOUR + lateMs) };
};

test('asks for a timer, and keeps nothing of the event itself', () => {
  const one = world(unused);
  expect(one.arrive({ event: eventAt('sent', MINUTE) })).toEqual({ timer: { dueMs: NOW - MINUTE + HOUR } });
  expect(one.state()).toBeUndefined();
});

describe('when the timer rings', () => {
  test.each<[string, typeof unused, unknown, [number, unknown?][], boolean]>([
    ['nothing happened', unused, 'a', [], true],
    ['it was used', unused, 'a', [[MINUTE]], false],
    ['in the last moment', unused, 'a', [[HOUR]], false],
    ['a millisecond too late', unused, 'a', [[HOUR + 1]], true],
    ['at the same moment is not after it', unused, 'a', [[0]], true],
    ['before it', unused, 'a', [[-1]], true],
    [
      'this coupon',
      sameCoupon,
      'a',
      [
        [MINUTE, 'b'],
        [MINUTE + 1, 'a'],
      ],
      false,
    ],
    ['another coupon', sameCoupon, 'a', [[MINUTE, 'b']], true],
    ['one without a code', sameCoupon, 'a', [[MINUTE]], true],
  ])('%s', (_, trigger, code, others, fires) => {
    const { asked, fire, timer } = ring(trigger, code, others);
    expect(asked.timer).toEqual({ dueMs: NOW + HOUR });
    expect(timer).toBeUndefined();
    expect(fire).toEqual(
      fires
        ? { event: eventAt('sent', 0, { code }), window: { firing: keyOf('sent') }, deadlineMs: NOW + 2 * HOUR }
        : undefined,
    );
  });

  test('late by the lateness of the trigger, but not by more', () => {
    expect(ring(unused, 'a', [], HOUR).fire).toBeDefined();
    expect(ring(unused, 'a', [], HOUR + 1).fire).toBeUndefined();
  });

  test('too early it is set again', () => expect(ring(unused, 'a', [], -1).timer).toEqual({ dueMs: NOW + HOUR }));

  test('for a window that was changed since, it asks for nothing', () => {
    const timer = timerOf(unused, eventAt('sent', 0));
    const changed = triggerOf<AbsenceWindow>({ ...unused.window, within: { minutes: 30 } });
    expect(due(changed, undefined, timer, NOW + HOUR)).toEqual({});
    expect(due({ ...unused, maxLatenessSeconds: 7_200 }, undefined, timer, NOW + HOUR).fire).toBeDefined();
  });
});

describe('out of order', () => {
  test('a use that arrives first is found: no timer', () => {
    const one = world(unused);
    one.arrive({ event: eventAt('used', 0), role: 1 });
    expect(one.arrive({ event: eventAt('sent', MINUTE) })).toEqual({});
  });

  test('an event whose hour is over is decided at once, within the lateness after it', () => {
    expect(world(unused).arrive({ event: eventAt('sent', 2 * HOUR) }).fire?.window).toEqual({ firing: keyOf('sent') });
    expect(world(unused).arrive({ event: eventAt('sent', 2 * HOUR + 1) })).toEqual({});
  });

  test('one without a value that belongs together starts nothing', () => {
    expect(world(sameCoupon).arrive({ event: eventAt('sent', 0, { code: null }) })).toEqual({});
  });

  test('uses are forgotten when no decision can need them', () => {
    const one = world(unused);
    one.arrive({ event: eventAt('used', 2 * HOUR), role: 1 });
    expect(one.state()?.events).toHaveLength(1);
    expect(observe(unused, one.state(), eventAt('later', -1), 1, NOW + 1).state?.events).toHaveLength(1);
  });
});

test('agrees with a look at all events that have arrived when the timer rings, in any order and with repeats', () => {
  fc.assert(
    fc.property(history, fc.boolean(), fc.integer({ min: 0, max: 20 }), (arrivals, same, wakeS) => {
      const trigger = triggerOf<AbsenceWindow>(
        { without: used, within: { seconds: LENGTH_S }, ...(same && { same: 'sku' }) },
        LATENESS_S,
      );
      const one = world(trigger);
      const lengthMs = LENGTH_S * 1_000;
      const answers: AcceptedEvent[] = [];
      const isMissing = (event: AcceptedEvent) =>
        !answers.some(
          ({ timeMs, properties }) =>
            timeMs > event.timeMs &&
            timeMs <= event.timeMs + lengthMs &&
            (!same || properties.sku === event.properties.sku),
        );
      const mayFire = (event: AcceptedEvent, nowMs: number) =>
        isMissing(event) && nowMs >= event.timeMs + lengthMs && nowMs <= event.timeMs + lengthMs + LATENESS_S * 1_000;
      let waiting: Timer[] = [];

      const last = arrivals.at(-1);
      const ringing = (nowMs: number) => {
        const ripe = waiting.filter(({ dueMs }) => dueMs + wakeS * 1_000 <= nowMs);
        waiting = waiting.filter((timer) => !ripe.includes(timer));
        for (const timer of ripe) {
          const ringsMs = timer.dueMs + wakeS * 1_000;
          const { fire } = due(trigger, one.state(), timer, ringsMs);
          expect(fire?.event.id).toBe(mayFire(timer.event, ringsMs) ? timer.event.id : undefined);
        }
      };
      for (const { event, role, nowMs } of arrivals) {
        ringing(nowMs);
        const { fire, timer } = one.arrive({ event, role, nowMs });
        if (role === 1) {
          answers.push(event);
          continue;
        }
        expect(fire?.event.id).toBe(mayFire(event, nowMs) ? event.id : undefined);
        const waits = isMissing(event) && nowMs < event.timeMs + lengthMs;
        expect(timer?.dueMs).toBe(waits ? event.timeMs + lengthMs : undefined);
        if (timer) waiting.push({ triggerId: 't', definition: definitionOf(trigger), event, ...timer });
      }
      if (last) ringing(last.nowMs + 2 * lengthMs + wakeS * 1_000);
    }),
    { numRuns: 3_000 },
  );
});
