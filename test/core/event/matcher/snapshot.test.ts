import { describe, expect, test } from 'vitest';
import { UnknownSnapshot } from '../../../../core/event/matcher/snapshot.ts';
import { buildSnapshot, loadMatcher } from '../../../../core/event/matcher.ts';
import type { Rule } from '../../../../core/event/plain-matcher.ts';

const facts = (type: string, properties: Record<string, unknown>) => ({ event: { type, timeMs: 0, properties } });
const rulesOf = (type: string, count: number): Rule[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `${type}-${n}`,
    eventType: type,
    where: [
      { property: 'total', atLeast: n },
      { property: 'coupon', in: [`c${n}`, 'all', 'été 😀'] },
    ],
  }));

describe('a matcher that was written and read', () => {
  const rules = [...rulesOf('few', 3), ...rulesOf('many', 300), ...rulesOf('été', 2)];
  const snapshot = buildSnapshot(rules);

  test.each([
    ['few rules', 'few', 2, 2],
    ['many rules', 'many', 9, 9],
  ])('has %s of each type', (_, type, last, total) => {
    const matcher = loadMatcher(snapshot);
    const expected = Array.from({ length: last + 1 }, (__, n) => `${type}-${n}`);
    expect(matcher.match(facts(type, { total, coupon: 'été 😀' })).sort()).toEqual(expected.sort());
    expect(matcher.match(facts('other', { total, coupon: 'all' }))).toEqual([]);
  });

  test('may begin anywhere in a larger buffer', () => {
    for (const offset of [1, 2, 3, 4, 7]) {
      const larger = new Uint8Array(snapshot.byteLength + 16);
      larger.set(snapshot, offset);
      const matcher = loadMatcher(larger.subarray(offset, offset + snapshot.byteLength));
      expect(matcher.match(facts('many', { total: 1, coupon: 'all' })).sort()).toEqual(['many-0', 'many-1']);
    }
  });

  test('is not changed by matching, so that two may be made of it', () => {
    const before = snapshot.slice();
    const [one, other] = [loadMatcher(snapshot), loadMatcher(snapshot)];
    one.remove('many-0');
    expect(one.match(facts('many', { total: 0, coupon: 'all' }))).toEqual([]);
    expect(other.match(facts('many', { total: 0, coupon: 'all' }))).toEqual(['many-0']);
    expect(snapshot).toEqual(before);
  });

  test('has no rules when there are none', () => {
    expect(loadMatcher(buildSnapshot([])).match(facts('few', {}))).toEqual([]);
  });

  test.each(['__proto__', 'constructor', 'toString'])(
    'may have the type %s, which is a type like any other',
    (type) => {
      const matcher = loadMatcher(buildSnapshot([{ id: 'one', eventType: type, where: [] }]));
      expect(matcher.match(facts(type, {}))).toEqual(['one']);
      expect(loadMatcher(snapshot).match(facts(type, {}))).toEqual([]);
    },
  );
});

test.each([
  ['nothing', new Uint8Array()],
  ['JSON', new TextEncoder().encode('{"rules":[]}')],
  ['another version', new TextEncoder().encode('HeraldM0\u0002\u0000\u0000\u0000{}')],
])('%s is no snapshot', (_, bytes) => {
  expect(() => loadMatcher(bytes)).toThrow(UnknownSnapshot);
});
