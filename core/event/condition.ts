import * as z from 'zod/mini';
import { about, branches, listQuestions, propertyPath } from '../audience/condition.ts';
import { attributeName, consentKey, FIELDS, type Field } from '../audience/profile.ts';
import type { ListQuestion, Question } from '../audience/question.ts';
import { boundedTree } from '../audience/tree-bounds.ts';
import { CHANNELS, type Channel } from '../delivery/channel.ts';

/**
 * The language of triggers: a tree of `all`, `any` and `not` over conditions on the event and on what Herald knows of the
 * person. docs/trigger-semantics.md is its specification; evaluate.ts says the same in code, one condition at a time, and
 * the matcher must agree with that. What segments can ask too means the same there (core/audience/condition.ts).
 */
export type Condition = { all: Condition[] } | { any: Condition[] } | { not: Condition } | Leaf;
export type Leaf = (Subject & Question) | ((PropertySubject | AttributeSubject) & ListQuestion);

/** A value of the event: a dotted path below `properties`. */
export type PropertySubject = { property: string };
export type AttributeSubject = { attribute: string };
export type ReferenceSubject = {
  /** A column of the row of a reference table whose key is the event's property `by`. */
  reference: string;
  by: string;
  column: string;
};
export type Subject =
  | PropertySubject
  | AttributeSubject
  | { field: Field }
  /** What the person said, true or false; missing: never asked. A channel, or a channel and a topic. */
  | { consent: string }
  /** Why Herald sends nothing on this channel any more; missing: it may. */
  | { suppressed: Channel }
  /** `touches`: how many of the last ten Herald knows of, a number. `lastTouch`: when, a date. */
  | { contact: 'touches' | 'lastTouch' }
  | ReferenceSubject;

export const referenceTableId = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9-]{0,39}$/, 'A lower-case letter, then up to 39 lower-case letters, digits and -'));

const SUBJECTS = 'property, attribute, field, consent, suppressed, contact, or reference with by and column';

/** A question about each of the subjects. */
export const leaves = () => [
  about({ property: propertyPath }, listQuestions),
  about({ attribute: attributeName }, listQuestions),
  about({ field: z.enum(FIELDS) }),
  about({ consent: consentKey }),
  about({ suppressed: z.enum(CHANNELS) }),
  about({ contact: z.enum(['touches', 'lastTouch']) }),
  about({ reference: referenceTableId, by: propertyPath, column: attributeName }),
];

const node: z.ZodMiniType<Condition, Condition> = z.lazy(
  () =>
    z.union(
      [...branches(node), ...leaves()],
      `Either all, any or not, or a question about one of ${SUBJECTS}`,
    ) as unknown as z.ZodMiniType<Condition, Condition>,
);

node.register(z.globalRegistry, { id: 'TriggerCondition' });

/** Bytes of JSON of one tree. Conditions are few enough in so many. */
export const MAX_CONDITION_BYTES = 16_384;
/** The schema of a condition. Depth and size are checked before the tree is walked. */
export const condition = boundedTree(node, 'a condition', {
  bytes: MAX_CONDITION_BYTES,
  conditions: Number.POSITIVE_INFINITY,
});
