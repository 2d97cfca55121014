import fc from 'fast-check';
import type { ResolvedSegment as Segment } from '../../../core/audience/segment.ts';
import type { Person, SeenEvent } from '../../../core/audience/segment-predicate.ts';

/** Small vocabularies, so that generated segments meet generated people, and every kind of trap between them. */
export const NOW_MS = Date.UTC(2026, 2, 15, 12);
const DAY_MS = 86_400_000;
const HOSTILE = [
  "O'Brien",
  "'; DROP TABLE profiles; --",
  "\\' OR 1=1 --",
  '" OR ""="',
  "x') OR ('1'='1",
  '%',
  '_',
  '\n',
  '/* */',
  '?',
  '$.a',
  '{}',
  '😀é',
  'null',
  'true',
  '1',
  '1.0',
  'NaN',
  'Infinity',
];
export const text = fc.oneof(
  fc.constantFrom('Paris', 'paris', 'Par', 'is', 'a', ...HOSTILE),
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
    .filter((value) => !value.includes('\u0000') && value.isWellFormed()),
);
export const number = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    2,
    10,
    11.77,
    -5,
    0.1,
    0.30000000000000004,
    1e21,
    1e-7,
    2 ** 53,
    -(2 ** 53),
    5e-324,
    1.7976931348623157e308,
    999,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -3, max: 3 }),
);
const amount = fc.oneof(
  fc.constantFrom(0, 10, 11.77, 0.1, -2, 30, 1e6, 0.57, 4.35, 5e-7, -5e-7, 1.0000005),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
);
const scalar = fc.oneof(text, number, fc.boolean());
const NAMES = ['city', 'age', 'vip', 'a'];
const PATHS = ['amount', 'city', 'item.name', 'item.price', 'constructor', '_x'];
const TYPES = ['purchase', 'visit', 'cart.add'];

export const LISTS = ['vips', 'staff', 'nobody'];

const question = fc.oneof(
  scalar.map((equals) => ({ equals })),
  scalar.map((notEquals) => ({ notEquals })),
  fc.array(scalar, { minLength: 1, maxLength: 5 }).map((values) => ({ in: values })),
  number.map((atLeast) => ({ atLeast })),
  number.map((moreThan) => ({ moreThan })),
  number.map((atMost) => ({ atMost })),
  number.map((lessThan) => ({ lessThan })),
  text.map((contains) => ({ contains })),
  text.map((startsWith) => ({ startsWith })),
  { weight: 3, arbitrary: fc.boolean().map((exists) => ({ exists })) },
);
const comparison = (limit: fc.Arbitrary<number>) =>
  fc
    .tuple(fc.constantFrom('atLeast', 'moreThan', 'atMost', 'lessThan', 'equals'), limit)
    .map(([name, value]) => ({ [name]: value }) as { atLeast: number });

const days = fc.constantFrom(0, 0.5, 1, 7, 30, 180);
const instant = fc.constantFrom(-40, -30, -7, -1, 0, 1, 3).map((n) => new Date(NOW_MS + n * DAY_MS).toISOString());
const within = fc.oneof(
  days.map((n) => ({ days: n })),
  instant.map((since) => ({ since })),
  fc.record({ since: instant, until: instant }),
);
const about = fc
  .record({
    event: fc.constantFrom(...TYPES),
    where: fc.option(
      fc.array(
        fc.tuple(fc.constantFrom(...PATHS), question).map(([property, asked]) => ({ property, ...asked })),
        { maxLength: 2 },
      ),
      { nil: undefined, freq: 2 },
    ),
  })
  .map(({ event, where }) => ({ event, ...(where && { where }) }));
const maybeWithin = fc.option(within, { nil: undefined }).map((value) => (value ? { within: value } : {}));
const eventCondition = fc.oneof(
  fc
    .tuple(about, comparison(fc.integer({ min: 0, max: 4 })), maybeWithin)
    .map(([a, count, w]) => ({ ...a, count, ...w })),
  fc
    .tuple(about, fc.constantFrom('amount', 'item.price', 'city'), comparison(amount), maybeWithin)
    .map(([a, property, is, w]) => ({ ...a, sum: { property, is }, ...w })),
  fc
    .tuple(
      about,
      fc.oneof(
        days.map((n) => ({ moreThanDaysAgo: n })),
        days.map((n) => ({ withinDays: n })),
      ),
    )
    .map(([a, last]) => ({ ...a, last })),
);
const leaf: fc.Arbitrary<Segment> = fc.oneof(
  fc.tuple(fc.constantFrom(...NAMES), question).map(([attribute, asked]) => ({ attribute, ...asked })),
  fc
    .tuple(fc.constantFrom('email', 'phone', 'pushToken', 'timeZone', 'locale'), question)
    .map(([field, asked]) => ({ field, ...asked }) as Segment),
  eventCondition as fc.Arbitrary<Segment>,
  eventCondition as fc.Arbitrary<Segment>,
  fc.constantFrom(...LISTS).map((list) => ({ list })),
);
export const segments: fc.Arbitrary<Segment> = fc.letrec<{ tree: Segment }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie('tree').map((not) => ({ not })),
  ),
})).tree;

const value = fc.oneof(text, number, fc.boolean(), fc.constant(null), fc.array(scalar, { maxLength: 2 }));
const optionally = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** One person as the versions that the lake holds, newest last; some rows are written twice. */
export const person = fc.record({
  versions: fc.array(
    fc.record({
      email: optionally(fc.constantFrom('ada@example.com', "o'brien@example.com")),
      phone: optionally(fc.constant('+33612345678')),
      pushToken: optionally(text),
      timeZone: optionally(fc.constantFrom('Europe/Paris', 'UTC')),
      locale: optionally(fc.constantFrom('fr', 'en')),
      attributes: fc.dictionary(
        fc.constantFrom(...NAMES),
        value.filter((v) => v !== null),
        { maxKeys: 4 },
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  twice: fc.boolean(),
});

const property = fc.oneof(value, fc.constant(null), fc.record({ name: value, price: value }), amount, amount);
const when = fc.oneof(
  fc
    .constantFrom(0, 0.5, 1, 7, 30, 180, 40)
    .chain((n) => fc.constantFrom(-1, 0, 1).map((edge) => NOW_MS - n * DAY_MS + edge)),
  fc.integer({ min: NOW_MS - 200 * DAY_MS, max: NOW_MS + DAY_MS }),
);
/** Anonymous ids, and one that is spelt like a profile's. */
const alias = fc.constantFrom("d'0", 'd1', 'd2', 'd3', 'p1');
/** A link of an anonymous id to a person. Rows about one id repeat and contradict each other: the earliest counts. */
export const linkOfAlias = fc.record({ alias, who: fc.nat(29), atMs: fc.integer({ min: NOW_MS - 9, max: NOW_MS }) });

/** An event with its copies: the same id again, later, and without a time of its own at another time. */
export const eventWithCopies = fc.record({
  who: fc.nat(29),
  anonymousId: fc.option(alias, { nil: undefined, freq: 2 }),
  source: fc.constantFrom('shop', "o'shop"),
  type: fc.constantFrom(...TYPES),
  timeMs: when,
  properties: fc.dictionary(fc.constantFrom('amount', 'city', 'item', '_x'), property, {
    maxKeys: 3,
    noNullPrototype: true,
  }),
  delayMs: fc.constantFrom(0, 5, 3_600_000, 3 * DAY_MS),
  copies: fc.constantFrom(0, 0, 0, 1, 2),
  shiftMs: fc.constantFrom(0, 1, 2_000),
});
/** A statement about a person and a list; times are few, so that some contradict each other within one millisecond. */
export const listStatement = fc.record({
  who: fc.nat(29),
  list: fc.constantFrom('vips', 'staff'),
  member: fc.boolean(),
  atMs: fc.integer({ min: NOW_MS - 3, max: NOW_MS }),
});
export type Row = Person & { events: SeenEvent[] };
