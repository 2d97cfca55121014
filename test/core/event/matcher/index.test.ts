import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Condition } from '../../../../core/event/condition.ts';
import { buildIndex } from '../../../../core/event/matcher/build-index.ts';
import { conjunctionsOf } from '../../../../core/event/matcher/conjunctions.ts';
import { gridOf } from '../../../../core/event/matcher/grid.ts';
import { openIndex } from '../../../../core/event/matcher/open-index.ts';
import { plainMatch } from '../../../../core/event/plain-matcher.ts';

/** Both what an index of these rules says about events with these properties, and what is right. */
const both = (rules: readonly Condition[][], all: readonly Record<string, unknown>[]) => {
  const numbered = rules.flatMap((where, rule) => conjunctionsOf(where).map((tests) => ({ rule, tests })));
  const { found, match } = openIndex(buildIndex(numbered, rules.length));
  const plain = rules.map((where, rule) => ({ id: String(rule), eventType: 'any', where }));
  return all.map((properties) => {
    const facts = { event: { type: 'any', timeMs: 0, properties } };
    const count = match(facts);
    return {
      found: Array.from(found.subarray(0, count)).sort((a, b) => a - b),
      right: plainMatch(plain, facts).map(Number),
    };
  });
};
const agree = (rules: readonly Condition[][], all: readonly Record<string, unknown>[]): number => {
  const results = both(rules, all);
  for (const { found, right } of results) expect(found).toEqual(right);
  return results.reduce((sum, { right }) => sum + right.length, 0);
};

describe('numbers find their place among the limits', () => {
  const limits = (numbers: readonly number[]) =>
    numbers.flatMap((n): Condition[][] => [
      [{ property: 'n', atLeast: n }],
      [{ property: 'n', moreThan: n }],
      [{ property: 'n', atMost: n }],
      [{ property: 'n', lessThan: n }],
      [{ property: 'n', equals: n }],
    ]);
  const around = (numbers: readonly number[]) =>
    numbers.flatMap((n) => [n, n * (1 + 2e-16), n * (1 - 2e-16), -n, n + 1]);

  test.each([
    ['few', [1, 2, 3]],
    ['cents', Array.from({ length: 200 }, (_, n) => n / 100)],
    ['days as milliseconds', Array.from({ length: 100 }, (_, n) => 1.76e12 + n * 86_400_000)],
    ['around zero', [-5e-324, 0, 5e-324]],
    ['around zero, many', Array.from({ length: 41 }, (_, n) => (n - 20) * 5e-324)],
    ['of all sizes and signs', Array.from({ length: 60 }, (_, n) => (n % 2 ? -1 : 1) * 10 ** (n * 10 - 300))],
  ])('%s', (_, numbers) => {
    const values = [...around(numbers), 0, -0, Infinity, -Infinity, Number.MAX_VALUE, 5e-324];
    expect(
      agree(
        limits(numbers),
        values.map((n) => ({ n })),
      ),
    ).toBeGreaterThan(0);
  });

  test('so close together that one cell has many', () => {
    const numbers = Array.from({ length: 50 }, (_, n) => 1 + n * Number.EPSILON);
    expect(gridOf(Float64Array.from(numbers)).steps).toBe(50);
    agree(
      limits([...numbers, 1e9]),
      around(numbers).map((n) => ({ n })),
    );
  });

  test('whatever they are', () => {
    const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -3, max: 3 }));
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 1, maxLength: 30 }),
        fc.array(number, { maxLength: 20 }),
        (numbers, values) => {
          agree(
            limits(numbers.slice(0, 12)),
            [...values, ...numbers].map((n) => ({ n })),
          );
        },
      ),
      { numRuns: 100 },
    );
  });
});

test('more fields than one function reads', () => {
  const rules = Array.from({ length: 300 }, (_, n): Condition[] => [
    { property: `p${n % 150}`, equals: n },
    { property: `deep.p${n % 7}`, startsWith: 'x' },
  ]);
  const all = Array.from({ length: 150 }, (_, n) => ({
    [`p${n}`]: n < 75 ? n : n + 150,
    deep: { [`p${n % 7}`]: 'xy' },
  }));
  expect(agree(rules, all)).toBe(75);
});

test('more values of a field than a narrow check can tell apart', () => {
  const values = (from: number) => Array.from({ length: 1_000 }, (_, n) => `v${from + n}`);
  const narrow: Condition = { property: 'rare', equals: 'yes' };
  const rules: Condition[][] = [
    ...Array.from({ length: 70 }, (_, n): Condition[] => [{ property: 'id', in: values(n * 1_000) }]),
    [narrow, { property: 'id', in: ['v1', 'v69999'] }],
    [narrow, { property: 'id', startsWith: 'v6999' }],
    [narrow, { property: 'id', notEquals: 'v35000' }],
    [narrow, { not: { property: 'id', equals: 'v35000' } }],
  ];
  const ids = ['v1', 'v2', 'v35000', 'v69999', 'v70000', 'v6999x', 'v', undefined, 7];
  expect(
    agree(
      rules,
      ids.flatMap((id) => [{ id, rare: 'yes' }, { id }]),
    ),
  ).toBeGreaterThan(20);
});

test('a text climbs past prefixes that no rule is filed under', () => {
  const rules: Condition[][] = [
    [{ property: 'code', startsWith: 'a' }],
    [{ property: 'code', equals: 'abcd' }],
    ...Array.from({ length: 30 }, (_, n): Condition[] => [
      { property: 'kind', equals: n },
      {
        any: [
          { property: 'code', startsWith: 'ab' },
          { property: 'code', startsWith: 'abc' },
        ],
      },
    ]),
  ];
  const codes = ['a', 'ab', 'abc', 'abcd', 'abcde', 'b', ''];
  expect(
    agree(
      rules,
      codes.flatMap((code) => [{ code }, { code, kind: 3 }]),
    ),
  ).toBe(10 + 2 + 4);
});

test('items: each way to a rule counts once, and the prefixes of items are climbed', () => {
  const rules = [
    ...['a', 'ab', 'abc', 'b'].map((startsWith): Condition[] => [{ property: 'list', anyItem: { startsWith } }]),
    ...['abc', 'x', 7, true].map((equals): Condition[] => [{ property: 'list', anyItem: { equals } }]),
    [
      { property: 'list', anyItem: { item: 'sku', in: ['a', 'b'] } },
      { property: 'n', moreThan: 1 },
    ] as Condition[],
    [{ property: 'list', everyItem: { endsWith: 'c' } }] as Condition[],
  ];
  const lists = [
    ['abcd', 'abc', 'abc'],
    ['abc'],
    [{ sku: 'a' }, { sku: 'b' }, null, 7, true],
    [],
    'abc',
    [[]],
    ['xc', 'c'],
    [7, 7],
  ];
  expect(
    agree(
      rules,
      lists.flatMap((list) => [
        { list, n: 1 },
        { list, n: 2 },
      ]),
    ),
  ).toBeGreaterThan(20);
});

describe('every number of candidates in a run, of which every set holds', () => {
  test.each(Array.from({ length: 18 }, (_, n) => [n + 1]))('%i', (count) => {
    const rules = Array.from({ length: count }, (_, n): Condition[] => [
      { property: 'kind', equals: 'a' },
      { property: `bit${n % 9}`, notEquals: n },
    ]);
    const filler = Array.from({ length: 3 }, (_, n): Condition[] => [{ property: 'kind', equals: `other${n}` }]);
    const all = Array.from({ length: 64 }, (_, set) => ({
      kind: 'a',
      ...Object.fromEntries(Array.from({ length: 9 }, (__, n) => [`bit${n}`, ((set * 37) >> n) & 1 ? n : -1])),
    }));
    agree([...filler, ...rules, ...filler], all);
  });
});

test('no rules, and rules that nothing can satisfy', () => {
  expect(agree([], [{}])).toBe(0);
  expect(
    agree(
      [
        [
          { property: 'a', equals: 1 },
          { property: 'a', equals: 2 },
        ],
      ],
      [{ a: 1 }, { a: 2 }, {}],
    ),
  ).toBe(0);
});
