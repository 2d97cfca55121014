import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { answers, daysMs, isLike } from '../../../core/audience/question.ts';
import type { Leaf, Subject } from '../../../core/event/condition.ts';
import { type Facts, holds, leafHolds, referenceKey, valueAbout } from '../../../core/event/evaluate.ts';

// What conditions mean is run from docs/trigger-semantics.md, see trigger-semantics.test.ts. Here is what stands behind it.

const NOW = Date.parse('2026-11-18T12:00:00Z');
const JSON_EVENT = `{"a":{"b":{"c":1}},"list":[{"x":1}],"text":"abc","none":null,"sku":"A","number":7,"flag":true,"__proto__":{"y":2}}`;
const facts: Facts = {
  event: { type: 't', timeMs: NOW, properties: JSON.parse(JSON_EVENT) as Record<string, unknown> },
  profile: { attributes: { tier: 'gold', sizes: [38, 39], constructor: 'own' }, email: 'ada@example.com', phone: '' },
  contact: {
    consents: { sms: true, 'email/offers': false },
    suppressed: { email: 'opted-out' },
    touches: 0,
    lastTouch: '2026-11-17T12:00:00.000Z',
  },
  references: {
    products: { A: { margin: 20, brand: 'Acme' }, '7': { margin: 7 }, toString: undefined },
    empty: undefined,
  },
};
const nobody: Facts = { event: facts.event };

describe('the value of a subject', () => {
  const by = (column: string, key: string, reference = 'products'): Subject => ({ reference, by: key, column });
  test.each<[Subject, value: unknown, ofNobody: unknown]>([
    [{ property: 'a.b.c' }, 1, 1],
    [{ property: 'a.b' }, { c: 1 }, { c: 1 }],
    [{ property: 'none' }, null, null],
    [{ property: 'list.x' }, undefined, undefined],
    [{ property: 'list.length' }, undefined, undefined],
    [{ property: 'text.length' }, undefined, undefined],
    [{ property: 'constructor' }, undefined, undefined],
    [{ property: '__proto__.y' }, 2, 2],
    [{ attribute: 'tier' }, 'gold', undefined],
    [{ attribute: 'sizes' }, [38, 39], undefined],
    [{ attribute: 'constructor' }, 'own', undefined],
    [{ attribute: 'toString' }, undefined, undefined],
    [{ field: 'email' }, 'ada@example.com', undefined],
    [{ field: 'phone' }, undefined, undefined],
    [{ field: 'locale' }, undefined, undefined],
    [{ consent: 'sms' }, true, undefined],
    [{ consent: 'email/offers' }, false, undefined],
    [{ consent: 'email' }, undefined, undefined],
    [{ suppressed: 'email' }, 'opted-out', undefined],
    [{ suppressed: 'sms' }, undefined, undefined],
    [{ contact: 'touches' }, 0, undefined],
    [{ contact: 'lastTouch' }, '2026-11-17T12:00:00.000Z', undefined],
    [by('margin', 'sku'), 20, undefined],
    [by('margin', 'number'), 7, undefined],
    [by('colour', 'sku'), undefined, undefined],
    [by('toString', 'sku'), undefined, undefined],
    [by('margin', 'flag'), undefined, undefined],
    [by('margin', 'list'), undefined, undefined],
    [by('margin', 'text'), undefined, undefined],
    [by('margin', 'sku', 'empty'), undefined, undefined],
    [by('margin', 'sku', 'constructor'), undefined, undefined],
  ])('%j is %j', (subject, value, ofNobody) => {
    expect(valueAbout(subject, facts)).toEqual(value);
    expect(valueAbout(subject, nobody)).toEqual(ofNobody);
  });
});

test.each([
  ['A', 'A'],
  [' ', ' '],
  ['x'.repeat(256), 'x'.repeat(256)],
  ['x'.repeat(257), undefined],
  ['', undefined],
  [7, '7'],
  [-0, '0'],
  [1.5, '1.5'],
  [1e21, '1e+21'],
  [true, undefined],
  [null, undefined],
  [undefined, undefined],
  [['A'], undefined],
  [{ A: 1 }, undefined],
  ['__proto__', '__proto__'],
])('the key that %j names is %j', (value, key) => expect(referenceKey(value)).toBe(key));

test.each([
  [1, 86_400_000],
  [0.5, 43_200_000],
  [0, 0],
  [1 / 3, 28_800_000],
  [36_525, 3_155_760_000_000],
])('%d days are %d ms', (days, ms) => expect(daysMs(days)).toBe(ms));

describe('like', () => {
  test.each([
    ['', '*', true],
    ['', '**', true],
    ['a', '**a**', true],
    ['ab', 'a*b', true],
    ['a', 'a*a', false],
    ['aa', 'a*a', true],
    ['abcabc', 'abc*abc', true],
    ['abcab', 'abc*abc', false],
    ['abcXc', 'a*bc', false],
    ['aXbXc', '*X*X*X*', false],
    ['aXbXcX', '*X*X*X*', true],
    ['mississippi', 'm*iss*ip*i', true],
    ['mississippi', 'm*ss*ss*ss*i', false],
    ['a\nb', 'a*b', true],
    ['😀😀', '😀*', true],
    ['\ud83d\ude00', '\ud83d*', true],
    ['abc', 'abc', true],
    ['abc', 'ab', false],
  ])('%j like %j: %s', (value, pattern, expected) => expect(isLike(value, pattern)).toBe(expected));

  /** By definition: a star is nothing, or any first character and a star again. */
  const twin = (value: string, pattern: string): boolean => {
    if (pattern === '') return value === '';
    if (pattern[0] === '*') return twin(value, pattern.slice(1)) || (value !== '' && twin(value.slice(1), pattern));
    return value[0] === pattern[0] && twin(value.slice(1), pattern.slice(1));
  };
  const short = (letters: string, maxLength: number) =>
    fc.array(fc.constantFrom(...letters), { maxLength }).map((list) => list.join(''));

  it('finds a way whenever there is one', () => {
    fc.assert(
      fc.property(short('ab', 9), short('ab**', 7), (value, pattern) => {
        expect(isLike(value, pattern)).toBe(twin(value, pattern));
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('what holds of every question', () => {
  const scalar = fc.oneof(fc.string({ maxLength: 3 }), fc.integer({ min: -2, max: 2 }), fc.boolean());
  const value = fc.oneof(
    scalar,
    fc.constantFrom(null, undefined, -0, 0.5, 1e300, '2026-11-18', '2026-11-18T12:00:00Z', '2026-13-01'),
    fc.array(scalar, { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('a', 'b'), scalar),
  );
  const text = fc.string({ minLength: 1, maxLength: 2 });
  const number = fc.integer({ min: -2, max: 2 });
  const days = fc.integer({ min: 0, max: 3 });
  const date = fc.constantFrom('2026-11-17', '2026-11-18T12:00:00Z', '2026-12-01');
  const question = fc.oneof(
    fc.record({ equals: scalar }),
    fc.record({ notEquals: scalar }),
    fc.record({ in: fc.array(scalar, { minLength: 1, maxLength: 3 }) }),
    ...(['atLeast', 'moreThan', 'atMost', 'lessThan'] as const).map((name) => fc.record({ [name]: number })),
    ...(['contains', 'startsWith', 'endsWith', 'like'] as const).map((name) => fc.record({ [name]: text })),
    ...(['before', 'notBefore'] as const).map((name) => fc.record({ [name]: date })),
    ...(['withinDays', 'moreThanDaysAgo', 'withinNextDays', 'moreThanDaysAhead'] as const).map((name) =>
      fc.record({ [name]: days }),
    ),
  ) as fc.Arbitrary<Parameters<typeof answers>[1]>;

  it('missing, null, lists and objects answer no', () => {
    fc.assert(
      fc.property(
        question,
        fc.oneof(fc.constantFrom(null, undefined), fc.array(value), fc.dictionary(fc.string(), value)),
        (asked, none) => {
          expect(answers(none, asked, NOW)).toBe(false);
        },
      ),
    );
  });

  it('a question and its opposite share out the values of their type, and nothing else', () => {
    const opposites = (one: object, other: object, isOfType: (of: unknown) => boolean) =>
      fc.assert(
        fc.property(value, (of) => {
          const [yes, no] = [one, other].map((asked) => answers(of, asked as never, NOW));
          expect(Number(yes) + Number(no)).toBe(Number(isOfType(of)));
        }),
      );
    const isNumber = (of: unknown) => typeof of === 'number';
    const isDate = (of: unknown) => of === '2026-11-18' || of === '2026-11-18T12:00:00Z';
    opposites({ equals: 1 }, { notEquals: 1 }, isNumber);
    opposites({ equals: 'a' }, { notEquals: 'a' }, (of) => typeof of === 'string');
    opposites({ equals: true }, { notEquals: true }, (of) => typeof of === 'boolean');
    opposites({ atLeast: 0 }, { lessThan: 0 }, isNumber);
    opposites({ moreThan: 0 }, { atMost: 0 }, isNumber);
    opposites({ exists: true }, { exists: false }, () => true);
    opposites({ before: '2026-11-18T12:00:00Z' }, { notBefore: '2026-11-18T12:00:00Z' }, isDate);
  });

  it('asked of the items of a list: some is not none, every one is not some that is not', () => {
    fc.assert(
      fc.property(question, fc.array(value, { maxLength: 4 }), (asked, list) => {
        const ask = (leaf: object) => leafHolds({ property: 'list', ...leaf } as Leaf, list, NOW);
        const found = list.map((item) => answers(item, asked, NOW));
        expect(ask({ anyItem: asked })).toBe(found.includes(true));
        expect(ask({ everyItem: asked })).toBe(list.length > 0 && !found.includes(false));
        expect(ask({ anyItem: { not: asked } })).toBe(found.includes(false));
      }),
    );
  });

  it('a tree is what its words say', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(question, value), { minLength: 1, maxLength: 4 }), (asked) => {
        const properties = Object.fromEntries(asked.map(([, of], n) => [`p${n}`, of]));
        const event = { type: 't', timeMs: NOW, properties };
        const leaves = asked.map(([one], n) => ({ property: `p${n}`, ...one }) as Leaf);
        const found = asked.map(([one, of]) => answers(of, one, NOW));
        expect(holds({ all: leaves }, { event })).toBe(found.every(Boolean));
        expect(holds({ any: leaves }, { event })).toBe(found.some(Boolean));
        expect(holds({ not: { all: leaves } }, { event })).toBe(found.includes(false));
        expect(holds({ all: leaves.map((leaf) => ({ not: leaf })) }, { event })).toBe(!found.includes(true));
      }),
    );
  });
});
