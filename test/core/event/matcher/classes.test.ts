import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answers, type Question } from '../../../../core/audience/question.ts';
import {
  classesOf,
  classifierOf,
  classOf,
  classSets,
  complement,
  countOf,
  FIRST_TEXT,
  intersection,
  parentsOf,
  placeOf,
} from '../../../../core/event/matcher/classes.ts';
import { testOf, type ValueTest } from '../../../../core/event/matcher/test.ts';

/** The tests of one field that these questions become. All of them are about the value as it is. */
const testsOf = (questions: readonly Question[]): ValueTest[] =>
  questions.map((question) => {
    const found = testOf({ property: 'a', ...question }, false);
    if (!('field' in found) || found.not) throw new Error(`not one test: ${JSON.stringify(question)}`);
    return found.test;
  });

const QUESTIONS: Question[] = [
  { exists: true },
  { equals: 'abc' },
  { equals: '' },
  { equals: 7 },
  { equals: 0 },
  { equals: true },
  { equals: false },
  { in: ['ab', 7, true] },
  { in: ['z'] },
  { notEquals: 'abc' },
  { notEquals: 7 },
  { notEquals: false },
  { startsWith: 'a' },
  { startsWith: 'ab' },
  { startsWith: 'abc' },
  { startsWith: 'abd' },
  { startsWith: '😀' },
  { atLeast: 7 },
  { moreThan: 7 },
  { atMost: 7 },
  { lessThan: 7 },
  { atLeast: -0 },
  { lessThan: 0 },
  { moreThan: 1e300 },
];
const VALUES: unknown[] = [
  undefined,
  null,
  {},
  [],
  ['abc'],
  { length: 7 },
  false,
  true,
  ...['', 'a', 'ab', 'abc', 'abcd', 'abd', 'abe', 'b', 'A', 'z', '😀', '😀x', '\ud83d', '7', 'true', 'constructor'],
  ...[
    7,
    6.999999999999999,
    7.000000000000001,
    0,
    -0,
    5e-324,
    -5e-324,
    1e300,
    1e301,
    Number.MAX_VALUE,
    Infinity,
    -Infinity,
  ],
];

describe('the class of a value says of every test what the value says', () => {
  const tests = testsOf(QUESTIONS);
  const classes = classesOf(tests);
  const classifier = classifierOf(classes);
  const setOf = classSets(classes);
  test.each(QUESTIONS.map((question, n) => [JSON.stringify(question), question, tests[n]!] as const))(
    '%s',
    (_, question, own) => {
      for (const value of VALUES) {
        const at = classOf(classifier, value);
        expect(at).toBeLessThan(countOf(classes));
        const inSet = setOf(own).some(([first, last]) => at >= first && at <= last);
        expect([value, inSet]).toEqual([value, answers(value, question, 0)]);
      }
    },
  );
});

describe('texts are in order, and each knows the longest shorter prefix', () => {
  test.each([
    ['a chain', ['abc', 'a', 'ab'], [], ['a', 'ab', 'abc'], [-1, 0, 1]],
    ['a prefix before the equal text', ['ab'], ['ab'], ['ab', 'ab'], [-1, 0]],
    ['siblings', ['a', 'ab', 'ac'], ['abx', 'acx', 'b'], ['a', 'ab', 'abx', 'ac', 'acx', 'b'], [-1, 0, 1, 0, 3, -1]],
    ['only prefixes are parents', [], ['a', 'ab'], ['a', 'ab'], [-1, -1]],
    ['by UTF-16 units', ['\uffff'], ['😀'], ['😀', '\uffff'], [-1, -1]],
  ])('%s', (_, prefixes, texts, sorted, parents) => {
    const classes = classesOf([
      ...prefixes.map((text) => ({ kind: 'prefix' as const, text })),
      { kind: 'among', values: texts },
    ]);
    expect(classes.texts).toEqual(sorted);
    expect([...parentsOf(classes)]).toEqual(parents);
  });
});

test('an exact text has a class of its own, and what it begins with is above it', () => {
  const classes = classesOf(testsOf([{ startsWith: 'ab' }, { equals: 'ab' }, { equals: 'abc' }]));
  const at = (value: string) => classOf(classifierOf(classes), value) - FIRST_TEXT;
  expect(['ab', 'abc', 'abx', 'aa'].map(at)).toEqual([1, 2, 0, -1]);
});

const text = fc.string({ unit: fc.constantFrom('a', 'b', '\ud83d', '\ude00', '\uffff'), maxLength: 5 });

test('prefixes and texts of every kind, nested and equal', () => {
  const asked = fc.oneof(
    text.filter((one) => one !== '').map((startsWith) => ({ startsWith })),
    text.map((equals) => ({ equals })),
    text.map((notEquals) => ({ notEquals })),
  );
  fc.assert(
    fc.property(fc.array(asked, { minLength: 1, maxLength: 12 }), fc.array(text), (questions, values) => {
      const tests = testsOf(questions);
      const classes = classesOf(tests);
      const [classifier, setOf] = [classifierOf(classes), classSets(classes)];
      for (const value of values) {
        const at = classOf(classifier, value);
        const found = tests.map((own) => setOf(own).some(([first, last]) => at >= first && at <= last));
        expect(found).toEqual(questions.map((question) => answers(value, question, 0)));
      }
    }),
    { numRuns: 500 },
  );
});

test('the place among numbers counts those below, and tells which is equal', () => {
  const numbers = fc.uniqueArray(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => one + 0),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(numbers, fc.double({ noNaN: true }), (some, value) => {
      const sorted = Float64Array.from(some).sort();
      for (const one of [value, ...some]) {
        const below = some.filter((other) => other < one).length;
        expect(placeOf(sorted, one)).toBe(2 * below + Number(some.some((other) => other === one)));
      }
    }),
  );
});

test('sets of classes: complement and intersection are those of their members', () => {
  const bits = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 });
  const members = (set: readonly (readonly [number, number])[]) =>
    Array.from({ length: 12 }, (_, at) => set.some(([first, last]) => at >= first && at <= last));
  const setOf = (flags: readonly boolean[]) => {
    const ranges: [number, number][] = [];
    flags.forEach((is, at) => {
      if (is && flags[at - 1] === true) ranges.at(-1)![1] = at;
      else if (is) ranges.push([at, at]);
    });
    return ranges;
  };
  fc.assert(
    fc.property(bits, bits, (one, other) => {
      expect(members(complement(setOf(one), 12))).toEqual(one.map((is) => !is));
      expect(members(intersection(setOf(one), setOf(other)))).toEqual(one.map((is, at) => is && other[at]));
    }),
  );
});
