import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { previewQuery } from '../../../core/audience/preview-query.ts';
import { MAX_SEGMENT_BYTES, type ResolvedSegment, type Segment, segment } from '../../../core/audience/segment.ts';
import { MAX_DEPTH } from '../../../core/audience/tree-bounds.ts';
import { segments } from './segment-arbitrary.ts';

const sending = { topic: 'a-topic-of-thirty-two-characters', lane: 'promotional' as const };
const leaf = { attribute: 'city', equals: 'Paris' };
const nest = (levels: number): unknown => {
  let tree: unknown = leaf;
  for (let n = 1; n < levels; n += 1) tree = { not: tree };
  return tree;
};

describe('takes', () => {
  it.each([
    [leaf],
    [{ all: [leaf, { any: [leaf] }, { not: leaf }] }],
    [{ field: 'email', exists: true }],
    [{ field: 'timeZone', in: ['Europe/Paris', 'UTC'] }],
    [{ event: 'purchase', count: { equals: 0 } }],
    [
      {
        event: 'cart.add',
        where: [{ property: 'item.price', atLeast: 10 }],
        count: { atLeast: 1 },
        within: { days: 0.5 },
      },
    ],
    [
      {
        event: 'purchase',
        sum: { property: 'amount', is: { atLeast: 999 } },
        within: { since: '2026-01-01T00:00:00Z' },
      },
    ],
    [
      {
        event: 'purchase',
        count: { atMost: 2 },
        within: { since: '2026-01-01T00:00:00+02:00', until: '2026-02-01T00:00:00Z' },
      },
    ],
    [{ event: 'purchase', last: { moreThanDaysAgo: 180 } }],
    [{ any: [{ list: '01JD0000000000000000000000' }, { not: { segment: '01JD0000000000000000000001' } }] }],
    [{ attribute: 'city', equals: "'; DROP TABLE profiles; --" }],
    [nest(MAX_DEPTH)],
  ])('%j', (input) => expect(segment.parse(input)).toEqual(input));
});

describe('refuses', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'purchase'],
    ['a list', [leaf]],
    ['no condition', {}],
    ['an empty all', { all: [] }],
    ['two questions', { attribute: 'city', equals: 'Paris', exists: true }],
    ['a question without subject', { equals: 'Paris' }],
    ['two subjects', { attribute: 'city', field: 'email', exists: true }],
    ['an unknown field', { field: 'password', exists: true }],
    ['an unknown operator', { attribute: 'age', between: [1, 2] }],
    ['a name that is not one', { attribute: "city'] --", exists: true }],
    ['a path that is not one', { event: 'a', where: [{ property: "x') = '1", exists: true }], count: { atLeast: 1 } }],
    ['an event type that is not one', { event: "a' OR '1'='1", count: { atLeast: 1 } }],
    ['an id that is not one', { list: "x' OR '1'='1" }],
    ['a list and a segment', { list: 'a', segment: 'b' }],
    ['NUL', { attribute: 'city', equals: 'a\u0000b' }],
    ['half a surrogate pair', { attribute: 'city', equals: '\ud83d' }],
    ['NaN', { attribute: 'age', atLeast: Number.NaN }],
    ['an endless number', { attribute: 'age', atLeast: Number.POSITIVE_INFINITY }],
    ['a number as text', { attribute: 'age', atLeast: '18' }],
    ['half an event', { event: 'purchase', count: { atLeast: 0.5 } }],
    ['count and sum at once', { event: 'a', count: { atLeast: 1 }, sum: { property: 'x', is: { atLeast: 1 } } }],
    ['a window of recency', { event: 'a', last: { withinDays: 1 }, within: { days: 1 } }],
    ['a date that is none', { event: 'a', count: { atLeast: 1 }, within: { since: 'yesterday' } }],
    ['a time without zone', { event: 'a', count: { atLeast: 1 }, within: { since: '2026-01-01T00:00:00' } }],
    ['one level too deep', nest(MAX_DEPTH + 1)],
    ['a hundred thousand levels', nest(100_000)],
    ['deep rubbish', { attribute: 'a', equals: JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)) }],
    ['too many bytes', { all: Array.from({ length: 100 }, () => ({ attribute: 'city', equals: 'x'.repeat(250) })) }],
  ])('%s', (_, input) => expect(segment.safeParse(input).success).toBe(false));

  it('says which bound was crossed', () => {
    const said = (input: unknown) => segment.safeParse(input).error?.issues[0]?.message;
    expect(said(nest(100_000))).toBe('a segment is nested at most 20 deep');
    expect(said({ any: Array.from({ length: 100 }, () => ({ attribute: 'c', contains: 'x'.repeat(250) })) })).toMatch(
      /16384 bytes/,
    );
  });
});

it('every segment fits into an Athena query of 262,144 bytes', () => {
  const worst: Segment[] = [
    { all: Array.from({ length: 72 }, (_, n) => ({ attribute: `a${n}`, contains: "'".repeat(180) })) },
    {
      all: Array.from({ length: 8 }, () => ({
        any: Array.from({ length: 55 }, () => ({ field: 'email', lessThan: 1 })) as Segment[],
      })) as Segment[],
    },
    {
      all: Array.from({ length: 20 }, () => ({
        event: 'p',
        where: Array.from({ length: 20 }, () => ({ property: 'a', equals: 1 })),
        count: { atLeast: 1 },
      })),
    },
    { attribute: 'a', in: Array.from({ length: 60 }, () => '漢'.repeat(85)) },
  ];
  for (const one of worst) {
    expect(JSON.stringify(one).length).toBeLessThanOrEqual(MAX_SEGMENT_BYTES);
    const question = { tree: segment.parse(one) as ResolvedSegment, operands: [], sending };
    expect(Buffer.byteLength(previewQuery(question, 1e12))).toBeLessThan(262_144);
  }
});

it('what it takes goes through JSON unchanged', () => {
  fc.assert(
    fc.property(segments, (one) => {
      const again = JSON.parse(JSON.stringify(one)) as unknown;
      expect(segment.parse(again)).toEqual(again);
    }),
  );
});
