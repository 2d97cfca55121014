import * as z from 'zod/mini';
import { AMOUNT_LIMIT } from '../../audience/amount.ts';
import { propertyPath } from '../../audience/condition.ts';
import { propertyConditions } from '../../audience/event-condition.ts';
import { boundedTree } from '../../audience/tree-bounds.ts';
import { MAX_CONDITION_BYTES } from '../../event/condition.ts';
import { eventType } from '../../event/event-pattern.ts';
import type { SampleRatio } from './sample-ratio.ts';
import type { Because, Rules, VariantFigures } from './verdict.ts';

export const variantName = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/));

/** The contents of a campaign, of which each recipient gets one; their shares make 100 percent. */
export const variantsInput = z
  .array(
    z.strictObject({
      name: variantName,
      templateId: z.string().check(z.minLength(1), z.maxLength(64)),
      percent: z.number().check(z.minimum(1), z.maximum(99)),
    }),
  )
  .check(
    z.minLength(2),
    z.maxLength(8),
    z.refine((variants) => new Set(variants.map(({ name }) => name)).size === variants.length, 'Each name once'),
    z.refine(
      (variants) => Math.abs(variants.reduce((sum, { percent }) => sum + percent, 0) - 100) < 0.01,
      'The shares must make 100 percent',
    ),
  );
export type VariantsInput = z.infer<typeof variantsInput>;

const eventMetric = z
  .strictObject({
    event: eventType,
    where: propertyConditions,
    sum: z.optional(propertyPath),
    upTo: z.optional(z.number().check(z.gt(0), z.lt(AMOUNT_LIMIT))),
  })
  .check(
    z.refine(({ sum, upTo }) => upTo === undefined || sum !== undefined, {
      error: 'Only a metric with sum has upTo',
      path: ['upTo'],
    }),
  );

/**
 * What makes a variant the better one: more people who open, click, or of whom an event comes after it was sent, maybe one whose properties meet
 * conditions; they are those of event patterns in segments, and relative dates are relative to when the campaign began. Or, with `sum`, a
 * higher amount per person: the numbers at that path in those events, added as segments add them; a person counts for at most `upTo`.
 */
const metric = z.union(
  [
    z.enum(['opened', 'clicked']),
    boundedTree(eventMetric, 'a metric', { bytes: MAX_CONDITION_BYTES, conditions: Number.POSITIVE_INFINITY }),
  ],
  'opened, clicked, or an event, maybe with conditions (where), or the path of an amount (sum) and how much of it a person counts with (upTo)',
);

export const experimentInput = z.strictObject({
  metric,
  /** People of each variant to whom it must have been sent. */
  minimumSample: z.int().check(z.minimum(1), z.maximum(1_000_000)),
  /** After the last message of the test has gone out. What a run needs is kept for 60 days. */
  minimumHours: z.int().check(z.minimum(1), z.maximum(336)),
  /** 0.95 when absent: see Rules. */
  confidence: z.optional(z.number().check(z.minimum(0.8), z.maximum(0.999))),
  /** What is chosen without a winner. */
  defaultVariant: variantName,
  /** Only so many of the recipients take part; the others get what was chosen. Absent: all take part. */
  testPercent: z.optional(z.number().check(z.minimum(1), z.maximum(99))),
});
export type ExperimentInput = z.infer<typeof experimentInput>;

/** A variant of a plan version: `hash` names the version with its content. */
export type Variant = { name: string; percent: number; hash: string };

/** How a run's experiment ended. */
export type VariantDecision = {
  atMs: number;
  variant: string;
  because: Because;
  figures: VariantFigures;
  /** Whether the variants have got the people that their shares ask for; absent: too few to tell. */
  sampleRatio?: SampleRatio;
};

export const rulesOf = ({ minimumSample, confidence = 0.95, defaultVariant }: ExperimentInput): Rules => ({
  ...{ minimumSample, confidence, defaultArm: defaultVariant },
});

/**
 * Who gets which variant, whenever it is asked. Whom the shares leave over wait for the decision. Shares that make a little less than 100,
 * like three of 33.333, are taken to make 100: nobody waits for what never comes.
 */
export const splitOf = (
  planId: string,
  { variants, experiment }: { variants: readonly { percent: number }[]; experiment?: ExperimentInput | undefined },
) => {
  const all = variants.reduce((sum, { percent }) => sum + percent, 0);
  const tested = experiment?.testPercent ?? 100;
  return { salt: `variants/${planId}`, percents: variants.map(({ percent }) => (percent * tested) / all) };
};
