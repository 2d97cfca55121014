import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AggregateWindow } from '../../../core/event/trigger.ts';
import { MAX_WINDOW_EVENTS } from '../../../core/event/window-state.ts';
import {
  type Arriving,
  eventAt,
  HOUR,
  history,
  isForgotten,
  LATENESS_S,
  LENGTH_S,
  NOW,
  triggerOf,
  world,
} from './window-world.ts';

const MINUTE = 60_000;
const at = (id: string, agoMs: number, amount = 1): Arriving => ({ event: eventAt(id, agoMs, { amount }) });
const thrice = triggerOf({ count: true, within: { hours: 1 }, reaches: 3 });

describe('three events within an hour', () => {
  test.each<[string, Arriving[], [string, number][]]>([
    ['fire with the third', [at('a', 59 * MINUTE), at('b', MINUTE), at('c', 0)], [['c', 3]]],
    ['an hour apart they are not within it', [at('a', HOUR), at('b', MINUTE), at('c', 0)], []],
    ['repeats do not count', [at('a', MINUTE), at('b', 0), at('a', MINUTE), at('b', 0)], []],
    [
      'a late arrival completes the window of a later event',
      [at('c', 0), at('a', 30 * MINUTE), at('b', 40 * MINUTE)],
      [['b', 3]],
    ],
    [
      'one past its lateness counts',
      [at('a', 61 * MINUTE), at('b', 30 * MINUTE), at('c', 2 * MINUTE), at('d', 0)],
      [['c', 3]],
    ],
    ['but does not make it fire', [at('a', 63 * MINUTE), at('b', 62 * MINUTE), at('c', 61 * MINUTE)], []],
    [
      'once per hour, however many more come; a redelivery asks again for the same',
      [at('a', 3), at('b', 2), at('c', 1), at('d', 0), at('c', 1)],
      [
        ['c', 3],
        ['c', 3],
      ],
    ],
  ])('%s', (_, arrivals, expected) => {
    expect(
      world(thrice)
        .feed(arrivals)
        .map(([by, , value]) => [by, value]),
    ).toEqual(expected);
  });

  test('again when an hour has passed since the end of the window that fired', () => {
    const one = world(thrice);
    const arrivals = Array.from({ length: 9 }, (_, n) => {
      const event = eventAt(`e${n}`, -n * 20 * MINUTE);
      return { event, nowMs: event.timeMs };
    });
    expect(one.feed(arrivals).map(([by]) => by)).toEqual(['e2', 'e5', 'e8']);
  });

  test('the message is named after the end of the window', () => {
    const one = world(thrice);
    const arrivals = [at('c', 0), at('a', 30 * MINUTE), at('b', 40 * MINUTE)];
    const fire = arrivals.map((arriving) => one.arrive(arriving).fire).at(-1);
    expect(fire).toMatchObject({
      event: { id: 'b' },
      window: { firing: String(NOW), value: 3 },
      deadlineMs: NOW + 20 * MINUTE,
    });
  });
});

test('falls to: a balance that is low, at most once within the length', () => {
  const low = triggerOf({ min: 'amount', within: { minutes: 10 }, fallsTo: 5 });
  expect(world(low).feed([at('a', 3, 20), at('b', 2, 5), at('c', 1, 1)])).toEqual([['b', 'b', 5]]);
});

describe('what is kept', () => {
  test('only what can still matter', () => {
    const one = world(thrice);
    one.feed([at('a', 2 * HOUR + 1), at('b', 90 * MINUTE), at('c', 0)]);
    expect(one.state()?.events).toHaveLength(2);
    expect(one.state()?.expiresMs).toBe(NOW + 2 * HOUR);
    one.feed([{ event: eventAt('d', -2 * HOUR), nowMs: NOW + 2 * HOUR }]);
    expect(one.state()?.events.map(([timeMs]) => timeMs)).toEqual([NOW, NOW + 2 * HOUR]);
  });

  test('twenty purchases of a person take less than a kilobyte', () => {
    const one = world(triggerOf({ sum: 'amount', within: { days: 30 }, reaches: 5_000 }));
    one.feed(Array.from({ length: 20 }, (_, n) => at(`e${n}`, n * HOUR, 129.95)));
    expect(JSON.stringify(one.state()).length).toBeLessThan(1_024);
  });

  test('the newest events and firings, up to the bound; nothing fires before the oldest firing that is remembered', () => {
    const every = triggerOf({ count: true, within: { seconds: 1 }, reaches: 1 }, 7 * 86_400);
    const one = world(every);
    const total = MAX_WINDOW_EVENTS + 100;
    const fired = one.feed(Array.from({ length: total }, (_, n) => at(`e${n}`, (total - n) * 1_000)));
    expect(fired).toHaveLength(total);
    expect(one.state()?.events).toHaveLength(MAX_WINDOW_EVENTS);
    expect(one.state()?.fired).toHaveLength(MAX_WINDOW_EVENTS);
    expect(one.feed([at('old', (total + 5) * 1_000), at('e0', total * 1_000)])).toEqual([]);
  });
});

const limits = fc.record({
  measure: fc.constantFrom('count', 'sum', 'min', 'max'),
  up: fc.boolean(),
  limit: fc.integer({ min: -6, max: 20 }),
});

test('agrees with windows over all distinct events, recomputed at each arrival', () => {
  fc.assert(
    fc.property(history, limits, (arrivals, { measure, up, limit }) => {
      const window = {
        ...(measure === 'count' ? { count: true } : { [measure]: 'amount' }),
        within: { seconds: LENGTH_S },
        ...(up ? { reaches: limit } : { fallsTo: limit }),
      } as AggregateWindow;
      const one = world(triggerOf(window, LATENESS_S));
      const lengthMs = LENGTH_S * 1_000;
      const all = new Map<string, { timeMs: number; amount: number }>();
      const firings: { by: string; endMs: number; value: number }[] = [];

      /** The value of the window that ends then, if it meets the limit. */
      const metAt = (endMs: number): number | undefined => {
        const held = [...all.values()].filter(({ timeMs }) => timeMs > endMs - lengthMs && timeMs <= endMs);
        const amounts = held.map(({ amount }) => amount);
        const value = {
          count: amounts.length,
          sum: amounts.reduce((sum, amount) => sum + amount, 0),
          min: Math.min(...amounts),
          max: Math.max(...amounts),
        }[measure]!;
        return (up ? value >= limit : value <= limit) ? value : undefined;
      };
      const expected = ({ event, nowMs }: (typeof arrivals)[number]) => {
        const again = firings.find(({ by }) => by === event.id);
        if (again || all.has(event.id)) return again;
        all.set(event.id, { timeMs: event.timeMs, amount: Number(event.properties.amount) });
        if (nowMs > event.timeMs + LATENESS_S * 1_000) return undefined;
        const ends = [...all.values()]
          .map(({ timeMs }) => timeMs)
          .filter((ms) => ms >= event.timeMs && ms < event.timeMs + lengthMs);
        for (const endMs of ends.sort((a, b) => a - b)) {
          const value = metAt(endMs);
          if (value === undefined || firings.some((other) => Math.abs(other.endMs - endMs) < lengthMs)) continue;
          firings.push({ by: event.id, endMs, value });
          return firings.at(-1);
        }
        return undefined;
      };

      for (const arriving of arrivals) {
        const { fire } = one.arrive({ event: arriving.event, nowMs: arriving.nowMs });
        const wanted = expected(arriving);
        if (!fire && isForgotten(arriving)) continue;
        expect(fire?.window).toEqual(wanted && { firing: String(wanted.endMs), value: wanted.value });
      }
    }),
    { numRuns: 3_000 },
  );
});
