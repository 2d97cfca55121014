import * as z from 'zod/mini';
import { VERDICTS } from '../../strategy/experiment/verdict.ts';

/** What is known of an arm of an experiment: see ArmFigures. */
export const armFigures = z.object({
  name: z.string(),
  people: z.int(),
  successes: z.int(),
  rate: z.number(),
  low: z.number(),
  high: z.number(),
  pBest: z.number(),
  expectedLoss: z.number(),
});

/** The same where an amount decides, in its unit: see AmountFigures. */
const amountFigures = z.object({
  name: z.string(),
  people: z.int(),
  /** People with an amount. */
  successes: z.int(),
  sum: z.number(),
  mean: z.number(),
  standardDeviation: z.number(),
  low: z.number(),
  high: z.number(),
  pBest: z.number(),
  expectedLoss: z.number(),
});
export const variantFigures = z.union([z.array(armFigures), z.array(amountFigures)]);

/** Whether arms have got the people that their shares ask for: see SampleRatio. */
export const sampleRatio = z.object({ p: z.number(), isMismatch: z.boolean() });

/** What an experiment has come to, and the figures that it was decided by. */
export const decision = z.object({
  atMs: z.int(),
  variant: z.string(),
  because: z.enum(VERDICTS),
  figures: variantFigures,
  sampleRatio: z.optional(sampleRatio),
});
