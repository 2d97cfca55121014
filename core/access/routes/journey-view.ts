import * as z from 'zod/mini';
import { JOURNEY_STATES } from '../../strategy/journey/journey.ts';
import { journeyInput } from '../../strategy/journey/journey-input.ts';
import { INSIDE } from '../../strategy/journey/live-journey.ts';
import { approval, pastSubmission } from './approval-views.ts';
import { journeyExperiment } from './journey-experiment-view.ts';

const count = z.int();

/** What runs of it; absent until it was published. */
const running = z.object({
  state: z.enum(['live', 'paused', 'stopped']),
  current: z.string(),
  inside: z.enum(INSIDE),
  sinceMs: count,
  versions: z.array(z.object({ hash: z.string(), sinceMs: count })),
  pause: z.optional(z.object({ by: z.string(), atMs: count, reason: z.string() })),
  /** Of whoever reads one journey. Absent where there are none. */
  experiments: z.optional(z.array(journeyExperiment)),
  /** Of a journey that people enter on schedule. */
  schedule: z.optional(
    z.object({
      /** Absent: there is none any more, or it is paused or stopped. */
      nextMs: z.optional(count),
      /** The newest time that has begun. */
      last: z.optional(
        z.object({
          dueMs: count,
          beginMs: count,
          state: z.enum(['telling', 'told', 'failed']),
          /** Who was in the audience. */
          people: z.optional(count),
          /** Of those who have come to the door so far: how many have `entered`, and why others have not. Where one journey is read. */
          outcomes: z.optional(z.record(z.string(), count)),
          problem: z.optional(z.string()),
        }),
      ),
      times: count,
      skipped: count,
    }),
  ),
});

/** As the API shows it. */
export const journey = z.extend(journeyInput, {
  id: z.string(),
  version: count,
  state: z.enum(JOURNEY_STATES),
  author: z.string(),
  editors: z.array(z.string()),
  createdMs: count,
  hash: z.optional(z.string()),
  publishedBy: z.optional(z.string()),
  approval: z.optional(approval),
  history: z.optional(z.array(pastSubmission)),
  running: z.optional(running),
});
