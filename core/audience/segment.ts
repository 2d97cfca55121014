import * as z from 'zod/mini';
import { about, anniversary, branches, listQuestions, questions } from './condition.ts';
import { definitionId } from './definition-id.ts';
import { type EventCondition, eventCondition, type SequenceCondition, sequenceCondition } from './event-condition.ts';
import type { NearCondition } from './near.ts';
import { nearCondition } from './near-condition.ts';
import { attributeName, consentKey, FIELDS, type Field } from './profile.ts';
import type { ListQuestion, Question } from './question.ts';
import type { AnniversaryQuestion, Tree } from './segment-tree.ts';
import { boundedTree } from './tree-bounds.ts';

/**
 * The segment language: a tree of `all`, `any` and `not` over conditions on a person. docs/segment-language.md is its
 * specification. It has two evaluators that must agree: segment-sql.ts for the whole base, segment-predicate.ts for one
 * person. What triggers can ask too means the same there (core/event/condition.ts).
 */
export type Segment = Tree<SegmentCondition | SegmentReference>;

/** A segment without references to others (resolve-segment.ts): what both evaluators take, and what a plan freezes. */
export type ResolvedSegment = Tree<SegmentCondition>;

export type SegmentCondition =
  | AttributeCondition
  | FieldCondition
  | ConsentCondition
  | EventCondition
  | SequenceCondition
  | NearCondition
  | ListCondition;

export type AttributeCondition = { attribute: string } & (Question | ListQuestion | AnniversaryQuestion);
export type FieldCondition = { field: Field } & Question;
/** What the person said, by channel or `channel/topic`; missing when they never said anything. */
export type ConsentCondition = { consent: string } & ({ equals: boolean } | { exists: boolean });
/** Whoever is on the list. Nobody is on a list that does not exist. */
export type ListCondition = { list: string };
/** Whoever is in the other segment, by the rule that it has when this one is evaluated or frozen. */
export type SegmentReference = { segment: string };

const SUBJECTS = 'attribute, field, consent, event, sequence, near, list or segment';
const node: z.ZodMiniType<Segment, Segment> = z.lazy(
  () =>
    z.union(
      [
        ...branches(node),
        about({ attribute: attributeName }, { ...listQuestions, ...anniversary }),
        about({ field: z.enum(FIELDS) }, questions),
        about({ consent: consentKey }, { equals: z.optional(z.boolean()), exists: z.optional(z.boolean()) }),
        eventCondition,
        sequenceCondition,
        nearCondition,
        z.strictObject({ list: definitionId }),
        z.strictObject({ segment: definitionId }),
      ],
      `Either all, any or not, or a condition on one of ${SUBJECTS}`,
    ) as unknown as z.ZodMiniType<Segment, Segment>,
);

node.register(z.globalRegistry, { id: 'Segment' });

/** The most of a segment as it is written, and with the rules of the segments that it refers to. */
export const SEGMENT_LIMITS = { bytes: 16_384, conditions: 250 };
export const RESOLVED_LIMITS = { bytes: 32_768, conditions: 250 };

/** The schema of a segment. Depth and size are checked before the tree is walked. */
export const segment = boundedTree(node, 'a segment', SEGMENT_LIMITS);
