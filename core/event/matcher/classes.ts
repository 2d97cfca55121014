import type { Scalar } from '../../audience/question.ts';
import type { ValueTest } from './test.ts';

/**
 * All that some tests of a field mention cuts its values into classes, such that each test says the same of all values of a
 * class. A test is then a set of classes, and mostly a range of them, because the classes are in this order: missing, lists and
 * objects, false, true, texts (those not mentioned first, then by UTF-16 units: what a prefix begins is side by side),
 * numbers (below the first number mentioned, that number, between it and the next, …).
 */
export type Classes = {
  /** Texts mentioned, in order. A prefix is in front of the equal exact text. */
  texts: readonly string[];
  /** Which of them are prefixes. */
  isPrefix: readonly boolean[];
  /** Numbers mentioned, ascending. */
  numbers: Float64Array;
};

export const MISSING = 0;
export const STRUCTURE = 1;
export const FALSE = 2;
export const OTHER_TEXT = 4;
export const FIRST_TEXT = 5;

export const firstNumberOf = ({ texts }: Pick<Classes, 'texts'>): number => FIRST_TEXT + texts.length;
export const countOf = (classes: Classes): number => firstNumberOf(classes) + 2 * classes.numbers.length + 1;

export const classesOf = (tests: readonly ValueTest[]): Classes => {
  const exact = new Set<string>();
  const prefixes = new Set<string>();
  const numbers = new Set<number>();
  const mention = (value: Scalar) => {
    if (typeof value === 'string') exact.add(value);
    // No class of its own for -0, which equals 0.
    else if (typeof value === 'number') numbers.add(value + 0);
  };
  for (const test of tests) {
    if (test.kind === 'among') test.values.forEach(mention);
    if (test.kind === 'differs') mention(test.from);
    if (test.kind === 'prefix') prefixes.add(test.text);
    if (test.kind === 'range') [test.from, test.to].filter(Number.isFinite).forEach(mention);
  }
  const entries = [
    ...[...prefixes].map((text) => ({ text, prefix: true })),
    ...[...exact].map((text) => ({ text, prefix: false })),
  ];
  entries.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : Number(b.prefix) - Number(a.prefix)));
  return {
    texts: entries.map(({ text }) => text),
    isPrefix: entries.map(({ prefix }) => prefix),
    numbers: Float64Array.from(numbers).sort(),
  };
};

/** For each text the place of the longest prefix among them that it begins with, itself excluded; -1: none. */
export const parentsOf = ({ texts, isPrefix }: Classes): Int32Array => {
  const parents = new Int32Array(texts.length).fill(-1);
  const open: number[] = [];
  texts.forEach((text, at) => {
    while (open.length > 0 && !text.startsWith(texts[open.at(-1) ?? 0] ?? '')) open.pop();
    parents[at] = open.at(-1) ?? -1;
    if (isPrefix[at]) open.push(at);
  });
  return parents;
};

/** Sets of classes as ranges [first, last], ascending, neither touching nor overlapping. */
export type ClassSet = readonly (readonly [first: number, last: number])[];

/** Tells for each test which classes satisfy it. */
export const classSets = (classes: Classes) => {
  const { texts, isPrefix, numbers } = classes;
  const count = countOf(classes);
  const firstNumber = firstNumberOf(classes);
  const exact = new Map(texts.flatMap((text, at) => (isPrefix[at] ? [] : [[text, FIRST_TEXT + at] as const])));
  const prefixes = new Map(texts.flatMap((text, at) => (isPrefix[at] ? [[text, at] as const] : [])));
  const places = new Map(Array.from(numbers, (number, at) => [number, firstNumber + 2 * at + 1]));

  const classOfMentioned = (value: Scalar): number => {
    if (typeof value === 'boolean') return FALSE + Number(value);
    return (typeof value === 'string' ? exact.get(value) : places.get(value + 0)) ?? -1;
  };
  const typeRange = (value: Scalar): readonly [number, number] => {
    if (typeof value === 'boolean') return [FALSE, FALSE + 1];
    return typeof value === 'string' ? [OTHER_TEXT, firstNumber - 1] : [firstNumber, count - 1];
  };
  const begunBy = (prefix: string): ClassSet => {
    const at = prefixes.get(prefix) ?? 0;
    let last = at;
    while (last + 1 < texts.length && texts[last + 1]?.startsWith(prefix)) last += 1;
    return [[FIRST_TEXT + at, FIRST_TEXT + last]];
  };

  return (test: ValueTest): ClassSet => {
    if (test.kind === 'exists') return [[STRUCTURE, count - 1]];
    if (test.kind === 'among') {
      return united([...new Set(test.values.map(classOfMentioned))].map((own) => [own, own] as const));
    }
    if (test.kind === 'differs') {
      const [first, last] = typeRange(test.from);
      const own = classOfMentioned(test.from);
      return nonEmpty([
        [first, own - 1],
        [own + 1, last],
      ]);
    }
    if (test.kind === 'prefix') return begunBy(test.text);
    const from = places.get(test.from + 0);
    const to = places.get(test.to + 0);
    const first = from === undefined ? firstNumber : from + Number(!test.fromIn);
    const last = to === undefined ? count - 1 : to - Number(!test.toIn);
    return nonEmpty([[first, last]]);
  };
};

const nonEmpty = (ranges: ClassSet): ClassSet => ranges.filter(([first, last]) => first <= last);

const united = (ranges: ClassSet): ClassSet => {
  const made: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = made.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else made.push([first, last]);
  }
  return made;
};

/** The classes below `count` that are not in the set. */
export const complement = (set: ClassSet, count: number): ClassSet => {
  const edges = [-1, ...set.flat(), count];
  return nonEmpty(
    Array.from({ length: edges.length / 2 }, (_, n): [number, number] => [
      (edges[2 * n] ?? 0) + 1,
      (edges[2 * n + 1] ?? 0) - 1,
    ]),
  );
};

export const intersection = (one: ClassSet, other: ClassSet): ClassSet =>
  nonEmpty(
    one.flatMap(([first, last]) =>
      other.map(([from, to]): [number, number] => [Math.max(first, from), Math.min(last, to)]),
    ),
  );

/** What `classOf` reads. */
export type Classifier = {
  exact: ReadonlyMap<string, number>;
  /** Undefined when no text is a prefix. */
  prefixes: { texts: readonly string[]; isPrefix: readonly boolean[]; parents: Int32Array } | undefined;
  firstNumber: number;
  numbers: Float64Array;
};

export const classifierOf = (classes: Classes): Classifier => {
  const { texts, isPrefix, numbers } = classes;
  return {
    exact: new Map(texts.flatMap((text, at) => (isPrefix[at] ? [] : [[text, FIRST_TEXT + at] as const]))),
    prefixes: isPrefix.includes(true) ? { texts, isPrefix, parents: parentsOf(classes) } : undefined,
    firstNumber: firstNumberOf(classes),
    numbers,
  };
};

/** The class of any value, as `classSets` numbers them. */
export const classOf = (classifier: Classifier, value: unknown): number => {
  if (typeof value === 'number') return classifier.firstNumber + placeOf(classifier.numbers, value);
  if (typeof value === 'string') {
    return (
      classifier.exact.get(value) ?? (classifier.prefixes ? classByPrefix(classifier.prefixes, value) : OTHER_TEXT)
    );
  }
  if (typeof value === 'boolean') return value ? FALSE + 1 : FALSE;
  return value === undefined || value === null ? MISSING : STRUCTURE;
};

/**
 * Where a value lies among ascending numbers: 2 × how many are less, and one more when it equals the next. So 0 is below
 * all, 1 is the first number, 2 is between it and the second.
 */
export const placeOf = (numbers: Float64Array, value: number): number => {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return 2 * low + (numbers[low] === value ? 1 : 0);
};

/** The longest prefix begins the last text that is not behind the value, so it is that text or above it. */
export const classByPrefix = (
  { texts, isPrefix, parents }: NonNullable<Classifier['prefixes']>,
  value: string,
): number => {
  let [low, high] = [0, texts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((texts[middle] as string) <= value) low = middle + 1;
    else high = middle;
  }
  let at = low - 1;
  while (at >= 0 && !(isPrefix[at] && value.startsWith(texts[at] as string))) at = parents[at] as number;
  return at < 0 ? OTHER_TEXT : FIRST_TEXT + at;
};
