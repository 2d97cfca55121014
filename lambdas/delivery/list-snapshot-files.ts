import type { Campaign } from '../../core/strategy/campaign.ts';
import { type Decision, MACHINE } from '../../core/strategy/campaign-decisions.ts';
import { nextState } from '../../core/strategy/campaign-states.ts';
import { PlanCancelled } from '../../core/strategy/plan-cancelled.ts';
import { definitions } from '../adapters/definitions.ts';
import { readObject } from '../adapters/objects.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeCampaign, isRefusal } from '../strategy/change-campaign.ts';
import { env } from './list-snapshot-files.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, WORK_BUCKET } = readEnv(env);
const store = { defs: definitions(DEFINITIONS_TABLE), sinks: { auditTable: AUDIT_TABLE } };

/** `manifest` is the S3 address of Athena's list of files; absent when the query wrote none. */
type Task = { campaignId: string; runId: string; manifest?: string };

/**
 * Task of run-campaign: names the files that the snapshot's UNLOAD wrote, and turns the campaign to `sending`. Only the
 * manifest is trusted, for an attempt that failed leaves files behind. Running it twice is safe: a campaign that is
 * sending stays so. Throws PlanCancelled.
 */
export const handler = async ({ campaignId, runId, manifest }: Task): Promise<{ files: string[] }> => {
  const result = await changeCampaign(store, campaignId, MACHINE, Date.now(), (campaign) => begun(campaign, runId));
  if (!result) throw new Error(`Campaign ${campaignId} is gone`);
  if (isRefusal(result)) throw new Error(`Campaign ${campaignId} cannot be sent: ${result.detail}`);
  if (!manifest) return { files: [] };
  const lines = (await (await readObject(WORK_BUCKET, keyOf(manifest))).text()).split(/\r?\n/);
  const addresses = lines.map((line) => line.trim().replace(/^"(.*)"$/, '$1')).filter((line) => line !== '');
  return { files: addresses.map(keyOf).sort() };
};

const begun = (campaign: Campaign, runId: string): Decision => {
  if (campaign.state === 'cancelled') throw new PlanCancelled(`Campaign ${campaign.id} is cancelled`);
  if (campaign.state === 'sending') return { kind: 'same', campaign };
  const state = nextState(campaign.state, 'send');
  return state
    ? { kind: 'change', action: 'send', campaign: { ...campaign, state }, detail: runId }
    : { kind: 'refuse', problem: 'state-conflict', detail: `A campaign that is ${campaign.state} takes no send` };
};

/** Key of `s3://<work bucket>/<key>`. Throws for another bucket: the run would read files that are not its own. */
const keyOf = (address: string): string => {
  const prefix = `s3://${WORK_BUCKET}/`;
  if (!address.startsWith(prefix)) throw new Error(`${address} is not in ${prefix}`);
  return address.slice(prefix.length);
};
