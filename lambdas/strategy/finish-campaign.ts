import { ended, MACHINE } from '../../core/strategy/campaign-decisions.ts';
import { definitions } from '../adapters/definitions.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeCampaign, isRefusal } from './change-campaign.ts';
import { env } from './finish-campaign.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE } = readEnv(env);
const store = { defs: definitions(DEFINITIONS_TABLE), sinks: { auditTable: AUDIT_TABLE } };

type Task = { campaignId: string; runId: string; error?: string; parts?: number; recipients?: number };

/**
 * Last task of run-campaign, after the drain or after an error that nothing else handled. Running it twice is safe: a
 * campaign that has ended stays as it ended.
 */
export const handler = async ({ campaignId, runId, error, parts, recipients }: Task): Promise<{ state: string }> => {
  const nowMs = Date.now();
  const result = await changeCampaign(store, campaignId, MACHINE, nowMs, (campaign) =>
    ended(campaign, runId, { error, parts, snapshotSize: recipients }, nowMs),
  );
  if (!result || isRefusal(result)) throw new Error(`Campaign ${campaignId} cannot end: ${result?.detail ?? 'gone'}`);
  return { state: result.state };
};
