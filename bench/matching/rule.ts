import type { Pair } from './documents.ts';

/** A rule in a form that every engine's own can be written from. `f` is a dotted path from `{event, profile}`. */
export type BenchRule = { id: string; cond: { all: BenchCondition[] } };
export type BenchCondition = { all: BenchCondition[] } | { any: BenchCondition[] } | BenchLeaf;
export type BenchLeaf =
  | Asks<'eq' | 'ne', string | number | boolean>
  | Asks<'in', string[]>
  | Asks<'gt' | 'gte' | 'lt' | 'lte', number>
  | Asks<'prefix', string>
  | { op: 'exists'; f: string }
  | { op: 'missing'; f: string };
/** One member for each operator, so that the compiler can tell them apart. */
type Asks<Op extends string, V> = Op extends string ? { op: Op; f: string; v: V } : never;

/** The value at a dotted path, or undefined. */
export const fieldAt = (pair: Pair, path: string): unknown => {
  let value: unknown = pair;
  for (const name of path.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[name];
  return value;
};

/** What a rule means: the reference that every engine is checked against before it is timed. */
export const conditionHolds = (condition: BenchCondition, pair: Pair): boolean => {
  if ('all' in condition) return condition.all.every((inner) => conditionHolds(inner, pair));
  if ('any' in condition) return condition.any.some((inner) => conditionHolds(inner, pair));
  const value = fieldAt(pair, condition.f);
  if (condition.op === 'eq') return value === condition.v;
  if (condition.op === 'ne') return value !== condition.v;
  if (condition.op === 'in') return condition.v.includes(value as string);
  if (condition.op === 'prefix') return typeof value === 'string' && value.startsWith(condition.v);
  if (condition.op === 'exists') return value !== undefined && value !== null;
  if (condition.op === 'missing') return value === undefined || value === null;
  if (typeof value !== 'number') return false;
  if (condition.op === 'gt') return value > condition.v;
  if (condition.op === 'gte') return value >= condition.v;
  return condition.op === 'lt' ? value < condition.v : value <= condition.v;
};

export const referenceMatch = (rules: readonly BenchRule[], pair: Pair): string[] =>
  rules.filter(({ cond }) => conditionHolds(cond, pair)).map(({ id }) => id);
