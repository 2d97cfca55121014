import { describe, expect, test } from 'vitest';
import { buildSnapshot, loadMatcher } from '../../../core/event/matcher.ts';
import { plainMatch, type Rule } from '../../../core/event/plain-matcher.ts';

const rule = (n: number, eventType = 'order'): Rule => ({
  id: `r${n}`,
  eventType,
  where: [
    { property: 'n', atLeast: n },
    {
      any: [
        { property: 'kind', equals: 'a' },
        { property: 'kind', startsWith: 'b' },
      ],
    },
  ],
});
const rules = (count: number, from = 0) => Array.from({ length: count }, (_, n) => rule(from + n));
const facts = (n: number, kind: unknown = 'a', type = 'order') => ({
  event: { type, timeMs: 0, properties: { n, kind } },
});
const numbered = (count: number) => Array.from({ length: count }, (_, n) => `r${n}`).sort();

describe.each([
  ['few rules', 10],
  ['many rules', 500],
])('a matcher of %s', (_, count) => {
  const fresh = () => loadMatcher(buildSnapshot(rules(count)));

  test('finds each rule once, whatever way leads there', () => {
    expect(fresh().match(facts(count)).sort()).toEqual(numbered(count));
    expect(fresh().match(facts(3, 'bb')).sort()).toEqual(numbered(4));
    expect(fresh().match(facts(3, 'c'))).toEqual([]);
    expect(fresh().match(facts(3, 'a', 'other'))).toEqual([]);
  });

  test('says the same again and again', () => {
    const matcher = fresh();
    for (let n = 0; n < 300; n += 1) expect(matcher.match(facts(n % count)).sort()).toEqual(numbered((n % count) + 1));
  });

  test('finds an added rule from then on, of a new type too', () => {
    const matcher = fresh();
    matcher.add({ ...rule(0), id: 'new' });
    matcher.add({ ...rule(0, 'other'), id: 'newer' });
    expect(matcher.match(facts(0)).sort()).toEqual(['new', 'r0']);
    expect(matcher.match(facts(0, 'a', 'other'))).toEqual(['newer']);
  });

  test('does not find a removed rule, also of a type that is first seen later', () => {
    const [seen, unseen] = [fresh(), fresh()];
    seen.match(facts(1));
    for (const matcher of [seen, unseen]) {
      matcher.remove('r0');
      matcher.remove('never there');
      expect(matcher.match(facts(1))).toEqual(['r1']);
    }
  });

  test('has a rule that was added again as it was added last', () => {
    const matcher = fresh();
    matcher.add({ ...rule(0), where: [{ property: 'kind', equals: 'z' }] });
    expect(matcher.match(facts(0))).toEqual([]);
    matcher.add({ ...rule(0), eventType: 'other' });
    expect(matcher.match(facts(0, 'z'))).toEqual([]);
    expect(matcher.match(facts(0, 'a', 'other'))).toEqual(['r0']);
    matcher.remove('r0');
    expect(matcher.match(facts(0, 'a', 'other'))).toEqual([]);
    matcher.add(rule(0));
    expect(matcher.match(facts(0))).toEqual(['r0']);
  });
});

test('hundreds of changes leave what they should', () => {
  const matcher = loadMatcher(buildSnapshot(rules(200)));
  const left = new Map(rules(200).map((one) => [one.id, one]));
  for (let n = 0; n < 400; n += 1) {
    const added = { ...rule((n * 7) % 300), where: [{ property: 'n', atMost: n % 50 }] };
    matcher.add(added);
    left.set(added.id, added);
    const removed = `r${(n * 13) % 300}`;
    matcher.remove(removed);
    left.delete(removed);
    const one = facts(n % 60);
    expect(matcher.match(one).sort()).toEqual(plainMatch([...left.values()], one).sort());
  }
});

test('what an event has no answer to matches nothing, and nothing throws', () => {
  const matcher = loadMatcher(buildSnapshot(rules(300)));
  const odd = [
    undefined,
    null,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    'x'.repeat(100_000),
    {},
    [],
    [[[]]],
    '\ud800',
    Symbol.iterator,
  ];
  for (const value of odd) {
    const one = facts(value as number, value);
    expect(matcher.match(one).sort()).toEqual(plainMatch(rules(300), one).sort());
  }
  expect(
    matcher.match({ event: { type: 'order', timeMs: 0, properties: JSON.parse('{"__proto__":{"n":9},"n":{}}') } }),
  ).toEqual([]);
});
