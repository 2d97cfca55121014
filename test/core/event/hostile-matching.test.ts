import { describe, expect, it, test } from 'vitest';
import { type Condition, condition } from '../../../core/event/condition.ts';
import { type Facts, holds } from '../../../core/event/evaluate.ts';
import { buildSnapshot, loadMatcher } from '../../../core/event/matcher.ts';
import { plainMatch, type Rule } from '../../../core/event/plain-matcher.ts';
import { fieldErrors } from '../../../lambdas/middleware/parse-request.ts';

// Whatever an event or a condition is made of, the matcher finds what the plain evaluator finds, and nothing besides.

const NOW = Date.parse('2026-11-18T12:00:00Z');
const times = (length: number): number[] => Array.from({ length }, (_, n) => n);

describe('matching', () => {
  const parse = (input: unknown): Condition => {
    const parsed = condition.safeParse(input);
    if (!parsed.success) throw new Error(JSON.stringify(fieldErrors(parsed.error.issues)));
    return parsed.data;
  };
  const ruleOf = (id: string, input: unknown): Rule => ({ id, eventType: 'constructor', where: [parse(input)] });
  const factsOf = (properties: Record<string, unknown>, more: Omit<Facts, 'event'> = {}): Facts => ({
    event: { type: 'constructor', timeMs: NOW, properties },
    ...more,
  });
  /** Enough rules of the same type for the index, none of which ever matches. */
  const others = times(200).map((n) =>
    ruleOf(`other ${n}`, {
      all: [
        { property: 'never', equals: n },
        { attribute: 'never', equals: n },
      ],
    }),
  );
  /** The matcher, small and large, says what the plain evaluator says. */
  const agree = (rules: readonly Rule[], facts: readonly Facts[]): string[][] => {
    const small = loadMatcher(buildSnapshot(rules));
    const large = loadMatcher(buildSnapshot([...rules, ...others]));
    return facts.map((one) => {
      const expected = plainMatch(rules, one).sort();
      expect(small.match(one).sort()).toEqual(expected);
      expect(large.match(one).sort()).toEqual(expected);
      return expected;
    });
  };

  const NAMES = [
    'constructor',
    'toString',
    '__proto__',
    'hasOwnProperty',
    'valueOf',
    'length',
    'prototype',
    '__defineGetter__',
    'then',
  ];
  it('finds under the names of Object what the event carries, and nothing else', () => {
    const paths = NAMES.flatMap((name) => [
      name,
      `a.${name}`,
      `text.${name}`,
      `list.${name}`,
      `number.${name}`,
      `flag.${name}`,
    ]);
    const rules = paths.map((property) => ruleOf(property, { property, exists: true }));
    const bare = { a: {}, text: 'x', list: [1], number: 1, flag: true };
    expect(agree(rules, [factsOf(bare), factsOf({})])).toEqual([[], []]);
    const own = JSON.parse(`{${NAMES.map((name) => `"${name}":1`).join()}}`) as Record<string, unknown>;
    const [atRoot, below] = agree(rules, [factsOf(own), factsOf({ a: own })]);
    expect(atRoot).toEqual([...NAMES].sort());
    expect(below).toEqual(NAMES.map((name) => `a.${name}`).sort());
  });

  it('the same for attributes, consents, reference tables, their keys and columns', () => {
    const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf'];
    const rules = names.flatMap((name) => [
      ruleOf(`attribute ${name}`, { attribute: name, exists: true }),
      ruleOf(`column ${name}`, { reference: 'products', by: 'sku', column: name, exists: true }),
      ruleOf(`table ${name}`, { reference: name.toLowerCase(), by: 'sku', column: 'margin', exists: true }),
    ]);
    const known = { profile: { attributes: {} }, contact: { consents: {}, suppressed: {}, touches: 0 } };
    const rows = { products: { A: { margin: 1 } } };
    const keys = ['A', ...NAMES, '\u0000', 'x'.repeat(100_000)];
    for (const found of agree(
      rules,
      keys.map((sku) => factsOf({ sku }, { ...known, references: rows })),
    ))
      expect(found).toEqual([]);
    const own = Object.fromEntries(names.map((name) => [name, 'own']));
    const facts = factsOf(
      { sku: '__proto__' },
      {
        profile: { attributes: own },
        references: { products: Object.fromEntries([['__proto__', own]]) },
      },
    );
    const [found] = agree(rules, [facts]);
    expect(found).toEqual(names.flatMap((name) => [`attribute ${name}`, `column ${name}`]).sort());
  });

  it('text of a condition is never code', () => {
    const texts = [
      '");process.exit(1);//',
      '${process.exit(1)}',
      "');throw 1//",
      '\\',
      '"',
      '\u2028',
      '\u2029',
      '`',
      '</script>',
      '\n',
    ];
    const rules = texts.flatMap((text, n) => [
      ruleOf(`equals ${n}`, { property: 'a', equals: text }),
      ruleOf(`differs ${n}`, { property: 'a', notEquals: text }),
      ruleOf(`starts ${n}`, { property: 'a', startsWith: text }),
      ruleOf(`ends ${n}`, { property: 'a', endsWith: text }),
      ruleOf(`like ${n}`, { property: 'a', like: `*${text}*` }),
      ruleOf(`in ${n}`, { attribute: 'a', in: [text, ...times(20).map(String)] }),
    ]);
    const found = agree(
      rules,
      texts.map((text) => factsOf({ a: text }, { profile: { attributes: { a: text } } })),
    );
    for (const [n, ids] of found.entries()) {
      expect(ids).toEqual(expect.arrayContaining([`equals ${n}`, `starts ${n}`, `in ${n}`]));
    }
  });

  it('a rule id and an event type are never more than names', () => {
    const facts = (type: string): Facts => ({ event: { type, timeMs: NOW, properties: { a: 1 } } });
    const rules = NAMES.map(
      (id): Rule => ({ id, eventType: 'toString', where: [parse({ property: 'a', equals: 1 })] }),
    );
    const matcher = loadMatcher(buildSnapshot(rules));
    expect(matcher.match(facts('toString')).sort()).toEqual([...NAMES].sort());
    for (const type of ['constructor', '__proto__', 'hasOwnProperty', '']) {
      expect(matcher.match(facts(type))).toEqual([]);
      expect(matcher.needs(facts(type).event)).toBeUndefined();
    }
    for (const id of NAMES) matcher.remove(id);
    expect(matcher.match(facts('toString'))).toEqual([]);
    for (const rule of rules) matcher.add(rule);
    expect(matcher.match(facts('toString')).sort()).toEqual([...NAMES].sort());
  });

  it('numbers at the ends of the doubles', () => {
    const ends = [
      0,
      -0,
      5e-324,
      -5e-324,
      2 ** 53,
      2 ** 53 + 2,
      -(2 ** 53),
      Number.MAX_VALUE,
      -Number.MAX_VALUE,
      0.1 + 0.2,
      0.3,
    ];
    const questions = ['equals', 'notEquals', 'atLeast', 'moreThan', 'atMost', 'lessThan'];
    const rules = questions.flatMap((name) =>
      ends.map((end, n) => ruleOf(`${name} ${n}`, { property: 'a', [name]: end })),
    );
    const values = [...ends, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '0', 'NaN', true];
    agree(
      rules,
      values.map((value) => factsOf({ a: value })),
    );
    expect(JSON.parse('9007199254740993')).toBe(2 ** 53);
  });

  it('text of every kind', () => {
    const texts = [
      '',
      '\u0000',
      'a\u0000',
      '\ud800',
      '\udc00\ud800',
      '😀',
      '\ud83d',
      '\u2028',
      'é',
      'e\u0301',
      'ﬀ',
      'İ',
      '\uffff',
    ];
    const plain = texts.filter((text) => text !== '' && text.isWellFormed() && !text.includes('\u0000'));
    const questions = ['equals', 'notEquals', 'contains', 'startsWith', 'endsWith', 'like'];
    const rules = questions.flatMap((name) =>
      plain.map((text, n) => ruleOf(`${name} ${n}`, { property: 'a', [name]: text })),
    );
    agree(
      rules,
      texts.flatMap((text) => [text, `${text}${text}`, `${text}z`, `z${text}`]).map((a) => factsOf({ a })),
    );
  });

  describe('lists of 100,000 items', () => {
    const SIZE = 100_000;
    const leaf = (question: object) => ({ property: 'list', ...question });
    const rules = [
      ruleOf('any', leaf({ anyItem: { equals: 'last' } })),
      ruleOf('any member', leaf({ anyItem: { item: 'a.b', equals: 'last' } })),
      ruleOf('any begins', leaf({ anyItem: { startsWith: 'la' } })),
      ruleOf('any is not', leaf({ anyItem: { not: { equals: 'same' } } })),
      ruleOf('every', leaf({ everyItem: { equals: 'same' } })),
      ruleOf('every in', leaf({ everyItem: { in: ['same', 'last'] } })),
      ruleOf('itself', leaf({ equals: 'same' })),
    ];
    const many = <T>(item: T, last: T = item) => times(SIZE).map((n) => (n === SIZE - 1 ? last : item));

    test.each<[string, unknown[], string[]]>([
      ['the same text', many('same'), ['every', 'every in']],
      ['the same, but the last', many('same', 'last'), ['any', 'any begins', 'any is not', 'every in']],
      ['objects', many({ a: { b: 'same' } }, { a: { b: 'last' } }), ['any is not', 'any member']],
      ['different texts', times(SIZE).map(String), ['any is not']],
      ['lists', times(SIZE).map(() => [[]]), ['any is not']],
      ['null', many(null), ['any is not']],
      ['nothing', [], []],
    ])('%s', (_, list, expected) => {
      expect(agree(rules, [factsOf({ list })])).toEqual([expected]);
    });

    it('one list and very many rules that it leads to: each rule is told once', () => {
      const same = times(500).map((n) => ruleOf(`r${n}`, leaf({ anyItem: { equals: 'same' } })));
      const matcher = loadMatcher(buildSnapshot(same));
      expect(matcher.match(factsOf({ list: many('same') })).length).toBe(500);
    });
  });

  it('a path of five levels through lists and texts leads nowhere', () => {
    const rules = [ruleOf('path', { property: 'a.b.c.d.e', exists: true })];
    const end = { e: 1 };
    const found = agree(rules, [
      factsOf({ a: { b: { c: { d: end } } } }),
      ...[[], [end], 'text', 1, true, null, undefined].flatMap((stop) => [
        factsOf({ a: stop }),
        factsOf({ a: { b: stop } }),
        factsOf({ a: { b: { c: stop } } }),
        factsOf({ a: { b: { c: { d: stop } } } }),
      ]),
    ]);
    expect(found).toEqual([['path'], ...found.slice(1).map(() => [])]);
  });

  it('twenty times a hundred alternatives stay twenty lists, not 10^40 conjunctions', () => {
    // As much as a condition may have: 16 KB each, 20 of them.
    const bomb = times(20).map(
      (n): Condition =>
        parse({
          any: times(100).map((m) => ({ [m % 2 === 0 ? 'property' : 'attribute']: `p${n}`, equals: `${n} ${m}` })),
        }),
    );
    const rule: Rule = { id: 'bomb', eventType: 'constructor', where: bomb };
    const hit = Object.fromEntries(times(20).map((n) => [`p${n}`, `${n} 98`]));
    const bytes = buildSnapshot([rule, ...others]).byteLength;
    expect(bytes).toBeLessThan(20 * JSON.stringify(rule).length);
    expect(
      agree(
        [rule],
        [
          factsOf(hit),
          factsOf({ ...hit, p7: 'x' }),
          factsOf({}, { profile: { attributes: hit as Record<string, string> } }),
        ],
      ),
    ).toEqual([['bomb'], [], []]);
  });

  it('the same with alternatives inside alternatives, and under not', () => {
    const deep = (depth: number, at: string): unknown =>
      depth === 0
        ? { property: `p${at}`, equals: at }
        : { [depth % 2 === 0 ? 'all' : 'any']: [deep(depth - 1, `${at}0`), deep(depth - 1, `${at}1`)] };
    const tree = parse(deep(8, ''));
    const rules: Rule[] = [
      { id: 'tree', eventType: 'constructor', where: [tree] },
      { id: 'not', eventType: 'constructor', where: [{ not: tree }] },
    ];
    const all = Object.fromEntries(
      times(256)
        .map((n) => n.toString(2).padStart(8, '0'))
        .map((at) => [`p${at}`, at]),
    );
    const half = Object.fromEntries(Object.entries(all).filter(([, at]) => at.endsWith('0')));
    expect(agree(rules, [factsOf(all), factsOf({}), factsOf(half)])).toEqual([
      ['tree'],
      ['not'],
      [holds(tree, factsOf(half)) ? 'tree' : 'not'],
    ]);
  });
});
