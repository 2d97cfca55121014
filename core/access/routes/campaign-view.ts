import * as z from 'zod/mini';
import { type CampaignState, campaignInput } from '../../strategy/campaign.ts';
import { transitions } from '../../strategy/campaign-states.ts';
import { approval, pastSubmission } from './approval-views.ts';
import { decision } from './experiment-views.ts';

export const state = z.enum(Object.keys(transitions) as [CampaignState, ...CampaignState[]]);

/** As the API shows it. */
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
  })
  .register(z.globalRegistry, { id: 'Campaign' });
