import type { Engine } from '../engine.ts';
import type { BenchCondition } from '../rule.ts';

/** For engines that know one rule at a time, which is all of them but two: every rule is asked in turn. */
export const eachRule =
  (compile: (condition: BenchCondition) => (document: object) => unknown): Engine =>
  (rules) => {
    const compiled = rules.map(({ id, cond }) => ({ id, matches: compile(cond) }));
    return (document) => {
      const found: string[] = [];
      for (const { id, matches } of compiled) if (matches(document) === true) found.push(id);
      return found;
    };
  };
