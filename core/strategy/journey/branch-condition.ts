import type { Leaf } from '../../event/condition.ts';
import { type Facts, holds } from '../../event/evaluate.ts';

/** Whether somebody is in a live segment, or on a list. */
export type Membership = { in: { segment: string } | { list: string } };

/**
 * The language of branches: that of triggers, where `property` reads the event with which the participant entered, and membership of
 * live segments and lists. Relative dates are relative to the moment of the decision.
 */
export type BranchCondition =
  | { all: BranchCondition[] }
  | { any: BranchCondition[] }
  | { not: BranchCondition }
  | Leaf
  | Membership;

/** `in` with a list of values is a question, and has a subject beside it. */
export const isMembership = (condition: BranchCondition): condition is Membership =>
  'in' in condition && !Array.isArray(condition.in);

/** All questions of a condition, in order. */
export const questionsOf = (condition: BranchCondition): (Leaf | Membership)[] => {
  if ('all' in condition) return condition.all.flatMap(questionsOf);
  if ('any' in condition) return condition.any.flatMap(questionsOf);
  return 'not' in condition ? questionsOf(condition.not) : [condition];
};

/** Ids of the segments and lists that somebody is in. */
export type Memberships = { segments: ReadonlySet<string>; lists: ReadonlySet<string> };

export const isMember = ({ in: of }: Membership, { segments, lists }: Memberships): boolean =>
  'segment' in of ? segments.has(of.segment) : lists.has(of.list);

/** The time of the event in `facts` is the moment of the decision. */
export const branchHolds = (condition: BranchCondition, facts: Facts, memberships: Memberships): boolean => {
  const inner = (one: BranchCondition) => branchHolds(one, facts, memberships);
  if ('all' in condition) return condition.all.every(inner);
  if ('any' in condition) return condition.any.some(inner);
  if ('not' in condition) return !inner(condition.not);
  return isMembership(condition) ? isMember(condition, memberships) : holds(condition, facts);
};
