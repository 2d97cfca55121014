import { expect, test } from 'vitest';
import { admitted, emptyIndex, MAX_TURNED_AWAY, MAX_TYPES } from '../../../core/event/catalogue-index.ts';

const names = (count: number, prefix = 't') => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

test('new types are admitted once; who knows them all gets the same object', () => {
  const index = admitted(emptyIndex, ['a', 'b', 'a']);
  expect(index).toEqual({ types: ['a', 'b'], turnedAway: [] });
  expect(admitted(index, ['b', 'a'])).toBe(index);
  expect(admitted(index, [])).toBe(index);
});

test('after a thousand types further ones are counted, each once', () => {
  const index = admitted(emptyIndex, names(MAX_TYPES + 3));
  expect([index.types.length, index.turnedAway.length]).toEqual([MAX_TYPES, 3]);
  expect(admitted(index, [`t${MAX_TYPES}`])).toBe(index);
  expect(admitted(index, ['t0', 'another']).turnedAway).toHaveLength(4);
});

test('the count ends at a thousand, and then nothing changes any more', () => {
  const full = admitted(emptyIndex, names(MAX_TYPES + MAX_TURNED_AWAY + 50));
  expect([full.types.length, full.turnedAway.length]).toEqual([MAX_TYPES, MAX_TURNED_AWAY]);
  expect(admitted(full, names(100, 'more'))).toBe(full);
});
