import type { Document } from '../documents.ts';
import type { Engine } from '../engine.ts';
import type { BenchCondition, BenchLeaf } from '../rule.ts';

type Test = (document: Document) => boolean;

/** Reads a field; one function for each depth, so that each stays small. Every path has two to four names. */
const reader = (path: string): ((document: Document) => unknown) => {
  const [root, a = '', b, c] = path.split('.') as ['event' | 'profile', ...string[]];
  type Nested = Record<string, unknown> | undefined;
  if (b === undefined) return (document) => document[root][a];
  if (c === undefined) return (document) => (document[root][a] as Nested)?.[b];
  return (document) => ((document[root][a] as Nested)?.[b] as Nested)?.[c];
};

const leafTest = (leaf: BenchLeaf): Test => {
  const read = reader(leaf.f);
  if (leaf.op === 'exists') return (document) => (read(document) ?? undefined) !== undefined;
  if (leaf.op === 'missing') return (document) => (read(document) ?? undefined) === undefined;
  if (leaf.op === 'in') {
    const wanted = new Set<unknown>(leaf.v);
    return (document) => wanted.has(read(document));
  }
  const { op, v } = leaf;
  if (op === 'eq') return (document) => read(document) === v;
  if (op === 'ne') return (document) => read(document) !== v;
  if (op === 'gt') return (document) => (read(document) as number) > v;
  if (op === 'gte') return (document) => (read(document) as number) >= v;
  if (op === 'lt') return (document) => (read(document) as number) < v;
  if (op === 'lte') return (document) => (read(document) as number) <= v;
  return (document) => {
    const value = read(document);
    return typeof value === 'string' && value.startsWith(v);
  };
};

const testOf = (condition: BenchCondition): Test => {
  if ('all' in condition) {
    const tests = condition.all.map(testOf);
    const [first, second] = tests;
    if (tests.length === 2 && first && second) return (document) => first(document) && second(document);
    return (document) => {
      for (const test of tests) if (!test(document)) return false;
      return true;
    };
  }
  if ('any' in condition) {
    const tests = condition.any.map(testOf);
    return (document) => {
      for (const test of tests) if (test(document)) return true;
      return false;
    };
  }
  return leafTest(condition);
};

/** What a programmer writes without an engine: a function for each condition, every rule asked in turn. */
export const engine: Engine = (rules) => {
  const compiled = rules.map(({ id, cond }) => ({ id, test: testOf(cond) }));
  return (document) => {
    const found: string[] = [];
    for (const { id, test } of compiled) if (test(document)) found.push(id);
    return found;
  };
};
