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

/** Whether arms have got the people that their shares ask for: see SampleRatio. */
export const sampleRatio = z.object({ p: z.number(), isMismatch: z.boolean() });

/** What an experiment has come to, and the figures that it was decided by. */
export const decision = z.object({
  atMs: z.int(),
  variant: z.string(),
  because: z.enum(VERDICTS),
  figures: z.array(armFigures),
  sampleRatio: z.optional(sampleRatio),
});
