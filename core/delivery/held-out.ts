import type { PlanRef } from './messages.ts';
import type { OutcomeRow } from './outcome.ts';
import { escaped } from './work.ts';

/**
 * What becomes of somebody in a run who is held out of it: the same row, whenever it is written. They are told apart before
 * anything else is asked about them, as those are whom they are compared with.
 */
export const heldOutRow = (plan: PlanRef, runId: string, profileId: string, atMs: number): OutcomeRow => ({
  outcome_id: `${runId}#${escaped(profileId)}#holdout`,
  plan_kind: plan.kind,
  plan_id: plan.id,
  run_id: runId,
  profile_id: profileId,
  channel: 'none',
  outcome: 'skipped',
  reason: 'holdout',
  final: true,
  at_ms: atMs,
  message_id: '',
  event_id: '',
});
