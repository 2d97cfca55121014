import { describe, expect, test } from 'vitest';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import { deadlineOf, indexByType, matches } from '../../../core/event/match-trigger.ts';
import type { Condition, Trigger } from '../../../core/event/trigger.ts';

const event = (properties: Record<string, unknown>): AcceptedEvent => ({
  id: 'e',
  type: 'order',
  profileId: 'p',
  source: 's',
  timeMs: 1_000,
  receivedMs: 1_000,
  properties,
});
const order = {
  total: 59.9,
  coupon: 'SPRING',
  gift: false,
  note: null,
  zero: 0,
  shipping: { country: 'NO', lines: [{ sku: 'a' }] },
};

describe('pattern → must, must not', () => {
  test.each<[Condition[], boolean]>([
    [[], true],
    [[{ property: 'coupon', equals: 'SPRING' }], true],
    [[{ property: 'coupon', equals: 'spring' }], false],
    [[{ property: 'total', equals: 59.9 }], true],
    [[{ property: 'total', equals: '59.9' }], false],
    [[{ property: 'gift', equals: false }], true],
    [[{ property: 'zero', equals: false }], false],
    [[{ property: 'missing', equals: '' }], false],
    [[{ property: 'coupon', in: ['WINTER', 'SPRING'] }], true],
    [[{ property: 'coupon', in: ['WINTER'] }], false],
    [[{ property: 'total', atLeast: 59.9 }], true],
    [[{ property: 'total', atLeast: 60 }], false],
    [[{ property: 'coupon', atLeast: 0 }], false],
    [[{ property: 'missing', atLeast: -1 }], false],
    [[{ property: 'total', lessThan: 59.9 }], false],
    [[{ property: 'total', lessThan: 60 }], true],
    [[{ property: 'missing', lessThan: 60 }], false],
    [[{ property: 'zero', exists: true }], true],
    [[{ property: 'gift', exists: true }], true],
    [[{ property: 'note', exists: true }], false],
    [[{ property: 'note', exists: false }], true],
    [[{ property: 'missing', exists: false }], true],
    [[{ property: 'shipping.country', equals: 'NO' }], true],
    [[{ property: 'shipping.lines.sku', exists: true }], false],
    [[{ property: 'coupon.length', exists: true }], false],
    [[{ property: 'constructor', exists: true }], false],
    [[{ property: 'toString.name', exists: true }], false],
    [
      [
        { property: 'total', atLeast: 1 },
        { property: 'coupon', equals: 'SPRING' },
      ],
      true,
    ],
    [
      [
        { property: 'total', atLeast: 1 },
        { property: 'coupon', equals: 'WINTER' },
      ],
      false,
    ],
  ])('%j → %s', (where, expected) => {
    expect(matches({ eventType: 'order', where }, event(order))).toBe(expected);
  });

  test('another type never matches', () => expect(matches({ eventType: 'cart' }, event(order))).toBe(false));
});

test('the deadline is in event time, an hour when nothing is said', () => {
  expect(deadlineOf({}, event({}))).toBe(3_601_000);
  expect(deadlineOf({ maxLatenessSeconds: 60 }, event({}))).toBe(61_000);
});

test('only triggers in force are indexed', () => {
  const trigger = (id: string, change: Partial<Trigger>) => ({
    id,
    eventType: 'order',
    state: 'active',
    hash: 'h',
    ...change,
  });
  const triggers = [
    trigger('a', {}),
    trigger('b', { state: 'paused' }),
    trigger('c', { state: 'draft' }),
    trigger('d', { eventType: 'cart' }),
    { id: 'e', eventType: 'order', state: 'active' },
  ] as Trigger[];
  const byType = indexByType(triggers);
  expect(byType.get('order')?.map(({ id }) => id)).toEqual(['a']);
  expect([...byType.keys()]).toEqual(['order', 'cart']);
});
