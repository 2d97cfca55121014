import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Audience,
  audience,
  audienceSegment,
  MAX_AUDIENCE_DEPTH,
  MAX_OPERANDS,
  operandsOf,
} from '../../../core/audience/audience.ts';
import { referencesOf } from '../../../core/audience/references.ts';
import type { ResolvedSegment } from '../../../core/audience/segment.ts';
import { isMember } from '../../../core/audience/segment-predicate.ts';
import { audiencesOf, inAudience } from './audience-arbitrary.ts';

const nested = (levels: number): unknown => {
  let tree: unknown = { list: 'a' };
  for (let level = 0; level < levels; level += 1) tree = { union: [tree] };
  return tree;
};
const many = (count: number) => Array.from({ length: count }, () => ({ list: 'a' }));

describe('an audience', () => {
  it.each<[string, unknown]>([
    ['a segment', { segment: '01JX' }],
    ['a list', { list: 'vip_1-2' }],
    ['a difference', { difference: [{ list: 'a' }, { segment: 'b' }] }],
    [
      'all operations',
      { union: [{ list: 'a' }, { intersection: [{ list: 'b' }, { difference: [{ list: 'c' }, { list: 'd' }] }] }] },
    ],
    ['the deepest one', nested(MAX_AUDIENCE_DEPTH - 1)],
    ['the largest one', { union: many(MAX_OPERANDS) }],
  ])('may be %s', (_, value) => expect(audience.parse(value)).toEqual(value));

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['text', 'a'],
    ['null', null],
    ['an empty union', { union: [] }],
    ['two things at once', { segment: 'a', list: 'b' }],
    ['a difference of one', { difference: [{ list: 'a' }] }],
    ['a difference of three', { difference: many(3) }],
    ['an id that could leave a literal', { list: "a' OR '1'='1" }],
    ['a rule', { not: { list: 'a' } }],
    ['one that is too deep', nested(MAX_AUDIENCE_DEPTH + 1)],
    ['a bomb', nested(100_000)],
    ['one that is too large', { union: many(MAX_OPERANDS + 1) }],
  ])('may not be %s', (_, value) => expect(audience.safeParse(value).success).toBe(false));
});

describe('the algebra of sets', () => {
  const LISTS = ['l0', 'l1', 'l2', 'l3'];
  const people = fc.array(fc.subarray(LISTS), { minLength: 1, maxLength: 12 });

  it('an audience holds whom plain sets say', () =>
    fc.assert(
      fc.property(audiencesOf(LISTS), people, (expression, base) => {
        const listed = new Map(
          LISTS.map((id) => [id, new Set(base.flatMap((own, n) => (own.includes(id) ? [n] : [])))]),
        );
        const tree = audienceSegment(expression) as ResolvedSegment;
        const found = base.flatMap((own, n) => {
          const profile = { profileId: `p${n}`, version: 1, updatedMs: 0, attributes: {} };
          return isMember(tree, { profile, events: [], consents: {}, lists: new Set(own) }, 0) ? [n] : [];
        });
        expect(found).toEqual([...inAudience(expression, listed)].sort((a, b) => a - b));
      }),
    ));

  it('what is generated is allowed, and compiles to what it names', () =>
    fc.assert(
      fc.property(audiencesOf(LISTS), (expression) => {
        expect(audience.parse(JSON.parse(JSON.stringify(expression)))).toEqual(expression);
        const named = [...JSON.stringify(expression).matchAll(/"list":"(\w+)"/g)].map(([, id]) => id);
        expect(referencesOf(audienceSegment(expression)).lists.sort()).toEqual([...new Set(named)].sort());
        expect(referencesOf(expression).lists.sort()).toEqual([...new Set(named)].sort());
      }),
    ));
});

it('operands are what the outermost operation combines', () => {
  const [a, b]: [Audience, Audience] = [{ list: 'a' }, { union: [{ list: 'b' }, { segment: 'c' }] }];
  expect(operandsOf(a)).toEqual([]);
  expect(operandsOf({ union: [a, b] })).toEqual([a, b]);
  expect(operandsOf({ intersection: [b, a] })).toEqual([b, a]);
  expect(operandsOf({ difference: [a, b] })).toEqual([a, b]);
});

it('a segment refers to lists and segments wherever they stand', () => {
  const tree = {
    all: [{ any: [{ list: 'a' }, { not: { segment: 's' } }] }, { list: 'a' }, { attribute: 'list', equals: 'x' }],
  };
  expect(referencesOf(tree)).toEqual({ lists: ['a'], segments: ['s'] });
});
