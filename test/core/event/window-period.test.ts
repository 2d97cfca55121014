import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AggregateWindow } from '../../../core/event/trigger.ts';
import { observe } from '../../../core/event/window.ts';
import { MAX_WINDOW_EVENTS } from '../../../core/event/window-state.ts';
import { eventAt, HOUR, history, keyOf, LATENESS_S, NOW, triggerOf, world } from './window-world.ts';

const SINCE = NOW - 21 * 24 * HOUR;
const since = new Date(SINCE).toISOString();
const reward = triggerOf({ sum: 'amount', since, reaches: 999 });
const purchase = (id: string, amount: unknown, agoMs = 0) => ({ event: eventAt(id, agoMs, { amount }) });
const fired = (arrivals: ReturnType<typeof purchase>[]) =>
  world(reward)
    .feed(arrivals)
    .map(([by, , value]) => [by, value]);

describe('fires once, with the event that reaches the limit', () => {
  test('999 exactly', () => expect(fired([purchase('a', 500), purchase('b', 499)])).toEqual([['b', 999]]));

  test.each([
    ['a repeat does not count twice', [purchase('a', 500), purchase('a', 500)]],
    ['before the period does not count', [purchase('a', 2_000, NOW - SINCE + 1)]],
    ['no number does not count', [purchase('a', '2000'), purchase('b', null), purchase('c', undefined)]],
    ['infinity does not count', [purchase('a', Number.POSITIVE_INFINITY), purchase('b', Number.NaN)]],
    ['a refund takes away', [purchase('a', 900), purchase('r', -200), purchase('b', 200)]],
  ])('%s', (_, arrivals) => expect(fired(arrivals)).toEqual([]));

  test('a redelivery of the firing event asks again for the same message, any other event does not', () => {
    const arrivals = [['a', 500] as const, ['b', 600] as const, ['b', 600] as const, ['c', 5_000] as const];
    expect(fired(arrivals.map(([id, amount]) => purchase(id, amount)))).toEqual([
      ['b', 1_100],
      ['b', 1_100],
    ]);
  });

  test('an event past its lateness counts, and the next one in time fires', () => {
    expect(fired([purchase('late', 1_500, 2 * HOUR), purchase('now', 1)])).toEqual([['now', 1_501]]);
  });

  test('the message is one for the person and the period, whichever event asks for it', () => {
    const names = [[purchase('a', 999), 'a'] as const, [purchase('b', 1_000), 'b'] as const].map(
      ([arriving]) => world(reward).arrive(arriving).fire?.window.firing,
    );
    expect(names[0]).toBeDefined();
    expect(names[0]).toBe(names[1]);
    expect(world(reward).arrive(purchase('a', 999)).fire?.deadlineMs).toBe(NOW + HOUR);
  });
});

describe('what it measures', () => {
  const until = new Date(NOW + HOUR).toISOString();
  const amounts = [5, 3, 8, 1];
  test.each<[string, AggregateWindow, number | undefined]>([
    ['count reaches 3', { count: true, since, reaches: 3 }, 3],
    ['sum reaches 16', { sum: 'amount', since, reaches: 16 }, 16],
    ['max reaches 8', { max: 'amount', since, reaches: 8 }, 8],
    ['max reaches 9', { max: 'amount', since, reaches: 9 }, undefined],
    ['min falls to 3', { min: 'amount', since, fallsTo: 3 }, 3],
    ['min falls to 0', { min: 'amount', since, fallsTo: 0 }, undefined],
    ['min reaches 5', { min: 'amount', since, reaches: 5 }, 5],
    ['max falls to 5', { max: 'amount', since, fallsTo: 5 }, 5],
    ['count falls to 1', { count: true, since, fallsTo: 1 }, 1],
    ['with an end, before it', { count: true, since, until, reaches: 4 }, 4],
    ['with an end that is past', { count: true, since, until: new Date(NOW).toISOString(), reaches: 1 }, undefined],
  ])('%s', (_, window, value) => {
    const arrivals = amounts.map((amount, n) => purchase(`e${n}`, amount));
    expect(world(triggerOf(window)).feed(arrivals)[0]?.[2]).toBe(value);
  });
});

describe('what is kept', () => {
  test('after firing, nothing of the events', () => {
    const one = world(reward);
    one.feed([purchase('a', 500), purchase('b', 600)]);
    expect(one.state()).toMatchObject({ events: [], fired: [{ event: keyOf('b'), value: 1_100 }] });
  });

  test('another definition starts anew; another limit or lateness does not', () => {
    const one = world(reward);
    one.feed([purchase('a', 500)]);
    const later = triggerOf({ ...reward.window, since: new Date(NOW - 24 * HOUR).toISOString() });
    const { state } = observe(later, one.state(), purchase('b', 600).event, 0, NOW);
    expect(state).toMatchObject({ version: 1, events: [[NOW, keyOf('b'), 600]] });
    const lower = triggerOf({ ...reward.window, reaches: 600 }, 60);
    expect(observe(lower, one.state(), purchase('b', 100).event, 0, NOW).fire?.window.value).toBe(600);
  });

  test('events beyond the bound are kept as totals, so that cents add up', () => {
    const one = world(triggerOf({ ...reward.window, reaches: 99.9 }));
    const tenths = Array.from({ length: 999 }, (_, n) => purchase(`e${n}`, 0.1));
    expect(one.feed(tenths.slice(0, -1))).toEqual([]);
    expect(one.state()?.events).toHaveLength(MAX_WINDOW_EVENTS);
    expect(one.state()?.totals).toMatchObject({ n: 998 - MAX_WINDOW_EVENTS, min: 0.1, max: 0.1 });
    expect(one.feed(tenths.slice(-1))).toEqual([['e998', 'e998', 99.9]]);
  });

  test('numbers that are as large as they can be do not add up to more than JSON can say', () => {
    const one = world(triggerOf({ ...reward.window, reaches: 1e307 }));
    const huge = Array.from({ length: MAX_WINDOW_EVENTS + 2 }, (_, n) => purchase(`h${n}`, -1.7e308));
    expect(one.feed(huge)).toEqual([]);
    expect(JSON.parse(JSON.stringify(one.state()?.totals))).toMatchObject({ n: 2, sum: -Number.MAX_VALUE });
  });

  test('nothing any more once the period and the lateness after it are over', () => {
    const untilMs = NOW + HOUR;
    const window = { ...reward.window, until: new Date(untilMs).toISOString() };
    expect(observe(triggerOf(window), undefined, purchase('a', 1).event, 0, NOW).state?.expiresMs).toBe(untilMs + HOUR);
    expect(observe(reward, undefined, purchase('a', 1).event, 0, NOW).state).not.toHaveProperty('expiresMs');
  });
});

const limits = fc.record({
  measure: fc.constantFrom('count', 'sum', 'min', 'max'),
  up: fc.boolean(),
  limit: fc.integer({ min: -6, max: 25 }),
});

test('agrees with a plain measure over all distinct events, under repeats and in any order', () => {
  fc.assert(
    fc.property(history, limits, (arrivals, { measure, up, limit }) => {
      const window = {
        ...(measure === 'count' ? { count: true } : { [measure]: 'amount' }),
        ...{ since: new Date(NOW - 60_000).toISOString(), until: new Date(NOW - 5_000).toISOString() },
        ...(up ? { reaches: limit } : { fallsTo: limit }),
      } as AggregateWindow;
      const one = world(triggerOf(window, LATENESS_S));
      const amounts = new Map<string, number>();
      let first: { by: string; value: number } | undefined;
      for (const { event, nowMs } of arrivals) {
        const { fire } = one.arrive({ event, nowMs });
        const isNew = !amounts.has(event.id) && event.timeMs >= NOW - 60_000 && event.timeMs < NOW - 5_000;
        if (first) {
          expect(fire?.window.value).toBe(first.by === event.id ? first.value : undefined);
          continue;
        }
        if (isNew) amounts.set(event.id, Number(event.properties.amount));
        const all = [...amounts.values()];
        const value = {
          count: all.length,
          sum: all.reduce((sum, amount) => sum + amount, 0),
          min: Math.min(...all),
          max: Math.max(...all),
        }[measure]!;
        const isMet = all.length > 0 && (up ? value >= limit : value <= limit);
        if (isNew && isMet && nowMs <= event.timeMs + LATENESS_S * 1_000) first = { by: event.id, value };
        expect(fire?.window.value).toBe(first?.value);
      }
    }),
    { numRuns: 2_000 },
  );
});
