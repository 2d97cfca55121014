import type { Scalar } from '../../audience/question.ts';
import type { Condition } from '../condition.ts';
import { type Field, type Test, testOf } from './test.ts';

/** All of these must hold. */
export type Conjunction = readonly Test[];

/**
 * A rule becomes at most so many conjunctions. What would make more stays whole, as a condition that is evaluated when the
 * rest of its conjunction holds.
 */
export const MAX_CONJUNCTIONS = 16;

/** The disjunctive normal form: the rule holds when one of these does. No conjunction at all: it never holds. */
export const conjunctionsOf = (where: readonly Condition[]): Conjunction[] => together(where, false);

const expand = (condition: Condition, not: boolean): Conjunction[] => {
  if ('not' in condition) return expand(condition.not, !not);
  // De Morgan: not all is any not, not any is all not.
  if ('all' in condition) return not ? either(condition.all, not, condition) : together(condition.all, not);
  if ('any' in condition) return not ? together(condition.any, not) : either(condition.any, not, condition);
  return [[testOf(condition, not)]];
};

const whole = (condition: Condition, not: boolean): Conjunction[] => [[{ opaque: condition, not }]];

const together = (conditions: readonly Condition[], not: boolean): Conjunction[] => {
  let product: Conjunction[] = [[]];
  for (const condition of conditions) {
    let factor = expand(condition, not);
    if (product.length * factor.length > MAX_CONJUNCTIONS) factor = whole(condition, not);
    product = product.flatMap((one) => factor.map((other) => [...one, ...other]));
  }
  return product;
};

const either = (conditions: readonly Condition[], not: boolean, all: Condition): Conjunction[] => {
  const union = merged(conditions.flatMap((condition) => expand(condition, not)));
  return union.length > MAX_CONJUNCTIONS ? whole(all, not) : union;
};

/** `equals` of one field, side by side, are one `in`. */
const merged = (union: readonly Conjunction[]): Conjunction[] => {
  const lists = new Map<string, { field: Field; values: Scalar[] }>();
  const rest: Conjunction[] = [];
  for (const conjunction of union) {
    const [test] = conjunction;
    if (conjunction.length === 1 && test && 'field' in test && !test.not && test.test.kind === 'among') {
      const key = JSON.stringify(test.field);
      const { values } = lists.get(key) ?? { values: [] };
      lists.set(key, { field: test.field, values: [...values, ...test.test.values] });
    } else rest.push(conjunction);
  }
  const ins = [...lists.values()].map(
    ({ field, values }): Conjunction => [{ field, test: { kind: 'among', values }, not: false }],
  );
  return [...ins, ...rest];
};
