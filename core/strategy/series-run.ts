import type { Campaign } from './campaign.ts';
import { cancelled, type Decision, paused } from './campaign-decisions.ts';
import { isOver } from './campaign-states.ts';
import { freezePlan } from './plan-hash.ts';
import type { PlanVersion } from './plan-version.ts';

/**
 * What a run sends: what was approved for the series, as a plan of its own, so that senders and reports know it apart. So are its `versions`, one
 * for each of the `variants` that were approved, in their order: who gets which is decided for each run anew, and so is its experiment.
 */
export const runPlans = (
  approved: PlanVersion,
  variants: readonly PlanVersion[],
  { last }: NonNullable<Campaign['series']>,
): { plan: PlanVersion; versions: PlanVersion[] } => {
  if (!last) throw new Error(`No run of ${approved.planId} has begun`);
  const { id: planId, beginMs: sendAtMs } = last;
  const own = ({ hash: _series, repeat: _repeat, ...content }: PlanVersion): PlanVersion =>
    freezePlan({ ...content, planId, sendAtMs });
  const versions = variants.map(own);
  if (!approved.variants) return { plan: own(approved), versions };
  const named = approved.variants.map((variant, n) => ({ ...variant, hash: versions[n]?.hash ?? variant.hash }));
  return { plan: own({ ...approved, variants: named }), versions };
};

/** The newest run, as a campaign that is scheduled. `hash`: of its plan. */
export const runCampaign = (campaign: Campaign, hash: string, nowMs: number): Campaign => {
  const {
    series,
    repeat: _repeat,
    approval: _approval,
    history: _history,
    due: _due,
    archived: _out,
    ...content
  } = campaign;
  if (!series?.last) throw new Error(`No run of ${campaign.id} has begun`);
  const { id, number, beginMs } = series.last;
  return {
    ...content,
    ...{ id, version: 1, state: 'scheduled', createdMs: nowMs },
    runOf: { campaignId: campaign.id, number, hash },
    due: { runId: `${id}-${hash.slice(0, 12)}`, atMs: beginMs },
  };
};

/** The newest run was to begin before the series was paused, or put in force anew: if it is not there by now, its time has passed. */
export const wasMissed = ({ last, sinceMs }: NonNullable<Campaign['series']>): boolean =>
  last !== undefined && last.dueMs < sinceMs;

/** The newest run, which nobody has made in time: it never begins, and says so where runs are listed. */
export const missed = (campaign: Campaign, hash: string, nowMs: number): Campaign => {
  const { due: _never, ...run } = runCampaign(campaign, hash, nowMs);
  return { ...run, state: 'cancelled', reason: 'The campaign was paused when it was to begin' };
};

/** A series that is paused or cancelled holds the run that is under way, too; any other leaves it alone. */
export const held = (run: Campaign, { state, pause, reason }: Campaign, nowMs: number): Decision => {
  const same: Decision = { kind: 'same', campaign: run };
  if (isOver(run.state)) return same;
  if (state === 'cancelled') return cancelled(run, reason ?? '');
  if (state !== 'paused') return same;
  const decision = paused(run, pause?.by ?? '', pause?.reason ?? '', nowMs);
  // One that may not be paused any more goes to its end.
  return decision.kind === 'refuse' ? same : decision;
};
