import type { Consents } from '../delivery/consent.ts';
import { eventHolds, type History, historyOf, type SeenEvent, sequenceHolds, valueAnswers } from './event-predicate.ts';
import { isNear } from './near.ts';
import type { Profile } from './profile.ts';
import { answers, valueAt } from './question.ts';
import type { ResolvedSegment, SegmentCondition } from './segment.ts';
import { treeHolds } from './segment-tree.ts';

/** What is known of one person. */
export type Person = {
  profile: Profile;
  /**
   * Theirs, also those from before they were known, by the anonymous ids that are linked to them; in any order, repeats
   * allowed.
   */
  events: readonly SeenEvent[];
  /** What they said, by channel or `channel/topic`. */
  consents: Consents;
  /** Ids of the lists that they are on. */
  lists: ReadonlySet<string>;
};

/**
 * True when the person belongs to the segment at `nowMs`. Means the same as the query of segment-sql.ts
 * (test/core/audience/segment-agreement.test.ts).
 */
export const isMember = (segment: ResolvedSegment, person: Person, nowMs: number): boolean => {
  const history = historyOf(person.events);
  return treeHolds(segment, (condition: SegmentCondition) => holds(condition, person, history, nowMs));
};

const holds = (condition: SegmentCondition, person: Person, history: History, nowMs: number): boolean => {
  const { profile, consents, lists } = person;
  if ('attribute' in condition) return valueAnswers(valueAt(profile.attributes, condition.attribute), condition, nowMs);
  if ('field' in condition) return answers(profile[condition.field] || undefined, condition, nowMs);
  if ('consent' in condition) {
    const said = Object.hasOwn(consents, condition.consent) ? consents[condition.consent] : undefined;
    return answers(said, condition, nowMs);
  }
  if ('list' in condition) return lists.has(condition.list);
  if ('near' in condition) return isNear(condition, profile.attributes);
  return 'sequence' in condition ? sequenceHolds(condition, history, nowMs) : eventHolds(condition, history, nowMs);
};
