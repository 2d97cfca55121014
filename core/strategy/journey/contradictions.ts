import type { Scalar } from '../../audience/question.ts';
import type { Leaf } from '../../event/condition.ts';
import { type FieldTest, type Test, testOf, type ValueTest } from '../../event/matcher/test.ts';
import { type BranchCondition, isMembership, type Membership } from './branch-condition.ts';

type Literal = { asked: Leaf | Membership; not: boolean };
/** All of these hold. */
type Conjunction = readonly Literal[];

/** Of conditions that come to more ways than this to hold nothing is said. */
const MAX_WAYS = 256;

/** True when nobody can ever satisfy all of these. False when somebody can, or it is too long a story. */
export const neverHold = (conditions: readonly BranchCondition[]): boolean => {
  const ways = allOf(conditions, false);
  return ways?.every(contradicts) ?? false;
};

/** True when everybody always satisfies all of these. */
export const alwaysHold = (conditions: readonly BranchCondition[]): boolean =>
  neverHold([{ not: { all: [...conditions] } }]);

/** The ways in which a condition, or its opposite, can hold. Undefined: too many. */
const waysOf = (condition: BranchCondition, not: boolean): Conjunction[] | undefined => {
  if ('not' in condition) return waysOf(condition.not, !not);
  if ('all' in condition) return not ? anyOf(condition.all, not) : allOf(condition.all, not);
  if ('any' in condition) return not ? allOf(condition.any, not) : anyOf(condition.any, not);
  return [[{ asked: condition, not }]];
};

const bounded = (ways: Conjunction[]): Conjunction[] | undefined => (ways.length > MAX_WAYS ? undefined : ways);

const allOf = (conditions: readonly BranchCondition[], not: boolean): Conjunction[] | undefined => {
  let product: Conjunction[] | undefined = [[]];
  for (const condition of conditions) {
    const factor: Conjunction[] | undefined = waysOf(condition, not);
    // What cannot hold in some ways cannot hold with more of them: it is left out early, so that fewer are too many.
    product = product && factor && bounded(product.flatMap((one) => factor.map((other) => [...one, ...other])));
    product = product?.filter((way) => !contradicts(way));
  }
  return product;
};

const anyOf = (conditions: readonly BranchCondition[], not: boolean): Conjunction[] | undefined => {
  const ways = conditions.map((condition) => waysOf(condition, not));
  return ways.includes(undefined) ? undefined : bounded(ways.flatMap((one) => one ?? []));
};

const contradicts = (literals: Conjunction): boolean => {
  const names = literals.map(({ asked, not }) => `${not ? 'not ' : ''}${JSON.stringify(asked)}`);
  if (names.some((name) => names.includes(`not ${name}`))) return true;
  const leaves = literals.flatMap(({ asked, not }) =>
    isMembership(asked) ? [] : [{ asked, test: testOf(asked, not) }],
  );
  const bySubject = Map.groupBy(leaves, ({ asked }) => subjectOf(asked));
  return [...bySubject.values()].some((own) => noValueFits(own.map(({ asked, test }) => ({ leaf: asked, test }))));
};

const SUBJECT = ['property', 'attribute', 'field', 'consent', 'suppressed', 'contact', 'reference', 'by', 'column'];
const subjectOf = (leaf: Leaf): string =>
  JSON.stringify(
    Object.entries(leaf)
      .filter(([name]) => SUBJECT.includes(name))
      .sort(),
  );

type Asked = { leaf: Leaf; test: Test };
type Kind = 'string' | 'number' | 'boolean' | 'list';

/** Whether no value, and no missing one either, gives all of these answers. Where in doubt there is one. */
const noValueFits = (asked: readonly Asked[]): boolean => {
  const positive = asked.filter(({ test }) => !test.not);
  const needsNone = asked.some(({ test }) => 'field' in test && test.test.kind === 'exists' && test.not);
  if (needsNone) return positive.length > 0;
  // Every refusal is satisfied by who has no value at all.
  if (positive.length === 0) return false;
  const kinds = positive.map(kindsOf).reduce<Kind[]>((all, own) => all.filter((one) => own.includes(one)), ALL_KINDS);
  if (kinds.length === 0) return true;
  const tests = asked.flatMap(({ test }) => ('field' in test ? [test] : []));
  const among = tests.flatMap(({ test, not }) => (test.kind === 'among' && !not ? [test.values] : []));
  const [first, ...others] = among;
  if (first) {
    const left = first.filter((value) => others.every((values) => values.includes(value)));
    return left.every(
      (value) => !kinds.includes(typeof value as Kind) || tests.some((one) => passes(one, value) === false),
    );
  }
  return emptyRange(tests) || clashingEnds(tests) || (kinds.length === 1 && kinds[0] === 'boolean' && noBoolean(tests));
};

const ALL_KINDS: Kind[] = ['string', 'number', 'boolean', 'list'];

/** What kinds of values can give this answer. */
const kindsOf = ({ leaf, test }: Asked): Kind[] => {
  const own = subjectKinds(leaf);
  const byTest = (): Kind[] => {
    if ('anyItem' in leaf || 'everyItem' in leaf) return ['list'];
    if (!('field' in test)) return ['string'];
    const { test: asked, field } = test;
    if (asked.kind === 'among') return [...new Set(asked.values.map((value) => typeof value as Kind))];
    if (asked.kind === 'differs') return [typeof asked.from as Kind];
    if (asked.kind === 'exists') return ALL_KINDS;
    return asked.kind === 'range' && field.derive === 'value' ? ['number'] : ['string'];
  };
  return byTest().filter((kind) => own.includes(kind));
};

const subjectKinds = (leaf: Leaf): Kind[] => {
  if ('consent' in leaf) return ['boolean'];
  if ('contact' in leaf) return leaf.contact === 'touches' ? ['number'] : ['string'];
  return 'field' in leaf || 'suppressed' in leaf ? ['string'] : ALL_KINDS;
};

type Tested = FieldTest & { not: boolean };

/** Whether a value gives the answer; undefined where that depends on when it is asked. */
const passes = ({ field, test, not }: Tested, value: Scalar): boolean | undefined => {
  const plain =
    field.derive === 'value' ? holdsFor(test, value) : field.derive === 'reversed' ? endsIn(test, value) : undefined;
  return plain === undefined ? undefined : plain !== not;
};

const holdsFor = (test: ValueTest, value: Scalar): boolean => {
  if (test.kind === 'exists') return true;
  if (test.kind === 'among') return test.values.includes(value);
  if (test.kind === 'differs') return typeof value === typeof test.from && value !== test.from;
  if (test.kind === 'prefix') return typeof value === 'string' && value.startsWith(test.text);
  return typeof value === 'number' && isWithin(test, value);
};

const endsIn = (test: ValueTest, value: Scalar): boolean | undefined =>
  test.kind === 'prefix' && typeof value === 'string'
    ? value.endsWith(test.text.split('').reverse().join(''))
    : undefined;

type Range = Extract<ValueTest, { kind: 'range' }>;
const isWithin = ({ from, fromIn, to, toIn }: Range, value: number): boolean =>
  (fromIn ? value >= from : value > from) && (toIn ? value <= to : value < to);

/** Numbers, dates, or ages, that are to be on both sides of a limit. */
const emptyRange = (tests: readonly Tested[]): boolean =>
  (['value', 'date', 'age'] as const).some((derive) => {
    const ranges = tests.flatMap(({ field, test, not }) =>
      field.derive === derive && test.kind === 'range' ? [{ range: test, not }] : [],
    );
    const wanted = ranges.flatMap(({ range, not }) => (not ? [] : [range]));
    if (wanted.length === 0) return false;
    const limits = [...new Set(ranges.flatMap(({ range: { from, to } }) => [from, to]).filter(Number.isFinite))].sort(
      (a, b) => a - b,
    );
    // Each limit, a point between any two, and one beyond the ends stand for all that is there.
    const points = limits.flatMap((limit, n) => [limit, ((limits[n + 1] ?? limit + 2) + limit) / 2]);
    const all = [(limits[0] ?? 0) - 1, ...points];
    return all.every((point) => ranges.some(({ range, not }) => isWithin(range, point) === not));
  });

/** Text cannot begin, or end, in two ways. */
const clashingEnds = (tests: readonly Tested[]): boolean =>
  (['value', 'reversed'] as const).some((derive) => {
    const ends = tests.flatMap(({ field, test, not }) =>
      field.derive === derive && test.kind === 'prefix' ? [{ text: test.text, not }] : [],
    );
    const wanted = ends.flatMap(({ text, not }) => (not ? [] : [text])).sort((a, b) => b.length - a.length);
    const [longest] = wanted;
    if (longest === undefined) return false;
    return (
      wanted.some((text) => !longest.startsWith(text)) || ends.some(({ text, not }) => not && longest.startsWith(text))
    );
  });

const noBoolean = (tests: readonly Tested[]): boolean =>
  [true, false].every((value) => tests.some((one) => passes(one, value) === false));
