import type { ResolvedSegment } from '../audience/segment.ts';
import type { Lane } from '../delivery/channel.ts';
import type { PlanTracking } from '../delivery/links/link-settings.ts';
import type { PlanKind } from '../delivery/messages.ts';
import type { PolicyStep } from '../delivery/policy.ts';
import type { Priority } from '../delivery/priority.ts';
import type { Duration } from '../event/trigger.ts';
import type { Campaign } from './campaign.ts';
import type { ExperimentInput, Variant } from './experiment/campaign-experiment.ts';
import type { PlanHoldout } from './holdout.ts';
import type { LatePolicy } from './late.ts';
import type { SendTime } from './send-time.ts';
import type { TemplateContent } from './template.ts';

/**
 * The frozen content of a plan: what was approved, and all that a sender needs to know about it. Stored once under the
 * kind `plan-version` with id `<planId>@<hash>`, never changed, so senders cache it for ever. `hash` is the SHA-256 (hex,
 * first 32 characters) of the canonical JSON of everything else in here.
 */
export type PlanVersion = {
  /** `test`: see core/strategy/template/test-send.ts. */
  planKind: PlanKind;
  planId: string;
  /** Of a journey: which of its nodes. */
  node?: string;
  hash: string;
  name: string;
  topic: string;
  lane: Lane;
  /** Absent: normal. */
  priority?: Priority;
  channelPolicy: PolicyStep[];
  /** The most that the messages to one person may cost together. */
  budget?: number;
  template: TemplateContent;
  /** Of a campaign: how long it is worth sending after it has begun. */
  deadline?: Duration;
  /** What is not to be noticed of what people do with its messages. */
  tracking?: PlanTracking;
  /** Of a campaign: whom. */
  segment?: ResolvedSegment;
  /** Of a campaign: epoch ms, or null for now. */
  sendAtMs?: number | null;
  /** Of a campaign: who of the audience gets nothing. */
  holdout?: PlanHoldout;
  /** Of a campaign: its contents, each a version of its own. `template` is that of the default. */
  variants?: Variant[];
  /** Of a campaign with variants: what decides between them. */
  experiment?: ExperimentInput;
  /** Of a variant's own version: its name. */
  variant?: string;
  /** Of a campaign that repeats. */
  repeat?: Campaign['repeat'];
  /** Of a campaign: when each recipient gets it, if not all at once. */
  sendTime?: SendTime;
  /** Of a campaign: what becomes of what would be late. */
  ifLate?: LatePolicy;
};
