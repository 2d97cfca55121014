import type { BenchCondition, BenchLeaf } from '../rule.ts';

type Writer<T> = { leaf: (leaf: BenchLeaf) => T; all: (parts: T[]) => T; any: (parts: T[]) => T };

/** The condition in another language, from the inside out. */
export const writtenAs = <T>(condition: BenchCondition, writer: Writer<T>): T => {
  if ('all' in condition) return writer.all(condition.all.map((inner) => writtenAs(inner, writer)));
  if ('any' in condition) return writer.any(condition.any.map((inner) => writtenAs(inner, writer)));
  return writer.leaf(condition);
};
