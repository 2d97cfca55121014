import type { Condition, Leaf } from './condition.ts';

/** A leaf, and where it stands: `where.0.any.2`. */
export type PlacedLeaf = { leaf: Leaf; path: string };

/** All leaves of the condition that stands at this path, in order. */
export const placedLeaves = (condition: Condition, path: string): PlacedLeaf[] => {
  const inner = (name: 'all' | 'any', list: readonly Condition[]) =>
    list.flatMap((one, n) => placedLeaves(one, `${path}.${name}.${n}`));
  if ('all' in condition) return inner('all', condition.all);
  if ('any' in condition) return inner('any', condition.any);
  return 'not' in condition ? placedLeaves(condition.not, `${path}.not`) : [{ leaf: condition, path }];
};

/** All leaves of a condition, in order. */
export const leavesOf = (condition: Condition): Leaf[] => {
  if ('all' in condition) return condition.all.flatMap(leavesOf);
  if ('any' in condition) return condition.any.flatMap(leavesOf);
  return 'not' in condition ? leavesOf(condition.not) : [condition];
};
