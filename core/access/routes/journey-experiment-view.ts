import * as z from 'zod/mini';
import { VERDICTS } from '../../strategy/experiment/verdict.ts';
import { armFigures, sampleRatio } from './experiment-views.ts';

/** An experiment of a journey, as it was counted last: see ExperimentView. */
export const journeyExperiment = z.object({
  node: z.string(),
  goal: z.string(),
  method: z.enum(['fixed', 'bandit']),
  startedMs: z.int(),
  /** Absent: not yet. */
  countedMs: z.optional(z.int()),
  /** How it stands, or why it was decided so. */
  text: z.string(),
  /** `assigned`: who came to the arm; `people`: those of them whose time for the goal is over; `share`: percent of those who come now. */
  arms: z.array(z.extend(armFigures, { assigned: z.int(), share: z.number() })),
  /** Whether the arms have got the people that their shares ask for; absent: too few to tell. */
  sampleRatio: z.optional(sampleRatio),
  decision: z.optional(z.object({ atMs: z.int(), arm: z.string(), because: z.enum(VERDICTS) })),
});
