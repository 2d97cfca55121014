import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { previewQuery } from '../../../core/audience/preview-query.ts';
import { resolveSegment } from '../../../core/audience/resolve-segment.ts';
import { type Segment, segment } from '../../../core/audience/segment.ts';
import { snapshotQuery } from '../../../core/audience/segment-queries.ts';
import { MAX_DEPTH } from '../../../core/audience/tree-bounds.ts';
import { segments } from './segment-arbitrary.ts';

const leaf = { attribute: 'city', equals: 'Paris' };
const nest = (levels: number): unknown => {
  let tree: unknown = leaf;
  for (let n = 1; n < levels; n += 1) tree = { not: tree };
  return tree;
};

const some = (length: number) => Array.from({ length }, (_, n) => ({ property: `p${n}`, exists: true }));
/** As many conditions, of which each event is one. */
const inWhere = (conditions: number): unknown => ({
  any: Array.from({ length: Math.ceil(conditions / 21) }, (_, n) => ({
    event: 'e',
    where: some(Math.min(20, conditions - 21 * n - 1)),
    count: { atLeast: 1 },
  })),
});
const many = (conditions: number): unknown => ({
  all: [0, 1, 2].map((part) => ({
    any: Array.from({ length: Math.floor((conditions + part) / 3) }, (_, n) => ({ field: 'email', exists: n > part })),
  })),
});

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
    [{ not: many(250) }],
    [inWhere(250)],
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
    ['251 conditions', { not: many(251) }],
    ['251 conditions in where', inWhere(251)],
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

describe('a query has at most 262,144 bytes', () => {
  const many = (length: number, one: (n: number) => object): Segment => ({
    all: [0, 1, 2, 3].map((part) => ({
      any: Array.from({ length: Math.ceil(length / 4) }, (_, n) => one(part * 1_000 + n) as Segment),
    })),
  });
  const name = (n: number) => `n${n}${'x'.repeat(20)}`;
  const options = {
    nowMs: 1.77e12,
    attributes: Array.from({ length: 50 }, (_, n) => `a${n}${'x'.repeat(60)}`),
    sending: { topic: 'x'.repeat(32), lane: 'promotional' as const },
    location: `s3://${'x'.repeat(200)}/`,
  };
  it.each<[string, Segment]>([
    ['quotes', many(72, (n) => ({ attribute: `a${n}`, contains: "'".repeat(180) }))],
    ['three bytes a character', { attribute: 'a', in: Array.from({ length: 60 }, () => '漢'.repeat(85)) }],
    ['many conditions', many(248, (n) => ({ attribute: name(n), notEquals: 1.25 }))],
    ['many types of events', many(80, (n) => ({ event: `e${n}`, avg: { property: name(n), is: { atLeast: 1 } } }))],
    ['sequences', many(60, (n) => ({ sequence: [{ event: `a${n}` }, { event: `b${n}` }, { event: 'c' }] }))],
    ['dates', many(120, (n) => ({ attribute: `a${n}`, withinDays: 3 }))],
  ])('%s', async (_, one) => {
    const written = segment.parse(one);
    const resolved = await resolveSegment(written, async () => undefined);
    expect(Buffer.byteLength(snapshotQuery(resolved, options))).toBeLessThan(262_144);
    const operands = 'all' in resolved ? [resolved, ...resolved.all].slice(0, 4) : [resolved, resolved];
    const preview = previewQuery({ tree: resolved, operands, sending: options.sending }, 1.77e12);
    expect(Buffer.byteLength(preview)).toBeLessThan(262_144);
  });

  it('or the segment is refused', async () => {
    const dates = segment.parse(many(124, (n) => ({ attribute: `a${n}`, anyItem: { before: '2026-01-01' } })));
    const refused = resolveSegment(dates, async () => undefined);
    await expect(refused).rejects.toMatchObject({ name: 'UnresolvableSegment', reason: 'too-large' });
    await expect(refused).rejects.toThrow(/makes a query of \d+ bytes, more than 160000/);
  });
});

it('what it takes goes through JSON unchanged', () => {
  fc.assert(
    fc.property(segments, (one) => {
      const again = JSON.parse(JSON.stringify(one)) as unknown;
      expect(segment.parse(again)).toEqual(again);
    }),
  );
});
