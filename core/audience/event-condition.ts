import * as z from 'zod/mini';
import { about, anniversary, branches, days, instant, listQuestions, propertyPath } from './condition.ts';
import type { ListQuestion, Question } from './question.ts';
import type { AnniversaryQuestion, Tree } from './segment-tree.ts';

// What segments ask about what people did. segment.ts says what it means.

/** Events of one type, all of whose conditions hold. */
export type EventPattern = { event: string; where?: PropertyTree[] };
export type PropertyTree = Tree<PropertyCondition>;
export type PropertyCondition = { property: string } & (Question | ListQuestion | AnniversaryQuestion);

export type Within = { days: number } | { since: string; until?: string };
export type Comparison =
  | { atLeast: number }
  | { moreThan: number }
  | { atMost: number }
  | { lessThan: number }
  | { equals: number };
export type Amount = { property: string; is: Comparison };
/** About the time of one occurrence. */
export type When = { withinDays: number } | { moreThanDaysAgo: number } | { before: string } | { notBefore: string };

export type EventCondition = EventPattern &
  (
    | ({ within?: Within } & (
        | { count: Comparison }
        | { sum: Amount }
        | { avg: Amount }
        | { min: Amount }
        | { max: Amount }
        | { without: EventPattern & { withinDays: number } }
      ))
    | { first: When }
    | { last: When }
  );
export type SequenceCondition = {
  sequence: EventPattern[];
  /** From the first step to the last. */
  withinDays?: number;
  within?: Within;
};

/** Exactly one member beside those. An unknown member is not among them: that it is unknown is said, too. */
const oneBeside = (others: readonly string[], error: string) =>
  z.refine<object>((value) => Object.keys(value).filter((name) => !others.includes(name)).length === 1, error);

const eventType = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/));
const propertyNode: z.ZodMiniType<PropertyTree, PropertyTree> = z.lazy(
  () =>
    z.union(
      [...branches(propertyNode), about({ property: propertyPath }, { ...listQuestions, ...anniversary }, true)],
      'all, any, not, or a question about a property',
    ) as unknown as z.ZodMiniType<PropertyTree, PropertyTree>,
);
propertyNode.register(z.globalRegistry, { id: 'PropertyCondition' });
/** All must hold. */
export const propertyConditions = z.optional(z.array(propertyNode).check(z.maxLength(20)));
const pattern = { event: eventType, where: propertyConditions };

const moment = z.iso.datetime({ offset: true });
const within = z.strictObject({ days: z.optional(days), since: z.optional(moment), until: z.optional(moment) }).check(
  oneBeside(['until'], 'Either days, or since and maybe until'),
  z.refine(({ days, until }) => days === undefined || until === undefined, 'Only a window with since has until'),
  // Nothing would lie between them, so “did not buy” would hold for everybody.
  z.refine(
    ({ since = '', until }) => until === undefined || !(Date.parse(until) <= Date.parse(since)),
    'until must be later than since',
  ),
);

const comparison = (number: z.ZodMiniType<number, number>) => {
  const members = {
    atLeast: z.optional(number),
    moreThan: z.optional(number),
    atMost: z.optional(number),
    lessThan: z.optional(number),
    equals: z.optional(number),
  };
  const names = Object.keys(members);
  return z.strictObject(members).check(oneBeside([], `Ask exactly one of ${names.join(', ')}`));
};
const amount = z.strictObject({
  property: propertyPath,
  is: comparison(z.number().check(z.gt(-1e12), z.lt(1e12))),
});
const WHEN = ['withinDays', 'moreThanDaysAgo', 'before', 'notBefore'] as const;
const when = z
  .strictObject({
    withinDays: z.optional(days),
    moreThanDaysAgo: z.optional(days),
    before: z.optional(instant),
    notBefore: z.optional(instant),
  })
  .check(oneBeside([], `Ask exactly one of ${WHEN.join(', ')}`));

const MEASURES = ['count', 'sum', 'avg', 'min', 'max', 'first', 'last', 'without'] as const;
export const eventCondition = z
  .strictObject({
    ...pattern,
    count: z.optional(comparison(z.int().check(z.minimum(0), z.maximum(1_000_000_000)))),
    sum: z.optional(amount),
    avg: z.optional(amount),
    min: z.optional(amount),
    max: z.optional(amount),
    first: z.optional(when),
    last: z.optional(when),
    without: z.optional(z.strictObject({ ...pattern, withinDays: days })),
    within: z.optional(within),
  })
  .check(
    oneBeside(['event', 'where', 'within'], `Ask exactly one of ${MEASURES.join(', ')}`),
    z.refine(
      (value) => value.within === undefined || (value.first === undefined && value.last === undefined),
      'first and last look at everything that the person did: no within',
    ),
  );

export const sequenceCondition = z.strictObject({
  sequence: z.array(z.strictObject(pattern)).check(z.minLength(2), z.maxLength(5)),
  withinDays: z.optional(days),
  within: z.optional(within),
});
