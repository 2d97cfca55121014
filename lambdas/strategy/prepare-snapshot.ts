import { snapshotQuery } from '../../core/audience/segment-queries.ts';
import { prepared } from '../../core/strategy/campaign-decisions.ts';
import { isOvertaken } from '../../core/strategy/campaign-schedule.ts';
import { splitOf } from '../../core/strategy/experiment/campaign-experiment.ts';
import { DEFAULT_HOLDOUT, type HoldoutSettings, holdoutOf } from '../../core/strategy/holdout.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { PlanCancelled } from '../../core/strategy/plan-cancelled.ts';
import { renderer } from '../../core/strategy/render.ts';
import { definitions } from '../adapters/definitions.ts';
import { loadPlanVersion } from '../adapters/plan-versions.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeCampaign, isRefusal } from './change-campaign.ts';
import { env } from './prepare-snapshot.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, WORK_BUCKET, GLUE_DATABASE } = readEnv(env);
const store = { defs: definitions(DEFINITIONS_TABLE), sinks: { auditTable: AUDIT_TABLE } };

type Task = { campaignId: string; hash: string; runId: string };

/**
 * Task of run-campaign: the UNLOAD that freezes the audience of the approved plan version. The folder in it gets the
 * number of the attempt from the state machine. Running it twice is safe: the run began when it began, so the query is
 * the same. Throws PlanCancelled.
 */
export const handler = async ({
  campaignId,
  hash,
  runId,
}: Task): Promise<{ sql: string; folder: string; database: string }> => {
  const nowMs = Date.now();
  const result = await changeCampaign(store, campaignId, MACHINE, nowMs, (campaign) => {
    if (campaign.state === 'cancelled' || isOvertaken(campaign, runId))
      throw new PlanCancelled(`Run ${runId} of campaign ${campaignId} is not to begin`);
    return prepared(campaign, runId, nowMs);
  });
  if (!result || isRefusal(result)) throw new Error(`Campaign ${campaignId} cannot run: ${result?.detail ?? 'gone'}`);
  const plan = await loadPlanVersion(store.defs, campaignId, hash);
  if (!plan.segment) throw new Error(`Plan version ${hash} of campaign ${campaignId} has no segment`);
  const { attributesOf } = renderer(await import('liquidjs'));
  const versions = await Promise.all(
    (plan.variants ?? []).map(({ hash }) => loadPlanVersion(store.defs, campaignId, hash)),
  );
  const attributes = [plan, ...versions].flatMap(({ template }) => attributesOf(template));
  const everywhere = (await store.defs.get<HoldoutSettings>('settings', 'holdout'))?.body ?? DEFAULT_HOLDOUT;
  const holdouts = [
    ...(plan.holdout ? [holdoutOf(result.runOf?.campaignId ?? campaignId, plan.holdout)] : []),
    everywhere,
  ].filter(({ percent }) => percent > 0);
  const { variants, experiment } = plan;
  const split = variants && splitOf(campaignId, { variants, experiment });
  const folder = `s3://${WORK_BUCKET}/snapshots/${runId}/unload/`;
  const sql = snapshotQuery(plan.segment, {
    nowMs: result.run?.startedMs ?? nowMs,
    attributes,
    sending: plan,
    withActivity: plan.sendTime !== undefined && 'best' in plan.sendTime,
    ...((holdouts.length > 0 || plan.variants) && { arms: { holdouts, ...(split && { split }) } }),
    location: folder,
  });
  return { sql, folder, database: GLUE_DATABASE };
};
