import type { Channel } from './channel.ts';
import type { PlanKind } from './messages.ts';
import type { ReceiptOutcome } from './receipt.ts';

/** Why the gate, or the sender, did not send. Reports count by these words (M5), so the list is closed. */
export const SKIP_REASONS = [
  'no-address',
  'no-consent',
  'suppressed',
  'frequency-cap',
  'channel-cap',
  'minimum-gap',
  'quiet-hours',
  'sms-window',
  'over-budget',
  'duplicate',
  'too-late',
  'plan-cancelled',
  'plan-paused',
  'profile-missing',
  'render-failed',
  'erased',
  'holdout',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** Why a provider did not take a message for good. `unknown-after-crash`: at most once was kept (see the ledger). */
export const FAIL_REASONS = [
  'opted-out',
  'address-refused',
  'provider-refused',
  'provider-unavailable',
  'not-delivered',
  'not-opened',
  'unknown-after-crash',
] as const;
export type FailReason = (typeof FAIL_REASONS)[number];

/**
 * What became of one attempt, as a row of the lake table `outcomes`. `final` is true on exactly one row per recipient of
 * a plan run; rows that are not final say why a channel was left for the next one, or what was heard of a message later
 * (receipt-rows.ts). `outcome_id` is deterministic, so a row that is written twice counts once.
 */
export type OutcomeRow = {
  outcome_id: string;
  /** As all that names the plan and the person '' for a receipt that names its message only. Tests leave no rows. */
  plan_kind: PlanKind | '';
  plan_id: string;
  run_id: string;
  profile_id: string;
  channel: Channel | 'none';
  outcome: 'sent' | 'skipped' | 'failed' | ReceiptOutcome;
  /** Of a sender a SkipReason, FailReason or ''; of a receipt its `detail`. */
  reason: string;
  final: boolean;
  at_ms: number;
  /** The provider's id of the message, '' when there is none. Receipts join on it. */
  message_id: string;
  /** For event-triggered messages the event that caused it, else ''. */
  event_id: string;
  /** What a sender has sent of a plan with variants: which one. Absent in all other rows. */
  variant?: string;
};
