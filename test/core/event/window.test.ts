import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Window } from '../../../core/event/trigger.ts';
import { mergeWindows, type WindowState } from '../../../core/event/window.ts';
import { definitionOf } from '../../../core/event/window-state.ts';
import { eventAt, HOUR, history, keyOf, NOW, triggerOf, world } from './window-world.ts';

const since = new Date(NOW - 24 * HOUR).toISOString();
const period = triggerOf({ sum: 'amount', since, reaches: 999 });
const sliding = triggerOf({ count: true, within: { hours: 1 }, reaches: 3 });
const sequence = triggerOf({ after: { eventType: 'favourite' }, within: { hours: 24 } });

describe('the definition of a window', () => {
  const base = definitionOf(period);
  test.each<[string, typeof period, boolean]>([
    ['another limit', triggerOf({ ...period.window, reaches: 5 }), true],
    ['another lateness', { ...period, maxLatenessSeconds: 1 }, true],
    ['members in another order', triggerOf({ reaches: 999, since, sum: 'amount' }), true],
    ['another direction', triggerOf({ sum: 'amount', since, fallsTo: 999 }) as never, false],
    ['another property', triggerOf({ ...period.window, sum: 'total' }), false],
    ['another condition', { ...period, where: [{ property: 'a', equals: 1 }] }, false],
    ['another event', { ...period, eventType: 'order' }, false],
  ])('%s', (_, trigger, isSame) => expect(definitionOf(trigger) === base).toBe(isSame));
});

/** The state of a person who did this. */
const stateOf = (trigger: typeof sliding | typeof period | typeof sequence, ...ids: [string, number, number?][]) => {
  const one = world(trigger);
  one.feed(ids.map(([id, agoMs, role = 0]) => ({ event: eventAt(id, agoMs, { amount: 400 }), role })));
  return one.state() as WindowState;
};

describe('a person who was known by two ids', () => {
  test('what both did counts, once; the next event fires', () => {
    const merged = mergeWindows(sliding, stateOf(sliding, ['a', 2], ['b', 1]), stateOf(sliding, ['b', 1]));
    expect(merged.events.map(([, key]) => key)).toEqual([keyOf('a'), keyOf('b')]);
    expect(world(sliding, merged).feed([{ event: eventAt('c', 0) }])).toEqual([['c', 'c', 3]]);
  });

  test('the written version is that of the profile', () => {
    const into = stateOf(sliding, ['a', 2], ['b', 1]);
    expect(mergeWindows(sliding, into, stateOf(sliding, ['c', 0])).version).toBe(into.version);
    expect(mergeWindows(sliding, undefined, into).version).toBe(0);
    expect(mergeWindows(sliding, undefined, into).events).toEqual(into.events);
  });

  test('who had fired the period under one id does not fire it again', () => {
    const had = stateOf(period, ['a', 2], ['b', 1], ['c', 0]);
    expect(had.fired).toHaveLength(1);
    for (const merged of [
      mergeWindows(period, had, stateOf(period, ['d', 0])),
      mergeWindows(period, stateOf(period, ['d', 0]), had),
    ]) {
      expect(merged.events).toEqual([]);
      const one = world(period, merged);
      expect(one.feed([{ event: eventAt('e', 0, { amount: 5_000 }) }])).toEqual([]);
      expect(one.feed([{ event: eventAt('c', 0, { amount: 400 }) }])).toEqual([['c', 'c', 1_200]]);
    }
  });

  test('a favourite before the login and a cart after it are a pair; a favourite that is used up stays so', () => {
    const merged = mergeWindows(sequence, undefined, stateOf(sequence, ['f', 2, 1]));
    const one = world(sequence, merged);
    expect(one.feed([{ event: eventAt('c', 1) }])).toEqual([['c', 'c', undefined]]);
    const again = mergeWindows(sequence, one.state(), stateOf(sequence, ['f', 2, 1], ['d', 3]));
    expect(again.events).toEqual([]);
    expect(again.waiting?.map(({ event: { id } }) => id)).toEqual(['d']);
  });

  test('what belongs to another definition is dropped', () => {
    const other = { ...stateOf(sliding, ['a', 2]), definition: 'x', version: 7 };
    const own = stateOf(sliding, ['b', 1]);
    expect(mergeWindows(sliding, own, other)).toEqual(own);
    expect(mergeWindows(sliding, other, own)).toMatchObject({ version: 7, events: own.events });
  });

  test('it makes no difference which events came by which id, nor how often they are merged', () => {
    const windows: Window[] = [
      { count: true, within: { days: 1 }, reaches: 500 },
      { sum: 'amount', since, reaches: 1e9 },
      { without: { eventType: 'x' }, within: { days: 1 }, same: 'sku' },
      // Only partners, or only main events: none are paired on the way.
      { after: { eventType: 'x' }, within: { days: 1 }, same: 'sku' },
    ];
    fc.assert(
      fc.property(
        history,
        fc.constantFrom(...windows),
        fc.nat(1),
        fc.array(fc.boolean()),
        (arrivals, window, role, ids) => {
          const trigger = triggerOf(window, 86_400);
          const [all, into, from] = [world(trigger), world(trigger), world(trigger)];
          const isAggregate = 'reaches' in window;
          for (const [n, { event }] of arrivals.entries()) {
            const arriving = { event, role: isAggregate ? 0 : role };
            all.arrive(arriving);
            (ids[n] ? from : into).arrive(arriving);
          }
          const left = from.state();
          if (!left) return;
          const merged = mergeWindows(trigger, into.state(), left);
          const sorted = ({ events = [], waiting = [] }: Partial<WindowState> = {}) => [
            [...events].sort(),
            [...waiting],
          ];
          expect(sorted(merged)).toEqual(sorted(all.state()));
          expect(merged.expiresMs).toBe(all.state()?.expiresMs);
          expect(mergeWindows(trigger, merged, left)).toEqual(merged);
        },
      ),
      { numRuns: 500 },
    );
  });
});
