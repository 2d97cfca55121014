import * as z from 'zod/mini';
import { audienceRef } from '../audience/audience-ref.ts';
import { planTracking } from '../delivery/links/link-settings.ts';
import { budgetInput, channelPolicyInput } from '../delivery/policy-input.ts';
import { PRIORITIES } from '../delivery/priority.ts';
import { durationInput } from '../event/duration-input.ts';
import type { Approval, PastSubmission } from './approval/approval.ts';
import { experimentInput, type VariantDecision, variantsInput } from './experiment/campaign-experiment.ts';
import { planHoldoutInput } from './holdout.ts';
import { latePolicyInput } from './late.ts';
import { recurrenceInput } from './schedule-input.ts';
import { sendTimeInput } from './send-time.ts';
import type { RunOf, Series } from './series.ts';

const id = z.string().check(z.minLength(1), z.maxLength(64));

/** Messages a minute, over all channels. */
export const perMinute = z.int().check(z.minimum(1), z.maximum(600_000));

/** `ifStillSending`: what becomes of a time at which the run before is not over: nothing (absent), or it begins when that is. */
const repeatInput = z.strictObject({
  schedule: recurrenceInput,
  ifStillSending: z.optional(z.enum(['skip', 'queue'])),
});

/** What a marketer writes. A campaign is a static plan: one audience, one content, one schedule. */
export const campaignInput = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(100)),
  audience: audienceRef,
  templateId: id,
  channelPolicy: channelPolicyInput,
  budget: budgetInput,
  /** Consent is asked per channel, or per channel and topic. */
  topic: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,31}$/)),
  /** Absent: normal. High may use the touches that caps reserve. */
  priority: z.optional(z.enum(PRIORITIES)),
  /** After it has begun to send it is worth sending for so long; who would get it later does not. Absent: for ever. */
  deadline: z.optional(durationInput),
  /** False: nobody notices who clicks, or opens. Absent: as the settings say. */
  tracking: z.optional(planTracking),
  /** Absent: as fast as providers allow. It may be changed while the campaign sends. */
  speed: z.optional(z.strictObject({ perMinute })),
  /** Absent: as soon as it is approved. */
  sendAt: z.optional(z.iso.datetime({ offset: true })),
  /** This share of the audience gets nothing, so that the effect of the campaign can be measured. Absent: nobody. */
  holdout: z.optional(planHoldoutInput),
  /** Each recipient gets one of these. `templateId` is then that of the default, or of one of them without an experiment. */
  variants: z.optional(variantsInput),
  /** Decides which variant is the better one. Absent: nobody does, they are only counted apart. */
  experiment: z.optional(experimentInput),
  /** Again and again, instead of `sendAt`: to whoever is in the audience then, with the content that was approved. */
  repeat: z.optional(repeatInput),
  /** When, from then on, each recipient gets it. Absent: all at once. */
  sendTime: z.optional(sendTimeInput),
  /** What becomes of a campaign, or of a recipient, whose time has passed. Absent: it begins at once; the recipient gets it the next day. */
  ifLate: z.optional(latePolicyInput),
});
export type CampaignInput = z.infer<typeof campaignInput>;

/** States of S3; `transitions` in campaign-states.ts is the one table of what may follow what. */
export type CampaignState =
  | 'draft'
  | 'in review'
  | 'rejected'
  | 'approved'
  | 'scheduled'
  | 'preparing'
  | 'sending'
  | 'paused'
  | 'finished'
  | 'cancelled'
  | 'failed';

/** Why nothing goes out at the moment. */
export type Pause = {
  /** Names it among the pauses of the campaign: what waits for its end waits under this number. */
  number: number;
  by: string;
  atMs: number;
  /** '' when nobody said why. */
  reason: string;
  /** Step Functions task token of the run that waits for the end of the pause. Never shown by the API. */
  taskToken?: string;
};

export type Campaign = CampaignInput & {
  id: string;
  version: number;
  state: CampaignState;
  /** Who created it. */
  author: string;
  /** Everyone who has edited it since. None of these people may approve it, nor may its author. */
  editors: string[];
  createdMs: number;
  approval?: Approval;
  history?: PastSubmission[];
  /** Since it was scheduled: the run that is to begin, and when (epoch ms). Another run that wakes ends at once. */
  due?: { runId: string; atMs: number };
  /** Of one that repeats, since it was scheduled. */
  series?: Series;
  /** Of a run of one that repeats. */
  runOf?: RunOf;
  /** Set when the run starts. */
  run?: {
    runId: string;
    startedMs: number;
    snapshotSize?: number;
    parts?: number;
    finishedMs?: number;
    /** Once its experiment is decided. */
    decision?: VariantDecision;
  };
  /** While it is paused. */
  pause?: Pause;
  /** Why a campaign failed or was cancelled. */
  reason?: string;
  /** Left out of lists, as long as it is a draft or over. */
  archived?: boolean;
  /** Of a draft that was deleted: nobody finds it any more. */
  deletedMs?: number;
};
