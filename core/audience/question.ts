/**
 * Text that may enter a query: no NUL and no lone surrogate, which SQL engines and UTF-8 cannot carry. Anything else may.
 */
export const isPlainText = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

export type Scalar = string | number | boolean;

/**
 * What a value can be asked. Comparison is by type: text is compared exactly (case matters), numbers as doubles, and a
 * value that is missing, null, a list, an object or of another type than the question satisfies none of these, not even
 * `notEquals`. (To find people without the value, wrap the condition in `not`, or ask `exists: false`.)
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
  | { exists: boolean };

/** The answer for one value; `undefined` and null are both missing. */
export const answers = (value: unknown, question: Question): boolean => {
  const present = value !== undefined && value !== null;
  if ('exists' in question) return present === question.exists;
  if ('equals' in question) return value === question.equals;
  if ('notEquals' in question) return typeof value === typeof question.notEquals && value !== question.notEquals;
  if ('in' in question) return question.in.some((wanted) => wanted === value);
  if ('contains' in question) return typeof value === 'string' && value.includes(question.contains);
  if ('startsWith' in question) return typeof value === 'string' && value.startsWith(question.startsWith);
  if (typeof value !== 'number') return false;
  if ('atLeast' in question) return value >= question.atLeast;
  if ('moreThan' in question) return value > question.moreThan;
  if ('atMost' in question) return value <= question.atMost;
  return value < question.lessThan;
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
