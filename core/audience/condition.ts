import * as z from 'zod/mini';
import { instantOf } from '../event/instant.ts';
import { type ItemCondition, isPlainText, type Scalar } from './question.ts';

// What conditions are made of, in segments and in triggers: one schema for both.

const text = z.string().check(z.maxLength(256), z.refine(isPlainText, 'NUL and lone surrogates are not text'));
const someText = z
  .string()
  .check(z.minLength(1), z.maxLength(256), z.refine(isPlainText, 'NUL and lone surrogates are not text'));
const scalar: z.ZodMiniType<Scalar, Scalar> = z.union(
  [text, z.number(), z.boolean()],
  'Text, a finite number, true or false',
);
export const instant = z.string().check(
  z.maxLength(40),
  z.refine((value) => instantOf(value) !== undefined, 'Not an ISO 8601 date'),
);
export const days = z.number().check(z.minimum(0), z.maximum(36_525));
/** Names of members, five deep. */
export const propertyPath = z
  .string()
  .check(
    z.regex(
      /^[A-Za-z_][A-Za-z0-9_]{0,63}(\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,4}$/,
      'One to five names of letters, digits and _, with dots between them',
    ),
  );

/** What any value can be asked. */
export const questions = {
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
 * zod takes the only option that does not `abort` for the one that was meant. A JSON Schema says it by the number of members, where
 * no member of the subject is optional.
 */
export const about = (
  subject: Record<string, z.core.$ZodType>,
  asked: Record<string, z.core.$ZodType> = questions,
  abort = false,
) => {
  const schema = z.strictObject({ ...subject, ...asked }).check(
    z.refine((value) => Object.keys(value).filter((key) => !(key in subject)).length === 1, {
      error: `Ask exactly one of ${Object.keys(asked).join(', ')}`,
      abort,
    }),
  );
  const members = Object.keys(subject).length + 1;
  const isFixed = Object.values(subject).every((member) => !(member instanceof z.ZodMiniOptional));
  return isFixed ? schema.register(z.globalRegistry, { minProperties: members, maxProperties: members }) : schema;
};

export const branches = <T>(node: z.ZodMiniType<T, T>) => [
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
itemNode.register(z.globalRegistry, { id: 'ItemCondition' });
/** What a value can be asked that may be a list. */
export const listQuestions = { ...questions, anyItem: z.optional(itemNode), everyItem: z.optional(itemNode) };

/** Only segments ask it (see anniversary.ts). */
export const anniversary = {
  anniversaryWithinDays: z.optional(z.int().check(z.minimum(0), z.maximum(365))),
};
