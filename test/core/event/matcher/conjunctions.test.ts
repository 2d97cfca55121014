import { describe, expect, test } from 'vitest';
import type { Condition } from '../../../../core/event/condition.ts';
import { conjunctionsOf, MAX_CONJUNCTIONS } from '../../../../core/event/matcher/conjunctions.ts';

const is = (property: string, equals: string | number): Condition => ({ property, equals });
/** A test in short: `a=1`, `!a=1`, `?` for one that only evaluate.ts can answer. */
const short = (where: readonly Condition[]): string[] =>
  conjunctionsOf(where).map((tests) =>
    tests
      .map((one) => {
        const not = one.not ? '!' : '';
        if ('opaque' in one) return `${not}?`;
        const { subject } = one.field;
        const name = 'property' in subject ? subject.property : '';
        return `${not}${name}=${one.test.kind === 'among' ? one.test.values.join('|') : one.test.kind}`;
      })
      .join(' '),
  );
const [a, b, c, d] = [is('a', 1), is('b', 2), is('c', 3), is('d', 4)] as const;

describe('a rule holds when one of its conjunctions does', () => {
  test.each<[string, Condition[], string[]]>([
    ['nothing asked', [], ['']],
    ['all', [a, b], ['a=1 b=2']],
    ['all in all', [{ all: [a, { all: [b] }] }], ['a=1 b=2']],
    ['any', [{ any: [a, b] }], ['a=1', 'b=2']],
    ['any within all', [a, { any: [b, c] }], ['a=1 b=2', 'a=1 c=3']],
    ['two any', [{ any: [a, b] }, { any: [c, d] }], ['a=1 c=3', 'a=1 d=4', 'b=2 c=3', 'b=2 d=4']],
    ['equals of one field are one in', [{ any: [a, is('a', 9), b] }], ['a=1|9', 'b=2']],
    ['not', [{ not: a }], ['!a=1']],
    ['not not', [{ not: { not: a } }], ['a=1']],
    ['not any is all not', [{ not: { any: [a, b] } }], ['!a=1 !b=2']],
    ['not all is any not', [{ not: { all: [a, b] } }], ['!a=1', '!b=2']],
    ['not exists', [{ property: 'a', exists: false }], ['!a=exists']],
    ['not not exists', [{ not: { property: 'a', exists: false } }], ['a=exists']],
    ['what no class answers', [{ property: 'a', contains: 'x' }], ['?']],
  ])('%s', (_, where, expected) => expect(short(where)).toEqual(expected));
});

test('what would be too many stays whole and is asked when the rest holds', () => {
  const anyOf = (names: string) => ({ any: names.split('').map((name) => is(name, 1)) });
  expect(short([anyOf('abcd'), anyOf('efgh')])).toHaveLength(MAX_CONJUNCTIONS);
  const many = short([anyOf('abcd'), anyOf('efgh'), anyOf('ij')]);
  expect(many).toHaveLength(MAX_CONJUNCTIONS);
  expect(many.every((one) => one.endsWith(' ?'))).toBe(true);
  expect(short([anyOf('abcdefghijklmnopq')])).toEqual(['?']);
  const allOf = (names: string) => ({ all: names.split('').map((name) => is(name, 1)) });
  const negated = short([{ not: { any: [allOf('abcde'), allOf('fghij')] } }]);
  expect(negated).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `!${name}=1 !?`));
});

describe('what a condition that stays whole implies', () => {
  const implied = (leaf: Condition) =>
    conjunctionsOf([leaf])
      .flat()
      .map((one) => ('implied' in one ? one.implied : undefined));
  const field = (derive: string, item?: string) => ({
    subject: { property: 'a' },
    derive,
    ...(item !== undefined && { item }),
  });
  test.each<[string, Condition, unknown]>([
    [
      'a pattern its beginning',
      { property: 'a', like: 'ab*c' },
      { field: field('value'), test: { kind: 'prefix', text: 'ab' } },
    ],
    ['or its end', { property: 'a', like: '*cd' }, { field: field('reversed'), test: { kind: 'prefix', text: 'dc' } }],
    ['or nothing', { property: 'a', like: '*cd*' }, undefined],
    ['nothing when it must not hold', { not: { property: 'a', like: 'ab*' } }, undefined],
    [
      'an item its value',
      { property: 'a', anyItem: { item: 'sku', equals: 'x' } },
      { field: field('value', 'sku'), test: { kind: 'among', values: ['x'] } },
    ],
    [
      'every item too, for there must be one',
      { property: 'a', everyItem: { all: [{ moreThan: 1 }, { startsWith: 'x' }] } },
      { field: field('value', ''), test: { kind: 'prefix', text: 'x' } },
    ],
    ['not an item of either kind', { property: 'a', anyItem: { any: [{ equals: 'x' }, { equals: 'y' }] } }, undefined],
  ])('%s', (_, leaf, expected) => expect(implied(leaf)).toEqual([expected]));
});
