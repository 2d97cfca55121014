import { expect, test } from 'vitest';
import type * as z from 'zod/mini';
import { type Condition, condition } from '../../../core/event/condition.ts';
import { assertSound } from '../../../core/event/sound-condition.ts';

const isSound = (stored: unknown): boolean => {
  try {
    assertSound(stored as Condition);
    return true;
  } catch {
    return false;
  }
};

test.each<[unknown]>([
  [{ property: 'a.b', equals: 1 }],
  [{ attribute: 'tags', anyItem: { equals: 'vip' } }],
  [{ property: 'lines', everyItem: { all: [{ item: 'sku', in: ['a'] }, { not: { item: 'price', lessThan: 1 } }] } }],
  [{ field: 'email', endsWith: '@example.com' }],
  [{ consent: 'sms/offers', equals: true }],
  [{ suppressed: 'email', exists: false }],
  [{ contact: 'lastTouch', moreThanDaysAgo: 3 }],
  [{ reference: 'products', by: 'sku', column: 'margin', atLeast: 2 }],
  [{ all: [{ any: [{ not: { property: 'a', before: '2026-01-01' } }] }] }],
])('%j is of the language', (stored) => expect(isSound(stored)).toBe(true));

test.each<[string, unknown]>([
  ['a question of a later release', { property: 'a', geoWithin: { km: 1 } }],
  ['the same within a not, which it would turn into yes for everybody', { not: { property: 'a', geoWithin: 1 } }],
  [
    'the same deep inside',
    { all: [{ property: 'a', exists: true }, { any: [{ not: { attribute: 'b', soundsLike: 'x' } }] }] },
  ],
  ['the same about an item', { property: 'a', anyItem: { not: { near: 1 } } }],
  ['a subject of a later release', { weather: 'rain', equals: true }],
  ['no question', { property: 'a' }],
  ['two questions', { property: 'a', equals: 1, atLeast: 2 }],
  ['a list that is none', { property: 'a', in: 5 }],
  ['a limit that is none', { property: 'a', atLeast: 'x' }],
  ['a date that is none', { property: 'a', before: 5 }],
  ['a text that is none', { property: 'a', startsWith: 5 }],
  ['nothing', {}],
  ['text', 'nonsense'],
  ['null', null],
  ['a branch that is none', { all: 5 }],
  ['a name of Object', { property: 'a', toString: 1 }],
])('%s is not', (_, stored) => expect(isSound(stored)).toBe(false));

/** Whatever the schema takes must be sound: else a trigger that can be activated would be left out. */
test('asks of every member what the schema asks', () => {
  const leaves: unknown[] = [
    ...[1, 'x', true].flatMap((value) => [{ equals: value }, { notEquals: value }, { in: [value] }]),
    ...['atLeast', 'moreThan', 'atMost', 'lessThan'].map((name) => ({ [name]: -0.5 })),
    ...['contains', 'startsWith', 'endsWith', 'like'].map((name) => ({ [name]: '*' })),
    ...['before', 'notBefore'].map((name) => ({ [name]: '2024-02-29T12:00:00+01:00' })),
    ...['withinDays', 'moreThanDaysAgo', 'withinNextDays', 'moreThanDaysAhead'].map((name) => ({ [name]: 0 })),
    { exists: false },
    { equals: '' },
  ];
  for (const question of leaves) {
    const stored = { property: 'a', ...(question as object) };
    const { success } = (condition as z.ZodMiniType).safeParse(stored);
    expect([success, isSound(stored)], JSON.stringify(stored)).toEqual([true, true]);
  }
});
