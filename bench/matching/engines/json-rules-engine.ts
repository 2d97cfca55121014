import { Engine as RulesEngine, type TopLevelCondition } from 'json-rules-engine';
import type { Engine } from '../engine.ts';
import type { BenchLeaf } from '../rule.ts';
import { writtenAs } from './written-as.ts';

const OPERATORS = {
  eq: 'equal',
  ne: 'notEqual',
  gt: 'greaterThan',
  gte: 'greaterThanInclusive',
  lt: 'lessThan',
  lte: 'lessThanInclusive',
  in: 'in',
  prefix: 'startsWith',
};

const leaf = (it: BenchLeaf): object => {
  const [fact, ...path] = it.f.split('.');
  const where = { fact, path: `$.${path.join('.')}` };
  if (it.op === 'exists' || it.op === 'missing') return { ...where, operator: 'exists', value: it.op === 'exists' };
  return { ...where, operator: OPERATORS[it.op], value: it.v };
};

/** As its manual shows it: `event` and `profile` are facts, the rest JSONPath. It is asynchronous. */
export const engine: Engine = (rules) => {
  const runner = new RulesEngine([], { allowUndefinedFacts: true });
  runner.addOperator('startsWith', (value: unknown, prefix: string) => String(value).startsWith(prefix));
  runner.addOperator('exists', (value: unknown, wanted: boolean) => (value !== undefined && value !== null) === wanted);
  for (const { id, cond } of rules) {
    const conditions = writtenAs<object>(cond, { leaf, all: (all) => ({ all }), any: (any) => ({ any }) });
    runner.addRule({ conditions: conditions as TopLevelCondition, event: { type: id } });
  }
  return async ({ event, profile }) => (await runner.run({ event, profile })).events.map(({ type }) => type);
};
