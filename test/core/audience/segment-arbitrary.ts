import fc from 'fast-check';
import type { ResolvedSegment as Segment } from '../../../core/audience/segment.ts';

/** Small vocabularies, so that generated segments meet generated people, and every kind of trap between them. */
export const NOW_MS = Date.UTC(2026, 2, 15, 12);
export const DAY_MS = 86_400_000;
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
export const amount = fc.oneof(
  fc.constantFrom(0, 10, 11.77, 0.1, -2, 30, 1e6, 0.57, 4.35, 5e-7, -5e-7, 1.0000005),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
);
export const scalar = fc.oneof(text, number, fc.boolean());
export const NAMES = ['city', 'age', 'vip', 'a', 'day', 'tags'];
const PATHS = ['amount', 'city', 'item.name', 'item.price', 'constructor', '_x', 'lines', 'item.day'];
export const TYPES = ['purchase', 'visit', 'cart.add'];
export const LISTS = ['vips', 'staff', 'nobody'];
export const CONSENTS = ['sms', 'sms/offers', 'email'];

/** Instants around now, to the millisecond, and at the turn of days. */
const momentMs = fc.oneof(
  fc
    .constantFrom(0, 0.5, 1, 7, 30, 180)
    .chain((n) => fc.constantFrom(-1, 0, 1).map((edge) => NOW_MS + (edge < 0 ? -1 : 1) * n * DAY_MS + edge)),
  fc.integer({ min: NOW_MS - 400 * DAY_MS, max: NOW_MS + 400 * DAY_MS }),
);
const two = (n: number) => String(n).padStart(2, '0');
/** ISO 8601 in all forms that count, for the same instant. */
const isoOf = (ms: number, minutes: number) => {
  const local = new Date(ms + minutes * 60_000).toISOString().slice(0, -1);
  const zone = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  return [
    local + (minutes === 0 ? 'Z' : zone),
    `${local.slice(0, 16)}${zone}`,
    `${local.slice(0, 19)}Z`,
    local.slice(0, 10),
  ];
};
export const date = fc
  .tuple(momentMs, fc.constantFrom(0, 0, 60, -300, 330, -30, 840, -840), fc.nat(3))
  .map(([ms, minutes, form]) => isoOf(ms, minutes)[form] as string);
/** Nearly dates, and dates at the ends of what counts. */
export const oddDate = fc.constantFrom(
  ...['0100-01-01', '0099-12-31', '9999-12-31T23:59:59.999Z', '2024-02-29', '2023-02-29', '2026-02-28', '2026-03-01'],
  ...['2026-03-15T12:00:00.1Z', '2026-03-15T12:00:00.0009Z', '2026-03-15T12:00:00.000999999+00:00', '2026-03-15T12Z'],
  ...['2026-03-15T24:00:00Z', '2026-03-15T12:00:60Z', '2026-03-15T12:00:00', '2026-03-15 12:00:00Z', '2026-3-15'],
  ...[
    '2026-03-15T12:00:00+14:01',
    '2026-03-15T12:00:00+14:00',
    '2026-03-15T12:00:00-00:30',
    '2026-00-10',
    '2026-13-01',
  ],
  ...[
    '2026-03-15\n',
    '2026-03-15T12:00:00Z\n',
    ' 2026-03-15',
    '٢٠٢٦-03-15',
    '2026-03-15T12:00:00.1234567890Z',
    '20260315',
  ],
);
const someDays = fc.constantFrom(0, 0.5, 1, 7, 30, 180);
const scalarQuestion = fc.oneof(
  scalar.map((equals) => ({ equals })),
  scalar.map((notEquals) => ({ notEquals })),
  fc.array(scalar, { minLength: 1, maxLength: 5 }).map((values) => ({ in: values })),
  number.map((atLeast) => ({ atLeast })),
  number.map((moreThan) => ({ moreThan })),
  number.map((atMost) => ({ atMost })),
  number.map((lessThan) => ({ lessThan })),
  text.map((contains) => ({ contains })),
  text.map((startsWith) => ({ startsWith })),
  text.map((endsWith) => ({ endsWith })),
  fc
    .array(fc.oneof(fc.constant('*'), fc.constantFrom('P', 'is', 'a', '%', '_', '!', "'"), text), {
      minLength: 1,
      maxLength: 3,
    })
    .map((parts) => ({ like: parts.join('') })),
  { weight: 3, arbitrary: fc.boolean().map((exists) => ({ exists })) },
  date.map((before) => ({ before })),
  date.map((notBefore) => ({ notBefore })),
  someDays.map((withinDays) => ({ withinDays })),
  someDays.map((moreThanDaysAgo) => ({ moreThanDaysAgo })),
  someDays.map((withinNextDays) => ({ withinNextDays })),
  someDays.map((moreThanDaysAhead) => ({ moreThanDaysAhead })),
);
const itemCondition = fc.letrec<{ tree: object }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc
      .tuple(fc.option(fc.constantFrom('sku', 'price.net'), { nil: undefined }), scalarQuestion)
      .map(([item, asked]) => ({ ...(item && { item }), ...asked })),
    fc.array(tie('tree'), { minLength: 1, maxLength: 2 }).map((all) => ({ all })),
    fc.array(tie('tree'), { minLength: 1, maxLength: 2 }).map((any) => ({ any })),
    tie('tree').map((not) => ({ not })),
  ),
})).tree;
const question = fc.oneof(
  { weight: 8, arbitrary: scalarQuestion as fc.Arbitrary<object> },
  { weight: 1, arbitrary: itemCondition.map((anyItem) => ({ anyItem })) },
  { weight: 1, arbitrary: itemCondition.map((everyItem) => ({ everyItem })) },
  { weight: 1, arbitrary: fc.constantFrom(0, 7, 30, 300, 365).map((n) => ({ anniversaryWithinDays: n })) },
);
const treesOf = (leaf: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc.oneof(
    { weight: 4, arbitrary: leaf },
    { weight: 1, arbitrary: fc.array(leaf, { minLength: 1, maxLength: 2 }).map((any) => ({ any })) },
    { weight: 1, arbitrary: leaf.map((not) => ({ not })) },
  );

const comparison = (limit: fc.Arbitrary<number>) =>
  fc
    .tuple(fc.constantFrom('atLeast', 'moreThan', 'atMost', 'lessThan', 'equals'), limit)
    .map(([name, value]) => ({ [name]: value }) as { atLeast: number });

const instant = fc.constantFrom(-40, -30, -7, -1, 0, 1, 3).map((n) => new Date(NOW_MS + n * DAY_MS).toISOString());
const within = fc.oneof(
  someDays.map((n) => ({ days: n })),
  instant.map((since) => ({ since })),
  fc.record({ since: instant, until: instant }).filter(({ since, until }) => since < until),
);
const about = fc
  .record({
    event: fc.constantFrom(...TYPES),
    where: fc.option(
      fc.array(
        treesOf(fc.tuple(fc.constantFrom(...PATHS), question).map(([property, asked]) => ({ property, ...asked }))),
        {
          maxLength: 2,
        },
      ),
      { nil: undefined, freq: 2 },
    ),
  })
  .map(({ event, where }) => ({ event, ...(where && { where }) }));
const maybeWithin = fc.option(within, { nil: undefined }).map((value) => (value ? { within: value } : {}));
const asked = fc.oneof(
  someDays.map((n) => ({ moreThanDaysAgo: n })),
  someDays.map((n) => ({ withinDays: n })),
  date.map((before) => ({ before })),
  date.map((notBefore) => ({ notBefore })),
);
const eventCondition = fc.oneof(
  fc
    .tuple(about, comparison(fc.integer({ min: 0, max: 4 })), maybeWithin)
    .map(([a, count, w]) => ({ ...a, count, ...w })),
  fc
    .tuple(
      about,
      fc.constantFrom('sum', 'avg', 'min', 'max'),
      fc.constantFrom('amount', 'item.price', 'city'),
      comparison(amount),
      maybeWithin,
    )
    .map(([a, of, property, is, w]) => ({ ...a, [of]: { property, is }, ...w })),
  fc.tuple(about, fc.constantFrom('first', 'last'), asked).map(([a, of, question]) => ({ ...a, [of]: question })),
  fc
    .tuple(about, about, someDays, maybeWithin)
    .map(([a, b, withinDays, w]) => ({ ...a, without: { ...b, withinDays }, ...w })),
  fc
    .tuple(
      fc.array(about, { minLength: 2, maxLength: 4 }),
      fc.option(someDays, { nil: undefined }).map((withinDays) => (withinDays === undefined ? {} : { withinDays })),
      maybeWithin,
    )
    .map(([sequence, limit, w]) => ({ sequence, ...limit, ...w })),
);
const near = fc
  .record({
    latitude: fc.constantFrom(0, 48.8566, 90, -33.9),
    longitude: fc.constantFrom(0, 2.3522, 180, -179.99),
    withinKm: fc.constantFrom(0.5, 10, 500, 5_000, 20_016),
    attributes: fc.constantFrom({ latitude: 'lat', longitude: 'lon' }, { latitude: 'age', longitude: 'lon' }),
  })
  .map((asked) => ({ near: asked }));
const leaf: fc.Arbitrary<Segment> = fc.oneof(
  fc.tuple(fc.constantFrom(...NAMES), question).map(([attribute, asked]) => ({ attribute, ...asked })),
  fc.tuple(fc.constantFrom(...NAMES), question).map(([attribute, asked]) => ({ attribute, ...asked })),
  fc
    .tuple(fc.constantFrom('email', 'phone', 'pushToken', 'timeZone', 'locale'), scalarQuestion)
    .map(([field, asked]) => ({ field, ...asked })),
  fc
    .tuple(fc.constantFrom(...CONSENTS), fc.constantFrom('equals', 'exists'), fc.boolean())
    .map(([consent, asked, value]) => ({ consent, [asked]: value })),
  fc.constantFrom(...LISTS).map((list) => ({ list })),
  near,
  eventCondition,
  eventCondition,
  eventCondition,
  eventCondition,
) as fc.Arbitrary<object> as fc.Arbitrary<Segment>;
export const segments: fc.Arbitrary<Segment> = fc.letrec<{ tree: Segment }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie('tree').map((not) => ({ not })),
  ),
})).tree;
