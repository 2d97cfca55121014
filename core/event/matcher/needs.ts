import type { Condition } from '../condition.ts';
import { leavesOf } from '../condition-tree.ts';
import type { Needs } from '../facts.ts';
import type { Conjunction } from './conjunctions.ts';

/** What conditions look at beside the event. */
export const needsOf = (conditions: readonly Condition[]): Needs => {
  const leaves = conditions.flatMap(leavesOf);
  const references = leaves.flatMap((leaf) => ('reference' in leaf ? [{ table: leaf.reference, by: leaf.by }] : []));
  return {
    profile: leaves.some((leaf) => 'attribute' in leaf || 'field' in leaf),
    contact: leaves.some((leaf) => 'consent' in leaf || 'suppressed' in leaf || 'contact' in leaf),
    references: [...new Map(references.map((one) => [JSON.stringify(one), one])).values()],
  };
};

export const NO_NEEDS: Needs = { profile: false, contact: false, references: [] };
export const needsNothing = ({ profile, contact, references }: Needs): boolean =>
  !profile && !contact && references.length === 0;

export const withNeeds = (one: Needs, other: Needs): Needs => ({
  profile: one.profile || other.profile,
  contact: one.contact || other.contact,
  references: [
    ...new Map([...one.references, ...other.references].map((need) => [JSON.stringify(need), need])).values(),
  ],
});

/**
 * The part of a conjunction that the event alone answers. It holds whenever the whole does, so where it does not hold nothing
 * needs to be read.
 */
export const ofTheEvent = (conjunction: Conjunction): Conjunction =>
  conjunction.filter((test) =>
    'field' in test ? 'property' in test.field.subject : needsNothing(needsOf([test.opaque])),
  );
