import { instantOf } from '../event/instant.ts';

/**
 * Text that may enter a query: no NUL and no lone surrogate, which SQL engines and UTF-8 cannot carry. Anything else may.
 */
export const isPlainText = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

export type Scalar = string | number | boolean;

/**
 * What a value can be asked, in segments and in triggers. Comparison is by type: text is compared exactly (case matters),
 * numbers as doubles, and a value that is missing, null, a list, an object or of another type than the question satisfies
 * none of these, not even `notEquals`. (To find people without the value, wrap the condition in `not`, or ask
 * `exists: false`.) Dates are ISO 8601 text, see instant.ts.
 */
export type Question =
  | { equals: Scalar }
  | { notEquals: Scalar }
  | { in: Scalar[] }
  | { atLeast: number }
  | { moreThan: number }
  | { atMost: number }
  | { lessThan: number }
  | { contains: string }
  | { startsWith: string }
  | { endsWith: string }
  /** Text in which each `*` stands for any text, also none. */
  | { like: string }
  | { exists: boolean }
  | { before: string }
  | { notBefore: string }
  | { withinDays: number }
  | { moreThanDaysAgo: number }
  | { withinNextDays: number }
  | { moreThanDaysAhead: number };

/** About an item of a list: itself, or its member `item` when items are objects. */
export type ItemCondition =
  | { all: ItemCondition[] }
  | { any: ItemCondition[] }
  | { not: ItemCondition }
  | ({ item?: string } & Question);

/** About the items of a list; a value that is no list, or an empty one, satisfies neither. */
export type ListQuestion = { anyItem: ItemCondition } | { everyItem: ItemCondition };

/** The answer for one value; `undefined` and null are both missing. `nowMs` is what relative dates are relative to. */
export const answers = (value: unknown, question: Question, nowMs: number): boolean => {
  const present = value !== undefined && value !== null;
  if ('exists' in question) return present === question.exists;
  if ('equals' in question) return value === question.equals;
  if ('notEquals' in question) return typeof value === typeof question.notEquals && value !== question.notEquals;
  if ('in' in question) return question.in.some((wanted) => wanted === value);
  return typeof value === 'number' ? numberAnswers(value, question) : textAnswers(value, question, nowMs);
};

const numberAnswers = (value: number, question: Question): boolean => {
  if ('atLeast' in question) return value >= question.atLeast;
  if ('moreThan' in question) return value > question.moreThan;
  if ('atMost' in question) return value <= question.atMost;
  return 'lessThan' in question && value < question.lessThan;
};

const textAnswers = (value: unknown, question: Question, nowMs: number): boolean => {
  if (typeof value !== 'string') return false;
  if ('contains' in question) return value.includes(question.contains);
  if ('startsWith' in question) return value.startsWith(question.startsWith);
  if ('endsWith' in question) return value.endsWith(question.endsWith);
  if ('like' in question) return isLike(value, question.like);
  const dates = datesOf(question, nowMs);
  const ms = dates && instantOf(value);
  return dates !== undefined && ms !== undefined && ms >= dates.fromMs && ms <= dates.toMs;
};

/**
 * The dates that a question about a date wants, both ends included, whole epoch ms or infinite; undefined for another question.
 */
export const datesOf = (question: Question, nowMs: number): { fromMs: number; toMs: number } | undefined => {
  const [always, never] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if ('before' in question) return { fromMs: always, toMs: (instantOf(question.before) ?? Number.NaN) - 1 };
  if ('notBefore' in question) return { fromMs: instantOf(question.notBefore) ?? Number.NaN, toMs: never };
  if ('withinDays' in question) return { fromMs: nowMs - daysMs(question.withinDays), toMs: nowMs };
  if ('moreThanDaysAgo' in question) return { fromMs: always, toMs: nowMs - daysMs(question.moreThanDaysAgo) - 1 };
  if ('withinNextDays' in question) return { fromMs: nowMs, toMs: nowMs + daysMs(question.withinNextDays) };
  if ('moreThanDaysAhead' in question) return { fromMs: nowMs + daysMs(question.moreThanDaysAhead) + 1, toMs: never };
  return undefined;
};

export const listAnswers = (value: unknown, question: ListQuestion, nowMs: number): boolean => {
  if (!Array.isArray(value)) return false;
  if ('anyItem' in question) return value.some((item) => itemHolds(question.anyItem, item, nowMs));
  return value.length > 0 && value.every((item) => itemHolds(question.everyItem, item, nowMs));
};

const itemHolds = (condition: ItemCondition, item: unknown, nowMs: number): boolean => {
  if ('all' in condition) return condition.all.every((inner) => itemHolds(inner, item, nowMs));
  if ('any' in condition) return condition.any.some((inner) => itemHolds(inner, item, nowMs));
  if ('not' in condition) return !itemHolds(condition.not, item, nowMs);
  const { item: path } = condition;
  return answers(path === undefined ? item : valueAt({ item }, `item.${path}`), condition, nowMs);
};

/** Whole milliseconds: days may be a fraction. */
export const daysMs = (days: number): number => Math.round(days * 86_400_000);

/**
 * Whether the text is the pattern with some text for each `*`. The parts between the stars are looked for from left to
 * right, each at its first place, which finds a way if there is one: no backtracking, so no pattern is slow.
 */
export const isLike = (value: string, pattern: string): boolean => {
  const parts = pattern.split('*');
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  if (parts.length === 1) return value === pattern;
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
  let at = first.length;
  const end = value.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = value.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
};

/** Value of a dotted path in JSON objects; undefined when a step is missing or not an object. Lists have no paths. */
export const valueAt = (properties: Record<string, unknown>, path: string): unknown => {
  let value: unknown = properties;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
};
