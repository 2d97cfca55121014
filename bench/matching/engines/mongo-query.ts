import type { BenchCondition, BenchLeaf } from '../rule.ts';
import { writtenAs } from './written-as.ts';

/** The condition as a MongoDB query; `prefixed` writes the regular expression of a prefix, which libraries take differently. */
export const mongoQuery = (condition: BenchCondition, prefixed: (prefix: string) => unknown): object => {
  const leaf = (it: BenchLeaf): object => {
    if (it.op === 'exists' || it.op === 'missing') return { [it.f]: { $exists: it.op === 'exists' } };
    if (it.op === 'prefix') return { [it.f]: { $regex: prefixed(it.v) } };
    return { [it.f]: { [`$${it.op}`]: it.v } };
  };
  return writtenAs<object>(condition, { leaf, all: ($and) => ({ $and }), any: ($or) => ({ $or }) });
};
