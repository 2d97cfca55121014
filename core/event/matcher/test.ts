import type { Scalar } from '../../audience/question.ts';
import { daysMs, type ItemCondition, type Question } from '../../audience/question.ts';
import type { Condition, Leaf, Subject } from '../condition.ts';
import { instantOf } from '../instant.ts';

/**
 * What a field's value is before it is compared. `value`: as it is. `date`: epoch ms of a date. `age`: the same, less the
 * time of the event (negative: in the past). `reversed`: text from its end, so that a suffix is a prefix. Where there is no
 * such value it is missing.
 */
export type Derivation = 'value' | 'date' | 'age' | 'reversed';

/** Something that events are asked about. With `item`, each item of a list is: its member `item`, or ('') itself. */
export type Field = { subject: Subject; derive: Derivation; item?: string };

/** What one value can be tested for. All tests of a field are answered by the class of its value (see classes.ts). */
export type ValueTest =
  | { kind: 'exists' }
  | { kind: 'among'; values: readonly Scalar[] }
  /** Of the same type, and another value. */
  | { kind: 'differs'; from: Scalar }
  | { kind: 'prefix'; text: string }
  | { kind: 'range'; from: number; fromIn: boolean; to: number; toIn: boolean };

export type FieldTest = { field: Field; test: ValueTest };

/** One part of a conjunction: a test of a field, or a condition that only evaluate.ts can answer. */
export type Test =
  | (FieldTest & { not: boolean })
  /** `implied` holds whenever this does, so that the conjunction can be found by it. */
  | { opaque: Condition; not: boolean; implied?: FieldTest };

/** The test that a leaf is. */
export const testOf = (leaf: Leaf, not: boolean): Test => {
  const subject = subjectOf(leaf);
  if ('anyItem' in leaf || 'everyItem' in leaf) {
    // A list all of whose items satisfy has at least one, or the question is not satisfied.
    const implied = not ? undefined : impliedByItem(subject, 'anyItem' in leaf ? leaf.anyItem : leaf.everyItem);
    return { opaque: leaf, not, ...(implied && { implied }) };
  }
  if ('exists' in leaf) {
    return { field: { subject, derive: 'value' }, test: { kind: 'exists' }, not: leaf.exists === not };
  }
  const found = derived(leaf);
  if (found) return { field: { subject, derive: found.derive }, test: found.test, not };
  const part = 'like' in leaf && !not ? impliedByPattern(leaf.like) : undefined;
  const implied = part && { field: { subject, derive: part.derive }, test: part.test };
  return { opaque: leaf, not, ...(implied && { implied }) };
};

/** The subject alone, so that leaves about the same thing share a field. */
const subjectOf = (leaf: Leaf): Subject => {
  if ('property' in leaf) return { property: leaf.property };
  if ('attribute' in leaf) return { attribute: leaf.attribute };
  if ('field' in leaf) return { field: leaf.field };
  if ('consent' in leaf) return { consent: leaf.consent };
  if ('suppressed' in leaf) return { suppressed: leaf.suppressed };
  if ('contact' in leaf) return { contact: leaf.contact };
  return { reference: leaf.reference, by: leaf.by, column: leaf.column };
};

type Derived = { derive: Derivation; test: ValueTest };
type Bounds = { from?: number; fromIn?: boolean; to?: number; toIn?: boolean };
const range = (
  derive: Derivation,
  { from = Number.NEGATIVE_INFINITY, fromIn = true, to = Infinity, toIn = true }: Bounds,
) => ({
  derive,
  test: { kind: 'range' as const, from, fromIn, to, toIn },
});
const among = (values: readonly Scalar[]): Derived => ({ derive: 'value', test: { kind: 'among', values } });
const startsWith = (text: string): Derived => ({ derive: 'value', test: { kind: 'prefix', text } });
const endsWith = (text: string): Derived => ({ derive: 'reversed', test: { kind: 'prefix', text: reversed(text) } });

/** Undefined for what no class can answer: `contains`, and patterns with a star. */
const derived = (question: Question): Derived | undefined => {
  if ('equals' in question) return among([question.equals]);
  if ('in' in question) return among(question.in);
  if ('notEquals' in question) return { derive: 'value', test: { kind: 'differs', from: question.notEquals } };
  if ('startsWith' in question) return startsWith(question.startsWith);
  if ('endsWith' in question) return endsWith(question.endsWith);
  if ('like' in question) return question.like.includes('*') ? undefined : among([question.like]);
  if ('atLeast' in question) return range('value', { from: question.atLeast });
  if ('moreThan' in question) return range('value', { from: question.moreThan, fromIn: false });
  if ('atMost' in question) return range('value', { to: question.atMost });
  if ('lessThan' in question) return range('value', { to: question.lessThan, toIn: false });
  if ('before' in question) return range('date', { to: ms(question.before), toIn: false });
  if ('notBefore' in question) return range('date', { from: ms(question.notBefore) });
  if ('withinDays' in question) return range('age', { from: -daysMs(question.withinDays), to: 0 });
  if ('moreThanDaysAgo' in question) return range('age', { to: -daysMs(question.moreThanDaysAgo), toIn: false });
  if ('withinNextDays' in question) return range('age', { from: 0, to: daysMs(question.withinNextDays) });
  if ('moreThanDaysAhead' in question) return range('age', { from: daysMs(question.moreThanDaysAhead), fromIn: false });
  return undefined;
};
const ms = (date: string): number => instantOf(date) ?? Number.NaN;

const impliedByPattern = (pattern: string): Derived | undefined => {
  const [first = '', last = ''] = [pattern.slice(0, pattern.indexOf('*')), pattern.slice(pattern.lastIndexOf('*') + 1)];
  if (first) return startsWith(first);
  return last ? endsWith(last) : undefined;
};

/** A test that some item satisfies whenever the list satisfies the condition. */
const impliedByItem = (subject: Subject, condition: ItemCondition): FieldTest | undefined => {
  if ('all' in condition) {
    for (const inner of condition.all) {
      const found = impliedByItem(subject, inner);
      if (found) return found;
    }
    return undefined;
  }
  if ('any' in condition || 'not' in condition) return undefined;
  const found = derived(condition);
  if (found?.test.kind !== 'among' && found?.test.kind !== 'prefix') return undefined;
  return { field: { subject, derive: found.derive, item: condition.item ?? '' }, test: found.test };
};

/** Conditions have at most so many characters, so no more of a value's end needs to be looked at. */
const LONGEST_TEXT = 256;

/** By UTF-16 units, as `endsWith` compares. */
export const reversed = (text: string): string => text.slice(-LONGEST_TEXT).split('').reverse().join('');
