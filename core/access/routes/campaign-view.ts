import * as z from 'zod/mini';
import { type CampaignState, campaignInput } from '../../strategy/campaign.ts';
import { transitions } from '../../strategy/campaign-states.ts';
import { preFlight } from '../../strategy/pre-flight/pre-flight.ts';
import { approval, pastSubmission } from './approval-views.ts';
import { decision } from './experiment-views.ts';

export const state = z.enum(Object.keys(transitions) as [CampaignState, ...CampaignState[]]);

/** As the API shows it. */
const occurrence = z.object({ atMs: z.int(), number: z.int(), date: z.string() });

export const campaign = z
  .extend(campaignInput, {
    id: z.string(),
    version: z.int(),
    state,
    author: z.string(),
    editors: z.array(z.string()),
    createdMs: z.int(),
    approval: z.optional(approval),
    history: z.optional(z.array(pastSubmission)),
    run: z.optional(
      z.object({
        runId: z.string(),
        startedMs: z.int(),
        snapshotSize: z.optional(z.int()),
        parts: z.optional(z.int()),
        finishedMs: z.optional(z.int()),
        /** How its experiment was decided. */
        decision: z.optional(decision),
      }),
    ),
    /** While it is paused. */
    pause: z.optional(z.object({ by: z.string(), atMs: z.int(), reason: z.string() })),
    reason: z.optional(z.string()),
    /** Since it was scheduled: the run that is to begin, and when. */
    due: z.optional(z.object({ runId: z.string(), atMs: z.int() })),
    archived: z.optional(z.boolean()),
    /** What was foreseen of the submission, or of the draft. Only where one campaign is read. */
    preFlight: z.optional(preFlight),
    /** Of one that repeats: the next time, the newest run, and how many there were. */
    series: z.optional(
      z.object({
        next: z.optional(occurrence),
        last: z.optional(
          z.object({
            id: z.string(),
            number: z.int(),
            dueMs: z.int(),
            beginMs: z.int(),
            ended: z.optional(z.boolean()),
          }),
        ),
        runs: z.int(),
        skipped: z.int(),
        failedInARow: z.int(),
        chain: z.int(),
        sinceMs: z.int(),
      }),
    ),
    /** Of a run: the campaign that repeats, and the how many-th time it is. */
    runOf: z.optional(z.object({ campaignId: z.string(), number: z.int(), hash: z.string() })),
  })
  .register(z.globalRegistry, { id: 'Campaign' });
