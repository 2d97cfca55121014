import * as z from 'zod/mini';
import { attributeName, consentKey } from '../audience/profile.ts';
import { isPlainText, type Question, type Scalar } from '../audience/question.ts';
import { FIELDS, type Field } from '../audience/segment.ts';
import { boundedTree } from '../audience/tree-bounds.ts';
import { CHANNELS, type Channel } from '../delivery/channel.ts';
import { instantOf } from './instant.ts';

/**
 * The language of triggers: a tree of `all`, `any` and `not` over conditions on the event and on what Herald knows of the
 * person. docs/trigger-semantics.md is its specification; evaluate.ts says the same in code, one condition at a time, and
 * the matcher must agree with that. What segments can ask too means the same there (core/audience/condition.ts).
 */
export type Condition = { all: Condition[] } | { any: Condition[] } | { not: Condition } | Leaf;
export type Leaf =
  | (Subject & TriggerQuestion)
  | ((PropertySubject | AttributeSubject) & ({ anyItem: ItemCondition } | { everyItem: ItemCondition }));

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

/** What a trigger can ask of a value, beyond what segments ask. */
export type TriggerQuestion =
  | Question
  | { endsWith: string }
  /** Text in which each `*` stands for any text, also none. */
  | { like: string }
  | { before: string }
  | { notBefore: string }
  | { withinDays: number }
  | { moreThanDaysAgo: number }
  | { withinNextDays: number }
  | { moreThanDaysAhead: number };

/** About an item of a list: itself, or its member `item` when items are objects. */
export type ItemCondition =
  | { all: ItemCondition[] }
  | { any: ItemCondition[] }
  | { not: ItemCondition }
  | ({ item?: string } & TriggerQuestion);

const text = z.string().check(z.maxLength(256), z.refine(isPlainText, 'NUL and lone surrogates are not text'));
const someText = z
  .string()
  .check(z.minLength(1), z.maxLength(256), z.refine(isPlainText, 'NUL and lone surrogates are not text'));
const scalar: z.ZodMiniType<Scalar, Scalar> = z.union(
  [text, z.number(), z.boolean()],
  'Text, a finite number, true or false',
);
const instant = z.string().check(
  z.maxLength(40),
  z.refine((value) => instantOf(value) !== undefined, 'Not an ISO 8601 date'),
);
const days = z.number().check(z.minimum(0), z.maximum(36_525));
/** Names of members, five deep. */
export const propertyPath = z
  .string()
  .check(
    z.regex(
      /^[A-Za-z_][A-Za-z0-9_]{0,63}(\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,4}$/,
      'One to five names of letters, digits and _, with dots between them',
    ),
  );
export const referenceTableId = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9-]{0,39}$/, 'A lower-case letter, then up to 39 lower-case letters, digits and -'));

const questions = {
  equals: z.optional(scalar),
  notEquals: z.optional(scalar),
  in: z.optional(z.array(scalar).check(z.minLength(1), z.maxLength(100))),
  atLeast: z.optional(z.number()),
  moreThan: z.optional(z.number()),
  atMost: z.optional(z.number()),
  lessThan: z.optional(z.number()),
  contains: z.optional(someText),
  startsWith: z.optional(someText),
  endsWith: z.optional(someText),
  like: z.optional(someText),
  exists: z.optional(z.boolean()),
  before: z.optional(instant),
  notBefore: z.optional(instant),
  withinDays: z.optional(days),
  moreThanDaysAgo: z.optional(days),
  withinNextDays: z.optional(days),
  moreThanDaysAhead: z.optional(days),
};

/**
 * One strict object per subject, which takes exactly one question: the answer to a slip then names the slip. Of a union
 * zod takes the only option that does not `abort` for the one that was meant.
 */
const about = (
  subject: Record<string, z.core.$ZodType>,
  asked: Record<string, z.core.$ZodType> = questions,
  abort = false,
) =>
  z.strictObject({ ...subject, ...asked }).check(
    z.refine((value) => Object.keys(value).filter((key) => !(key in subject)).length === 1, {
      error: `Ask exactly one of ${Object.keys(asked).join(', ')}`,
      abort,
    }),
  );

const branches = <T>(node: z.ZodMiniType<T, T>) => [
  z.strictObject({ all: z.array(node).check(z.minLength(1), z.maxLength(100)) }),
  z.strictObject({ any: z.array(node).check(z.minLength(1), z.maxLength(100)) }),
  z.strictObject({ not: node }),
];

const itemNode: z.ZodMiniType<ItemCondition, ItemCondition> = z.lazy(
  () =>
    z.union(
      [...branches(itemNode), about({ item: z.optional(propertyPath) }, questions, true)],
      'all, any, not, or a question, with item or without',
    ) as unknown as z.ZodMiniType<ItemCondition, ItemCondition>,
);
const listQuestions = { ...questions, anyItem: z.optional(itemNode), everyItem: z.optional(itemNode) };

const SUBJECTS = 'property, attribute, field, consent, suppressed, contact, or reference with by and column';
const node: z.ZodMiniType<Condition, Condition> = z.lazy(
  () =>
    z.union(
      [
        ...branches(node),
        about({ property: propertyPath }, listQuestions),
        about({ attribute: attributeName }, listQuestions),
        about({ field: z.enum(FIELDS) }),
        about({ consent: consentKey }),
        about({ suppressed: z.enum(CHANNELS) }),
        about({ contact: z.enum(['touches', 'lastTouch']) }),
        about({ reference: referenceTableId, by: propertyPath, column: attributeName }),
      ],
      `Either all, any or not, or a question about one of ${SUBJECTS}`,
    ) as unknown as z.ZodMiniType<Condition, Condition>,
);

/** Bytes of JSON of one tree. */
export const MAX_CONDITION_BYTES = 16_384;
/** The schema of a condition. Depth and size are checked before the tree is walked. */
export const condition = boundedTree(node, 'a condition', MAX_CONDITION_BYTES);
