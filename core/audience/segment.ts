import * as z from 'zod/mini';
import { questionsAbout } from './condition.ts';
import { definitionId } from './definition-id.ts';
import { attributeName } from './profile.ts';
import type { Question } from './question.ts';
import { boundedTree } from './tree-bounds.ts';

/**
 * The segment language: a tree of `all`, `any` and `not` over conditions on a profile's attributes, its own fields and its
 * events. It has two evaluators that must agree (segment-sql.ts for the whole base, segment-predicate.ts for one
 * person), so each rule here has one meaning:
 *
 * - Questions about a value: see condition.ts. A missing or wrongly typed value never satisfies.
 * - Time is epoch milliseconds. A window is half-open, [from, to). A day is 86,400 s, whatever the calendar says.
 *   `{days: n}` is [now − n days, now + 1 ms): an event exactly n days old counts, and so does one of this very millisecond.
 *   `{since, until}` is [since, until); without `until` it ends now.
 * - Events later than now never count, in any condition.
 * - An event that was sent twice (same source and id) counts once: the copy that arrived first.
 * - A person without a matching event has count 0 and sum 0, so `lessThan` and `atMost` may hold.
 * - A sum adds the property's numbers rounded to millionths; events without a number of magnitude below 10^12 there add
 *   nothing. Millionths are whole doubles, so the sum is exact, in whatever order, up to 9 × 10^9.
 * - Recency asks about the last matching event: `withinDays: n` means at or after now − n days, `moreThanDaysAgo: n` means
 *   before it. A person who never did it satisfies neither.
 * - Of what was said about a person and a list the newest counts; of two in one millisecond the removal.
 * - People are those with a profile; events of others count for nobody.
 */
export type Segment = Tree<SegmentCondition | SegmentReference>;

/** A segment without references to others (resolve-segment.ts): what both evaluators take, and what a plan freezes. */
export type ResolvedSegment = Tree<SegmentCondition>;

export type Tree<Leaf> = { all: Tree<Leaf>[] } | { any: Tree<Leaf>[] } | { not: Tree<Leaf> } | Leaf;
export type SegmentCondition = AttributeCondition | FieldCondition | EventCondition | ListCondition;
/** Whoever is in the other segment, by the rule that it has when this one is evaluated or frozen. */
export type SegmentReference = { segment: string };
/** Whoever is on the list. Nobody is on a list that does not exist. */
export type ListCondition = { list: string };

const propertyPath = z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}(\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,4}$/));
const eventType = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/));
const days = z.number().check(z.minimum(0), z.maximum(36_525));

/** The profile's own fields, all text; an empty or absent one is missing. */
export const FIELDS = ['email', 'phone', 'pushToken', 'timeZone', 'locale'] as const;
export type Field = (typeof FIELDS)[number];

export type AttributeCondition = { attribute: string } & Question;
export type FieldCondition = { field: Field } & Question;
export type PropertyCondition = { property: string } & Question;

const within = z.union([
  z.strictObject({ days }),
  z.strictObject({ since: z.iso.datetime({ offset: true }), until: z.optional(z.iso.datetime({ offset: true })) }),
]);
export type Within = z.infer<typeof within>;

const whole = z.int().check(z.minimum(0), z.maximum(1_000_000_000));
const amount = z.number().check(z.gt(-1e12), z.lt(1e12));
const comparison = <N extends z.core.$ZodType<number, number>>(number: N) =>
  z.union([
    z.strictObject({ atLeast: number }),
    z.strictObject({ moreThan: number }),
    z.strictObject({ atMost: number }),
    z.strictObject({ lessThan: number }),
    z.strictObject({ equals: number }),
  ]);
export type Comparison =
  | { atLeast: number }
  | { moreThan: number }
  | { atMost: number }
  | { lessThan: number }
  | { equals: number };

const about = {
  event: eventType,
  /** All must hold. */
  where: z.optional(z.array(questionsAbout({ property: propertyPath })).check(z.maxLength(20))),
};
const eventCondition = z.union([
  z.strictObject({ ...about, count: comparison(whole), within: z.optional(within) }),
  z.strictObject({
    ...about,
    sum: z.strictObject({ property: propertyPath, is: comparison(amount) }),
    within: z.optional(within),
  }),
  z.strictObject({
    ...about,
    last: z.union([z.strictObject({ moreThanDaysAgo: days }), z.strictObject({ withinDays: days })]),
  }),
]);
type About = { event: string; where?: PropertyCondition[] | undefined };
export type EventCondition = About &
  (
    | { count: Comparison; within?: Within | undefined }
    | { sum: { property: string; is: Comparison }; within?: Within | undefined }
    | { last: { moreThanDaysAgo: number } | { withinDays: number } }
  );

const node: z.ZodMiniType<Segment, Segment> = z.lazy(() =>
  z.union([
    z.strictObject({ all: z.array(node).check(z.minLength(1), z.maxLength(100)) }),
    z.strictObject({ any: z.array(node).check(z.minLength(1), z.maxLength(100)) }),
    z.strictObject({ not: node }),
    questionsAbout({ attribute: attributeName }),
    questionsAbout({ field: z.enum(FIELDS) }),
    eventCondition,
    z.strictObject({ list: definitionId }),
    z.strictObject({ segment: definitionId }),
  ]),
);

/** Bytes of JSON. Keeps the SQL well below Athena's 262,144 bytes. */
export const MAX_SEGMENT_BYTES = 16_384;

/** The schema of a segment. Depth and size are checked before the tree is walked. */
export const segment = boundedTree(node, 'a segment', MAX_SEGMENT_BYTES);
