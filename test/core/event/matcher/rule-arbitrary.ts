import fc from 'fast-check';
import type { ItemCondition, Question } from '../../../../core/audience/question.ts';
import type { Condition, Leaf, Subject } from '../../../../core/event/condition.ts';
import type { Facts } from '../../../../core/event/evaluate.ts';
import type { Rule } from '../../../../core/event/plain-matcher.ts';

/*
 * Rules and facts of small vocabularies, so that many rules share fields and values, and values meet the limits of rules:
 * below, on and above them.
 */

export const NOW_MS = Date.UTC(2026, 2, 15, 12);
const LONG = 'x'.repeat(300);

const DATES = [
  '2026-03-15T12:00:00Z',
  '2026-03-15T13:00:00+01:00',
  '2026-03-15T12:00:00.001Z',
  '2026-03-15T11:59:59.999Z',
  '2026-03-14T12:00:00Z',
  '2026-03-16T12:00:00Z',
  '2026-03-15',
  '2026-03-08',
];
/** Chains of prefixes, equal prefixes and texts, names that objects inherit, text that is nearly something else. */
const TEXTS = [
  'a',
  'ab',
  'abc',
  'abcd',
  'abd',
  'b',
  'ba',
  'cba',
  'dcba',
  'é',
  '😀',
  '😀a',
  'A',
  '1',
  'true',
  'constructor',
];
const OTHER_TEXTS = [
  '',
  'aa',
  'abcde',
  'xabc',
  'a\u0000b',
  '\ud83d',
  '2026-02-30',
  '2026-03-15 12:00',
  `ab${LONG}`,
  `${LONG}ba`,
];
const NUMBERS = [
  0,
  1,
  -1,
  2,
  1.5,
  -2.5,
  1e-7,
  0.1 + 0.2,
  999,
  1e21,
  2 ** 53,
  -(2 ** 31),
  5e-324,
  1.7976931348623157e308,
];
/** JSON.parse makes 1e400 Infinity. */
const OTHER_NUMBERS = [
  -0,
  0.5,
  3,
  -3,
  1.0000000000000002,
  1e9,
  -1e300,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

const text = fc.constantFrom(...TEXTS, ...DATES.slice(0, 3));
const number = fc.constantFrom(...NUMBERS);
const scalar = fc.oneof(text, number, fc.boolean());
const date = fc.constantFrom(...DATES);
const days = fc.constantFrom(0, 1, 7, 0.5, 1 / 86_400_000, 36_525);
const like = fc.constantFrom(
  '*',
  'a*',
  '*a',
  'a*c',
  '*b*',
  'ab*cd',
  'ab',
  'a**c',
  '*é',
  'abc*abc',
  '😀*',
  `a*${'b'.repeat(40)}`,
);

const question: fc.Arbitrary<Question> = fc.oneof(
  { weight: 3, arbitrary: scalar.map((equals) => ({ equals })) },
  scalar.map((notEquals) => ({ notEquals })),
  { weight: 2, arbitrary: fc.array(scalar, { minLength: 1, maxLength: 12 }).map((values) => ({ in: values })) },
  number.map((atLeast) => ({ atLeast })),
  number.map((moreThan) => ({ moreThan })),
  number.map((atMost) => ({ atMost })),
  number.map((lessThan) => ({ lessThan })),
  text.map((contains) => ({ contains })),
  { weight: 2, arbitrary: text.map((startsWith) => ({ startsWith })) },
  text.map((endsWith) => ({ endsWith })),
  like.map((pattern) => ({ like: pattern })),
  fc.boolean().map((exists) => ({ exists })),
  date.map((before) => ({ before })),
  date.map((notBefore) => ({ notBefore })),
  days.map((withinDays) => ({ withinDays })),
  days.map((moreThanDaysAgo) => ({ moreThanDaysAgo })),
  days.map((withinNextDays) => ({ withinNextDays })),
  days.map((moreThanDaysAhead) => ({ moreThanDaysAhead })),
);

/** Depth 1 is a leaf; below an `all`, `any` or `not` one less is left. */
const tree = <T>(
  leaf: fc.Arbitrary<T>,
  depth: number,
): fc.Arbitrary<T | { all: never[] } | { any: never[] } | { not: never }> =>
  depth === 1
    ? leaf
    : fc.oneof(
        { weight: 3, arbitrary: leaf },
        fc.array(tree(leaf, depth - 1), { minLength: 1, maxLength: 4 }).map((all) => ({ all }) as { all: never[] }),
        fc.array(tree(leaf, depth - 1), { minLength: 1, maxLength: 4 }).map((any) => ({ any }) as { any: never[] }),
        tree(leaf, depth - 1).map((not) => ({ not }) as { not: never }),
      );

const NAMES = ['a', 'b', 'c', 'constructor', 'length', '__proto__', 'toString', '_'];
const PATHS = [
  'a',
  'b',
  'c',
  'a',
  'b',
  'a.a',
  'a.b',
  'b.a.b',
  ...NAMES.slice(3),
  'a.length',
  'b.constructor.name',
  'a.__proto__.a',
];
const itemCondition = tree(
  fc
    .tuple(fc.option(fc.constantFrom('a', 'b', 'a.a', 'length', '__proto__'), { nil: undefined }), question)
    .map(([item, asked]) => (item === undefined ? asked : { item, ...asked })),
  3,
) as fc.Arbitrary<ItemCondition>;

const property = fc.constantFrom(...PATHS).map((path) => ({ property: path }));
const attribute = fc.constantFrom('a', 'b', 'constructor', 'length').map((name) => ({ attribute: name }));
const known: fc.Arbitrary<Subject> = fc.oneof(
  fc.constantFrom('email', 'phone', 'timeZone').map((field) => ({ field }) as Subject),
  fc.constantFrom('sms', 'email', 'email/ab').map((consent) => ({ consent })),
  fc.constantFrom('sms', 'email').map((suppressed) => ({ suppressed }) as Subject),
  fc.constantFrom('touches', 'lastTouch').map((contact) => ({ contact }) as Subject),
  fc.record({
    reference: fc.constantFrom('stores', 'other'),
    by: fc.constantFrom('a', 'b', 'a.a'),
    column: fc.constantFrom('a', 'b', 'constructor'),
  }),
);

const leaf = fc
  .oneof(
    { weight: 8, arbitrary: fc.tuple(fc.oneof(property, property, attribute), question) },
    { weight: 2, arbitrary: fc.tuple(known, question) },
    {
      weight: 2,
      arbitrary: fc.tuple(
        fc.oneof(property, attribute),
        fc.oneof(
          itemCondition.map((anyItem) => ({ anyItem })),
          itemCondition.map((everyItem) => ({ everyItem })),
        ),
      ),
    },
  )
  .map(([subject, asked]) => ({ ...subject, ...asked }) as Leaf);

export const aCondition = tree(leaf, 4) as fc.Arbitrary<Condition>;
const TYPES = ['order.placed', 'page.viewed'];
const type = fc.constantFrom(TYPES[0]!, ...TYPES);
const pattern = fc.record({ eventType: type, where: fc.array(aCondition, { maxLength: 3 }) });
export const someRules = (lengths: { minLength: number; maxLength: number }): fc.Arbitrary<Rule[]> =>
  fc.array(pattern, lengths).map((patterns) => patterns.map((one, n) => ({ id: `r${n}`, ...one })));

const scalarValue = fc.oneof(
  text,
  number,
  date,
  fc.boolean(),
  fc.constantFrom(...OTHER_TEXTS),
  fc.constantFrom(...OTHER_NUMBERS),
);
/** As JSON.parse makes them: `__proto__` is a member like any other. */
const objectOf = (value: fc.Arbitrary<unknown>) =>
  fc
    .array(fc.tuple(fc.constantFrom(...NAMES, 'a', 'b', 'c', 'a', 'b'), value), { maxLength: 8 })
    .map((members) => Object.fromEntries(members) as Record<string, unknown>);
const value = (depth: number): fc.Arbitrary<unknown> =>
  depth === 0
    ? scalarValue
    : fc.oneof(
        { weight: 5, arbitrary: scalarValue },
        fc.constantFrom(null, undefined),
        fc.array(value(depth - 1), { maxLength: 4 }),
        objectOf(value(depth - 1)),
      );
const properties = objectOf(value(3));
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 4 });
const some = <T>(names: string[], arbitrary: fc.Arbitrary<T>) =>
  fc.dictionary(fc.constantFrom(...names), arbitrary, { noNullPrototype: true });

const profile = fc.record({
  attributes: properties,
  email: optional(text),
  phone: fc.constantFrom(undefined, '', 'ab', '+4912'),
  timeZone: optional(text),
});
const contact = fc.record({
  consents: some(['sms', 'email', 'email/ab'], fc.boolean()),
  suppressed: some(['sms', 'email'], text),
  touches: fc.constantFrom(0, 1, 2, 10),
  lastTouch: optional(date),
});
const references = some(['stores', 'other'], some([...TEXTS, '0', '1', '1.5'], properties));

export const someFacts = fc
  .record({
    type,
    timeMs: fc.constantFrom(NOW_MS, NOW_MS, NOW_MS + 1, NOW_MS - 86_400_000),
    properties,
    profile: optional(profile),
    contact: optional(contact),
    references: optional(references),
  })
  .map(
    ({ type: eventType, timeMs, properties: own, ...rest }) =>
      ({ event: { type: eventType, timeMs, properties: own }, ...rest }) as unknown as Facts,
  );
