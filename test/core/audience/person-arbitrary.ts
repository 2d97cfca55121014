import fc from 'fast-check';
import type { SeenEvent } from '../../../core/audience/event-predicate.ts';
import type { Person } from '../../../core/audience/segment-predicate.ts';
import {
  amount,
  CONSENTS,
  DAY_MS,
  date,
  NAMES,
  NOW_MS,
  number,
  oddDate,
  scalar,
  TYPES,
  text,
} from './segment-arbitrary.ts';

// People, and what the lake knows of them, whom the segments of segment-arbitrary.ts divide.

const listItem = fc.oneof(scalar, date, fc.constant(null));
const value = fc.oneof(
  ...[text, number, fc.boolean(), fc.constant(null), date, date, oddDate],
  fc.array(listItem, { maxLength: 3 }),
);
const line = fc.oneof(listItem, fc.record({ sku: listItem, price: fc.oneof(listItem, fc.record({ net: listItem })) }));
const degrees = (most: number) =>
  fc.oneof(
    fc.constantFrom(0, 48.85, 2.35, 90, -180, 179.99, 91),
    fc.double({ min: -most, max: most, noNaN: true }),
    text,
  );
const optionally = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** One person as the versions that the lake holds, newest last; some rows are written twice. */
export const person = fc.record({
  versions: fc.array(
    fc.record({
      email: optionally(fc.constantFrom('ada@example.com', "o'brien@example.com")),
      phone: optionally(fc.constant('+33612345678')),
      pushToken: optionally(fc.oneof(text, date)),
      timeZone: optionally(fc.constantFrom('Europe/Paris', 'UTC')),
      locale: optionally(fc.constantFrom('fr', 'en')),
      attributes: fc
        .tuple(
          fc.dictionary(
            fc.constantFrom(...NAMES),
            value.filter((v) => v !== null),
            { maxKeys: 5 },
          ),
          fc.option(fc.record({ lat: degrees(90), lon: degrees(180) }), { nil: {} }),
        )
        .map(([named, place]) => ({ ...named, ...place })),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  twice: fc.boolean(),
});

const property = fc.oneof(
  value,
  fc.constant(null),
  fc.record({ name: value, price: value, day: value }),
  fc.array(line, { maxLength: 3 }),
  amount,
  amount,
);
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
  properties: fc.dictionary(fc.constantFrom('amount', 'city', 'item', '_x', 'lines'), property, {
    maxKeys: 3,
    noNullPrototype: true,
  }),
  delayMs: fc.constantFrom(0, 5, 3_600_000, 3 * DAY_MS),
  copies: fc.constantFrom(0, 0, 0, 1, 2),
  shiftMs: fc.constantFrom(0, 1, 2_000),
});
/** What a person said about a channel or topic, or a file said for them. */
export const consentStatement = fc.record({
  who: fc.nat(29),
  consent: fc.constantFrom(...CONSENTS),
  given: fc.boolean(),
  imported: fc.boolean(),
});
/** A statement about a person and a list; times are few, so that some contradict each other within one millisecond. */
export const listStatement = fc.record({
  who: fc.nat(29),
  list: fc.constantFrom('vips', 'staff'),
  member: fc.boolean(),
  atMs: fc.integer({ min: NOW_MS - 3, max: NOW_MS }),
});
export type Row = Person & { events: SeenEvent[] };
