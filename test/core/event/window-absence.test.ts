import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import { minuteFor, type Timer } from '../../../core/event/timer.ts';
import type { AbsenceWindow } from '../../../core/event/trigger.ts';
import { due, mergeWindows, observe } from '../../../core/event/window.ts';
import { definitionOf, type WindowState } from '../../../core/event/window-state.ts';
import { eventAt, HOUR, history, keyOf, LATENESS_S, LENGTH_S, NOW, triggerOf, world } from './window-world.ts';

const used = { eventType: 'coupon.used' };
const unused = triggerOf<AbsenceWindow>({ without: used, within: { hours: 1 } });
const sameCoupon = triggerOf<AbsenceWindow>({ without: used, within: { hours: 1 }, same: 'code' });
const MINUTE = 60_000;
/** A timer may take so long to ring. */
const RINGING = 150_000;

const timerOf = (trigger: typeof unused, event: AcceptedEvent): Timer => ({
  ...{ triggerId: 't', version: 1, definition: definitionOf(trigger), event },
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

test('asks for a timer, and keeps nothing of the event but when it happened', () => {
  const one = world(unused);
  expect(one.arrive({ event: eventAt('sent', MINUTE) })).toEqual({ timer: { dueMs: NOW - MINUTE + HOUR } });
  expect(one.state()).toMatchObject({ events: [], fired: [], begun: [[NOW - MINUTE, keyOf('sent')]] });
  const { version, expiresMs } = one.state() as WindowState;
  // Not before the last moment at which it may be decided: an hour, a minute and the ringing, and an hour of lateness.
  expect(expiresMs).toBe(NOW - MINUTE + HOUR + MINUTE + RINGING + HOUR);
  expect(one.arrive({ event: eventAt('sent', MINUTE) })).toEqual({ timer: { dueMs: NOW - MINUTE + HOUR } });
  expect(one.state()?.version).toBe(version);
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
        ? {
            event: eventAt('sent', 0, { code }),
            window: { firing: keyOf('sent') },
            deadlineMs: NOW + 2 * HOUR + RINGING,
          }
        : undefined,
    );
  });

  test('late by what a timer takes and the lateness of the trigger, but not by more', () => {
    expect(ring(unused, 'a', [], HOUR + RINGING).fire).toBeDefined();
    expect(ring(unused, 'a', [], HOUR + RINGING + 1).fire).toBeUndefined();
  });

  const short = triggerOf<AbsenceWindow>({ without: used, within: { seconds: 10 } }, 60);
  test.each(Array.from({ length: 60 }, (_, second) => [second]))(
    'of ten seconds, begun in second %i of its minute: as late as a timer can be it is in time',
    (second) => {
      for (const queuedMs of [0, 9_999]) {
        const sent = { ...eventAt('sent', -second * 1_000), receivedMs: NOW + second * 1_000 };
        const one = world(short);
        const setMs = sent.receivedMs + queuedMs;
        const { timer } = one.arrive({ event: sent, nowMs: setMs });
        // At the end of its minute at the latest, and Scheduler takes up to another minute.
        const rungMs = minuteFor(timer?.dueMs ?? Number.NaN, setMs) + MINUTE;
        const { fire } = due(short, one.state(), timerOf(short, sent), rungMs);
        expect(fire?.event.id).toBe('sent');
        expect(fire?.deadlineMs).toBeGreaterThanOrEqual(rungMs);
      }
    },
  );

  test('for somebody who is not known yet, to nobody; what was asked for is no longer asked for when they sign in', () => {
    const one = world(unused);
    const sent = { ...eventAt('sent', 0), profileId: 'anonymous:laptop' };
    expect(one.arrive({ event: sent })).toEqual({ timer: { dueMs: NOW + HOUR } });
    expect(due(unused, one.state(), timerOf(unused, sent), NOW + HOUR)).toEqual({});
    expect(one.state()?.fired).toEqual([]);
    const known = { ...sent, profileId: 'ada' };
    expect(due(unused, one.state(), timerOf(unused, known), NOW + HOUR).fire?.event.profileId).toBe('ada');
  });

  test('too early it is set again', () => expect(ring(unused, 'a', [], -1).timer).toEqual({ dueMs: NOW + HOUR }));

  test('for a window that was changed since, it asks for nothing', () => {
    const timer = timerOf(unused, eventAt('sent', 0));
    const changed = triggerOf<AbsenceWindow>({ ...unused.window, within: { minutes: 30 } });
    expect(due(changed, undefined, timer, NOW + HOUR)).toEqual({});
    expect(due({ ...unused, maxLatenessSeconds: 7_200 }, undefined, timer, NOW + HOUR).fire).toBeDefined();
  });
});

describe('an event that is sent again, with another time', () => {
  const atMs = (ms: number) => ({ ...eventAt('sent', -ms), receivedMs: NOW + ms });
  const answered = (first: AcceptedEvent, second: AcceptedEvent) => {
    const one = world(unused);
    one.arrive({ event: first, nowMs: first.receivedMs });
    one.arrive({ event: eventAt('used', -5 * MINUTE), role: 1, nowMs: NOW + 5 * MINUTE });
    one.arrive({ event: second, nowMs: NOW + 6 * MINUTE });
    return one.state();
  };

  test.each([
    ['later', atMs(0), atMs(6 * MINUTE)],
    ['earlier', atMs(6 * MINUTE), atMs(0)],
  ])('%s: the earlier time counts, and what answered it', (_, first, second) => {
    const state = answered(first, second);
    for (const event of [first, second])
      expect(due(unused, state, timerOf(unused, event), NOW + HOUR + 6 * MINUTE)).toEqual({});
  });

  test('unanswered, it is the same message about the same time', () => {
    const one = world(unused);
    for (const event of [atMs(0), atMs(6 * MINUTE)]) one.arrive({ event, nowMs: event.receivedMs });
    const fired = [0, 6 * MINUTE].map(
      (ms) => due(unused, one.state(), timerOf(unused, atMs(ms)), NOW + HOUR + ms).fire,
    );
    expect(fired.map((fire) => [fire?.window.firing, fire?.event.timeMs])).toEqual([
      [keyOf('sent'), NOW],
      [keyOf('sent'), NOW],
    ]);
  });

  test('by two ids of one person: the earlier time counts after they are merged', () => {
    const [one, other] = [world(unused), world(unused)];
    one.arrive({ event: atMs(6 * MINUTE), nowMs: NOW + 6 * MINUTE });
    other.arrive({ event: atMs(0) });
    for (const [into, from] of [
      [one, other],
      [other, one],
    ] as const) {
      const merged = mergeWindows(unused, into.state(), from.state() as WindowState);
      expect(merged.begun).toEqual([[NOW, keyOf('sent')]]);
    }
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
    const anonymous = { ...eventAt('sent', HOUR), profileId: 'anonymous:laptop' };
    expect(world(unused).arrive({ event: anonymous })).toEqual({});
  });

  test('one without a value that belongs together starts nothing', () => {
    expect(world(sameCoupon).arrive({ event: eventAt('sent', 0, { code: null }) })).toEqual({});
  });

  test('uses are forgotten when no decision can need them', () => {
    const one = world(unused);
    one.arrive({ event: eventAt('used', 2 * HOUR), role: 1 });
    expect(one.state()?.events).toHaveLength(1);
    expect(
      observe(unused, one.state(), eventAt('later', -1), 1, NOW + MINUTE + RINGING + 1).state?.events,
    ).toHaveLength(1);
  });
});

test('agrees with a look at all events that have arrived when the timer rings, in any order and with repeats', () => {
  const repeated = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 45, maxLength: 45 });
  const happens = [history, fc.boolean(), fc.nat(260), repeated] as const;
  fc.assert(
    fc.property(...happens, (arrivals, same, wakeS, shifts) => {
      const trigger = triggerOf<AbsenceWindow>(
        { without: used, within: { seconds: LENGTH_S }, ...(same && { same: 'sku' }) },
        LATENESS_S,
      );
      const one = world(trigger);
      const lengthMs = LENGTH_S * 1_000;
      const answers: AcceptedEvent[] = [];
      /** Of each event the earliest time of those that it came with. */
      const times = new Map<string, number>();
      const dueOf = ({ id }: AcceptedEvent) => (times.get(id) ?? Number.NaN) + lengthMs;
      const isMissing = (event: AcceptedEvent) =>
        !answers.some(
          ({ timeMs, properties }) =>
            timeMs > dueOf(event) - lengthMs &&
            timeMs <= dueOf(event) &&
            (!same || properties.sku === event.properties.sku),
        );
      const mayFire = (event: AcceptedEvent, nowMs: number) => {
        const dueMs = dueOf(event);
        const couldRingMs = event.receivedMs < dueMs ? Math.max(dueMs, event.receivedMs + MINUTE) + RINGING : dueMs;
        return isMissing(event) && nowMs >= dueMs && nowMs <= couldRingMs + LATENESS_S * 1_000;
      };
      const expectFiring = (fire: ReturnType<typeof due>['fire'], event: AcceptedEvent, nowMs: number) => {
        const fired = { id: event.id, timeMs: dueOf(event) - lengthMs };
        expect(fire && { id: fire.event.id, timeMs: fire.event.timeMs }).toEqual(
          mayFire(event, nowMs) ? fired : undefined,
        );
      };
      let waiting: Timer[] = [];

      const last = arrivals.at(-1);
      const ringing = (nowMs: number) => {
        const ripe = waiting.filter(({ dueMs }) => dueMs + wakeS * 1_000 <= nowMs);
        waiting = waiting.filter((timer) => !ripe.includes(timer));
        for (const timer of ripe) {
          const ringsMs = timer.dueMs + wakeS * 1_000;
          expectFiring(due(trigger, one.state(), timer, ringsMs).fire, timer.event, ringsMs);
        }
      };
      for (const [n, { event: happened, role, nowMs }] of arrivals.entries()) {
        ringing(nowMs);
        // An event without a time of its own has another one each time it is sent.
        const shiftMs = role === 0 ? (shifts[n] ?? 0) * 1_000 : 0;
        const event = { ...happened, timeMs: happened.timeMs + shiftMs, receivedMs: nowMs };
        const { fire, timer } = one.arrive({ event, role, nowMs });
        if (role === 1) {
          answers.push(event);
          continue;
        }
        times.set(event.id, Math.min(times.get(event.id) ?? event.timeMs, event.timeMs));
        expectFiring(fire, event, nowMs);
        const dueMs = dueOf(event);
        expect(timer?.dueMs).toBe(isMissing(event) && nowMs < dueMs ? dueMs : undefined);
        if (timer) waiting.push({ triggerId: 't', version: 1, definition: definitionOf(trigger), event, ...timer });
      }
      if (last) ringing(last.nowMs + 2 * lengthMs + wakeS * 1_000);
    }),
    { numRuns: 3_000 },
  );
});
