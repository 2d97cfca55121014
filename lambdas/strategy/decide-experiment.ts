import { sharedBy, variantCountsOf, variantCountsQuery } from '../../core/measurement/variants-sql.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { variantDecided } from '../../core/strategy/campaign-decisions.ts';
import { rulesOf, type VariantDecision } from '../../core/strategy/experiment/campaign-experiment.ts';
import { verdictAtEnd } from '../../core/strategy/experiment/verdict.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { PlanCancelled } from '../../core/strategy/plan-cancelled.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { queries } from '../adapters/athena.ts';
import { definitions } from '../adapters/definitions.ts';
import { loadPlanVersion } from '../adapters/plan-versions.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeCampaign, isRefusal } from './change-campaign.ts';
import { env } from './decide-experiment.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, ATHENA_WORK_GROUP, GLUE_DATABASE } = readEnv(env);
const store = { defs: definitions(DEFINITIONS_TABLE), sinks: { auditTable: AUDIT_TABLE } };
const lake = queries({ workGroup: ATHENA_WORK_GROUP, database: GLUE_DATABASE });

/** The function has five minutes. */
const WAIT_MS = 280_000;

type Task = { campaignId: string; hash: string; runId: string };

/**
 * Task of run-campaign, once those who take part have had their time: counts what they did, and notes on the campaign which variant
 * the others get, and why. Running it twice is safe: what was decided first stands. Throws PlanCancelled.
 */
export const handler = async ({ campaignId, hash, runId }: Task): Promise<{ hash: string; isRest: boolean }> => {
  const plan = await loadPlanVersion(store.defs, campaignId, hash);
  const campaign = (await store.defs.get<Campaign>('campaign', campaignId))?.body;
  const decision = campaign?.run?.decision ?? (await decide(campaign, plan));
  const result = await changeCampaign(store, campaignId, MACHINE, Date.now(), (current) => {
    if (current.state === 'cancelled') throw new PlanCancelled(`Campaign ${campaignId} is cancelled`);
    return variantDecided(current, runId, decision);
  });
  if (!result || isRefusal(result)) throw new Error(`Campaign ${campaignId} cannot be decided: ${result?.detail}`);
  const chosen = result.run?.decision?.variant ?? decision.variant;
  const variant = plan.variants?.find(({ name }) => name === chosen);
  if (!variant) throw new Error(`${campaignId}@${hash} has no variant ${chosen}`);
  return { hash: variant.hash, isRest: plan.experiment?.testPercent !== undefined };
};

const decide = async (
  campaign: Campaign | undefined,
  { planId, variants = [], experiment }: PlanVersion,
): Promise<VariantDecision> => {
  if (!campaign?.run || !experiment) throw new Error(`Campaign ${planId} has no experiment under way`);
  const { runId, startedMs } = campaign.run;
  const id = await lake.start(variantCountsQuery({ planId, runId, startedMs, variants, experiment }));
  const { state, reason } = await lake.settled(id, WAIT_MS);
  if (state !== 'succeeded') throw new Error(`Query ${id} is ${state}: ${reason}`);
  const counts = variantCountsOf(await lake.rows(id), { variants, experiment });
  const { arm, ...verdict } = verdictAtEnd(sharedBy(counts, variants), rulesOf(experiment), runId);
  return { atMs: Date.now(), variant: arm, ...verdict };
};
