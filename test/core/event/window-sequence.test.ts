import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SequenceWindow } from '../../../core/event/trigger.ts';
import {
  type Arriving,
  eventAt,
  type History,
  HOUR,
  history,
  isForgotten,
  keyOf,
  LATENESS_S,
  LENGTH_S,
  NOW,
  triggerOf,
  world,
} from './window-world.ts';

const favourite = { eventType: 'favourite' };
const within = { hours: 24 };
const ordered = triggerOf<SequenceWindow>({ after: favourite, within });
const free = triggerOf<SequenceWindow>({ after: favourite, within, inAnyOrder: true });
const sameSku = triggerOf<SequenceWindow>({ after: favourite, within, same: 'sku' });

const cart = (id: string, agoMs: number, sku?: unknown): Arriving => ({ event: eventAt(id, agoMs, { sku }), role: 0 });
const fav = (id: string, agoMs: number, sku?: unknown): Arriving => ({ event: eventAt(id, agoMs, { sku }), role: 1 });
const MINUTE = 60_000;

describe('a cart within 24 hours after a favourite', () => {
  test.each<[string, typeof ordered, Arriving[], [string, string][]]>([
    ['fires', ordered, [fav('f', HOUR), cart('c', 0)], [['c', 'c']]],
    ['24 hours later too', ordered, [fav('f', 24 * HOUR), cart('c', 0)], [['c', 'c']]],
    ['a millisecond more does not', ordered, [fav('f', 24 * HOUR + 1), cart('c', 0)], []],
    [
      'the favourite arrives last: the message is about the cart',
      ordered,
      [cart('c', 0), fav('f', MINUTE)],
      [['f', 'c']],
    ],
    ['the favourite came later', ordered, [cart('c', MINUTE), fav('f', 0)], []],
    ['in any order it may come later', free, [cart('c', 10 * HOUR), fav('f', 0)], [['f', 'c']]],
    ['one favourite and two carts are one message', ordered, [fav('f', 2), cart('c', 1), cart('d', 0)], [['c', 'c']]],
    [
      'two favourites and two carts are two',
      ordered,
      [fav('f', 3), fav('g', 2), cart('c', 1), cart('d', 0)],
      [
        ['c', 'c'],
        ['d', 'd'],
      ],
    ],
    [
      'repeats are nothing new',
      ordered,
      [fav('f', 2), fav('f', 2), cart('c', 1), fav('f', 2), cart('d', 0)],
      [['c', 'c']],
    ],
    [
      'a redelivered cart asks again',
      ordered,
      [fav('f', 1), cart('c', 0), cart('c', 0)],
      [
        ['c', 'c'],
        ['c', 'c'],
      ],
    ],
    [
      'a redelivered favourite that made it fire asks again',
      ordered,
      [cart('c', 0), fav('f', 1), fav('f', 1)],
      [
        ['f', 'c'],
        ['f', 'c'],
      ],
    ],
    ['a cart past its lateness does not fire', ordered, [fav('f', 3 * HOUR), cart('c', 2 * HOUR)], []],
    ['a favourite past its lateness counts', ordered, [fav('f', 3 * HOUR), cart('c', 0)], [['c', 'c']]],
    ['but does not make a cart fire', ordered, [cart('c', 0), fav('f', 2 * HOUR)], []],
    ['of two equally near the earlier is taken', free, [cart('c', 20), cart('d', 0), fav('f', 10)], [['f', 'c']]],
    ['the same thing', sameSku, [fav('f', 2, 'a'), cart('c', 1, 'a')], [['c', 'c']]],
    ['another thing', sameSku, [fav('f', 2, 'a'), cart('c', 1, 'b')], []],
    ['text is no number', sameSku, [fav('f', 2, '1'), cart('c', 1, 1)], []],
    ['no thing at all', sameSku, [fav('f', 2), cart('c', 1), fav('g', 2, null), cart('d', 1, ['a'])], []],
    [
      'the nearest favourite is taken',
      sameSku,
      [fav('f', 9, 'a'), fav('g', 5, 'a'), cart('c', 3, 'a'), cart('d', 7, 'a')],
      [
        ['c', 'c'],
        ['d', 'd'],
      ],
    ],
  ])('%s', (_, trigger, arrivals, expected) => {
    expect(
      world(trigger)
        .feed(arrivals)
        .map(([by, about]) => [by, about]),
    ).toEqual(expected);
  });

  test('an event that is both does not pair with itself, but with the next', () => {
    const both = (id: string, agoMs: number) => [cart(id, agoMs), fav(id, agoMs)];
    expect(world(ordered).feed([...both('a', 3), ...both('b', 2), ...both('c', 1)])).toEqual([
      ['b', 'b', undefined],
      ['c', 'c', undefined],
    ]);
  });

  test('the message is named after the cart, and is for who the person is by now', () => {
    const one = world(ordered);
    one.arrive(cart('c', 0));
    const { event, role } = fav('f', MINUTE);
    const { fire } = one.arrive({ event: { ...event, profileId: 'ada-known' }, role: role ?? 0 });
    expect(fire).toEqual({
      event: { ...cart('c', 0).event, profileId: 'ada-known' },
      window: { firing: keyOf('c') },
      deadlineMs: NOW - MINUTE + HOUR,
    });
  });
});

describe('what is kept', () => {
  test('a cart for as long as an older favourite may arrive in time, in any order for longer', () => {
    const later = (trigger: typeof ordered, agoMs: number) => {
      const one = world(trigger);
      one.arrive({ ...cart('c', HOUR), nowMs: NOW - HOUR });
      one.arrive(cart('d', agoMs));
      return one.state()?.waiting?.map(({ event }) => event?.id);
    };
    expect(later(ordered, 0)).toEqual(['c', 'd']);
    expect(later({ ...ordered, maxLatenessSeconds: 60 }, 0)).toEqual(['d']);
    expect(later({ ...free, maxLatenessSeconds: 60 }, 0)).toEqual(['c', 'd']);
  });

  const big = (id: string, agoMs: number, length: number): Arriving => ({
    event: eventAt(id, agoMs, { text: 'x'.repeat(length) }),
    role: 0,
  });

  test('the newest carts whole, 8 KB in all; of older ones it is known that they were', () => {
    const one = world(ordered);
    for (let n = 0; n < 10; n += 1) one.arrive(big(`c${n}`, 100 - n, 1_900));
    expect(one.state()?.waiting?.map(({ event }) => event?.id)).toEqual([
      ...Array.from({ length: 6 }),
      ...['c6', 'c7', 'c8', 'c9'],
    ]);
    expect(JSON.stringify(one.state()).length).toBeLessThan(9_000);
    // About the cart as long as it is there, about what came last when it is not.
    expect(one.feed([fav('f', 97), fav('g', 93), fav('f', 97)])).toEqual([
      ['f', 'f', undefined],
      ['g', 'c7', undefined],
      ['f', 'f', undefined],
    ]);
  });

  test('a cart that is larger than all that is kept pairs as well, and pushes no other out', () => {
    const one = world(ordered);
    for (const arriving of [cart('a', 100), big('b', 50, 40_000), cart('c', 10)]) one.arrive(arriving);
    expect(one.state()?.waiting?.map(({ event }) => event?.id)).toEqual(['a', undefined, 'c']);
    const { fire } = one.arrive(fav('f', 60));
    expect(fire).toEqual({
      event: fav('f', 60).event,
      window: { firing: keyOf('b') },
      deadlineMs: NOW - 60 + HOUR,
    });
    // The cart itself, should it come again, is the better one to tell about.
    expect(one.arrive(big('b', 50, 40_000)).fire).toMatchObject({ event: { id: 'b' }, window: { firing: keyOf('b') } });
  });

  test('of pairs that fired, the newest carts too', () => {
    const one = world(ordered);
    for (let n = 0; n < 10; n += 1) one.feed([big(`c${n}`, 2_000 - n * 10, 1_900), fav(`f${n}`, 2_000 - n * 10)]);
    expect(JSON.stringify(one.state()).length).toBeLessThan(10_000);
    expect(one.feed([fav('f0', 2_000), fav('f9', 1_910)])).toEqual([
      ['f0', 'f0', undefined],
      ['f9', 'c9', undefined],
    ]);
  });

  test('of ten pairs less than a kilobyte', () => {
    const one = world(ordered);
    for (let n = 0; n < 10; n += 1) one.feed([fav(`f${n}`, 1_000 - n), cart(`c${n}`, 1_000 - n)]);
    expect(JSON.stringify(one.state()).length).toBeLessThan(1_024);
  });
});

/** The definition, on all events that ever arrived: nothing is forgotten. */
const twin = (inAnyOrder: boolean, same: boolean) => {
  type Known = History & { used?: boolean };
  const known: Known[] = [];
  const fired: { by: History; main: History }[] = [];
  const lengthMs = LENGTH_S * 1_000;
  return (arriving: History): string | undefined => {
    const { event, role, nowMs } = arriving;
    const again = fired.find(({ by, main }) =>
      [by, main].some((one) => one.event.id === event.id && one.role === role),
    );
    if (again) return again.main.event.id;
    if (known.some((one) => one.event.id === event.id && one.role === role)) return undefined;
    const own: Known = { ...arriving };
    known.push(own);
    if (nowMs > event.timeMs + LATENESS_S * 1_000) return undefined;
    const distance = (other: Known) => Math.abs(other.event.timeMs - event.timeMs);
    const [partner] = known
      .filter((other) => {
        const [main, before] = role === 0 ? [own, other] : [other, own];
        const afterMs = main.event.timeMs - before.event.timeMs;
        return (
          other.role !== role &&
          !other.used &&
          other.event.id !== event.id &&
          (!same || other.event.properties.sku === event.properties.sku) &&
          Math.abs(afterMs) <= lengthMs &&
          (inAnyOrder || afterMs >= 0)
        );
      })
      .sort(
        (a, b) =>
          distance(a) - distance(b) ||
          a.event.timeMs - b.event.timeMs ||
          (keyOf(a.event.id) < keyOf(b.event.id) ? -1 : 1),
      );
    if (!partner) return undefined;
    own.used = true;
    partner.used = true;
    fired.push({ by: own, main: role === 0 ? own : partner });
    return (role === 0 ? own : partner).event.id;
  };
};

test('agrees with the definition on all events, under repeats and in any order', () => {
  fc.assert(
    fc.property(history, fc.boolean(), fc.boolean(), fc.boolean(), (arrivals, inAnyOrder, same, both) => {
      const window: SequenceWindow = {
        ...{ after: favourite, within: { seconds: LENGTH_S } },
        ...(inAnyOrder && { inAnyOrder: true }),
        ...(same && { same: 'sku' }),
      };
      const one = world(triggerOf(window, LATENESS_S));
      const expected = twin(inAnyOrder, same);
      for (const arriving of arrivals.flatMap((each) => (both ? [0, 1].map((role) => ({ ...each, role })) : [each]))) {
        const { fire } = one.arrive(arriving);
        const main = expected(arriving);
        if (!fire && isForgotten(arriving)) continue;
        expect(fire?.event.id).toBe(main);
      }
    }),
    { numRuns: 3_000 },
  );
});
