import type { Campaign } from '../../core/strategy/campaign.ts';
import { type ApprovalRef, MACHINE, settled } from '../../core/strategy/campaign-decisions.ts';
import { beginsAtMs } from '../../core/strategy/send-time.ts';
import { definitions } from '../adapters/definitions.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeCampaign, isRefusal } from './change-campaign.ts';
import { env } from './settle-approval.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, RUN_MACHINE_ARN } = readEnv(env);
const store = {
  defs: definitions(DEFINITIONS_TABLE),
  sinks: { auditTable: AUDIT_TABLE, machines: { 'run-campaign': RUN_MACHINE_ARN } },
};

/** A run is named by what it sends, so that it can start only once. */
const startRun = (campaign: Campaign, hash: string, nowMs: number): OutboxEntry => {
  const { id } = campaign;
  const runId = `${id}-${hash.slice(0, 12)}`;
  const input = { campaignId: id, hash, runId, sendAt: new Date(beginsAtMs(campaign) ?? nowMs).toISOString() };
  return { effect: 'start-execution', machine: 'run-campaign', name: `run-${runId}`, input };
};

/**
 * Last task of approve-plan: schedules the run of an approved campaign, returns one that nobody decided on to draft.
 * Running it twice is safe: the second time the campaign is scheduled already and nothing changes.
 */
export const handler = async (
  task: ApprovalRef & { campaignId: string; expired: boolean },
): Promise<{ state: string }> => {
  const { campaignId, hash, submission, expired } = task;
  const nowMs = Date.now();
  const result = await changeCampaign(
    store,
    campaignId,
    MACHINE,
    nowMs,
    (campaign) => settled(campaign, { hash, submission }, expired, nowMs),
    (_, after) => (after.state === 'scheduled' ? [startRun(after, hash, nowMs)] : []),
  );
  if (!result || isRefusal(result))
    throw new Error(`Campaign ${campaignId} cannot be settled: ${result?.detail ?? 'gone'}`);
  return { state: result.state };
};
