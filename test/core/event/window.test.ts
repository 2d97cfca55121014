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

describe('somebody who is not known yet', () => {
  const anonymous = ({ event, role }: { event: ReturnType<typeof eventAt>; role?: number }) => ({
    event: { ...event, profileId: 'anonymous:laptop' },
    role: role ?? 0,
  });
  const amount = (id: string, agoMs: number) => ({ event: eventAt(id, agoMs, { amount: 400 }) });
  const favourite = { event: eventAt('f', 3), role: 1 };

  test.each<[string, Parameters<typeof world>[0], Parameters<typeof anonymous>[0][], Parameters<typeof anonymous>[0]]>([
    ['a sliding window', sliding, [amount('a', 4), amount('b', 3), amount('c', 2)], amount('d', 1)],
    ['a period', period, [amount('a', 4), amount('b', 3), amount('c', 2)], amount('d', 1)],
    ['a sequence', sequence, [favourite, amount('a', 2)], amount('d', 1)],
    ['a sequence whose partner comes last', sequence, [amount('a', 2), favourite], amount('d', 1)],
  ])('%s fires nothing and is not spent; the next event after the login fires', (_, trigger, before, next) => {
    const one = world(trigger);
    expect(one.feed(before.map(anonymous))).toEqual([]);
    expect(one.feed(before.map(anonymous))).toEqual([]);
    expect(one.state()?.fired).toEqual([]);
    const known = world(trigger, mergeWindows(trigger, undefined, one.state() as WindowState));
    expect(known.feed([next]).map(([by]) => by)).toEqual([next.event.id]);
  });
});

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
    expect(again.waiting?.map(({ event }) => event?.id)).toEqual(['d']);
  });

  test('a cart that one of the two keeps whole is kept whole', () => {
    const whole = stateOf(sequence, ['c', 1]);
    const { key, timeMs } = whole.waiting?.[0] ?? { key: '', timeMs: 0 };
    const byName = { ...whole, waiting: [{ key, timeMs }] };
    for (const merged of [mergeWindows(sequence, whole, byName), mergeWindows(sequence, byName, whole)])
      expect(merged.waiting?.map(({ event }) => event?.id)).toEqual(['c']);
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
          const sorted = ({ events = [], waiting = [], begun = [] }: Partial<WindowState> = {}) => [
            [...events].sort(),
            [...waiting],
            [...begun],
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
