import { type Classes, type ClassSet, classesOf, classSets, countOf } from './classes.ts';
import type { Conjunction } from './conjunctions.ts';
import { selectivityOf } from './selectivity.ts';
import type { Field, FieldTest, ValueTest } from './test.ts';

/** A conjunction of the rule with this number. A rule may have several. */
export type NumberedConjunction = { rule: number; tests: Conjunction };

/** A field's place in an index, and what the tests of all conjunctions make of it. */
export type Slot = {
  slot: number;
  field: Field;
  classes: Classes;
  count: number;
  setOf: (test: ValueTest) => ClassSet;
  selectivity: (test: ValueTest) => number;
};

/** The slots of all fields that are tested, by the field as JSON. */
export const slotsOf = (conjunctions: readonly NumberedConjunction[]): Map<string, Slot> => {
  const found = new Map<string, { field: Field; tests: ValueTest[] }>();
  const note = ({ field, test }: FieldTest) => {
    const key = JSON.stringify(field);
    const own = found.get(key) ?? { field, tests: [] };
    own.tests.push(test);
    found.set(key, own);
  };
  for (const { tests } of conjunctions) {
    for (const test of tests) {
      if ('field' in test) note(test);
      else if (test.implied) note(test.implied);
    }
  }
  return new Map(
    [...found].map(([key, { field, tests }], slot) => {
      const classes = classesOf(tests);
      const [setOf, selectivity] = [memo(classSets(classes)), memo(selectivityOf(tests))];
      return [key, { slot, field, classes, count: countOf(classes), setOf, selectivity }];
    }),
  );
};

/** Many rules ask the same of a field. */
const memo = <T>(compute: (test: ValueTest) => T): ((test: ValueTest) => T) => {
  const known = new Map<string, T>();
  return (test) => {
    // JSON has no infinite limits.
    const key = test.kind === 'range' ? `${test.from} ${test.fromIn} ${test.to} ${test.toIn}` : JSON.stringify(test);
    const value = known.get(key) ?? compute(test);
    known.set(key, value);
    return value;
  };
};
