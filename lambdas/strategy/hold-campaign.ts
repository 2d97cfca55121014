import type { Campaign } from '../../core/strategy/campaign.ts';
import { cancelled, held } from '../../core/strategy/campaign-decisions.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { definitions } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeCampaign, isRefusal } from './change-campaign.ts';
import { env } from './hold-campaign.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, RELEASE_MACHINE_ARN } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const sinks = { auditTable: AUDIT_TABLE, machines: { 'release-parked': RELEASE_MACHINE_ARN } };

/** The pause has ended meanwhile. The state machine goes on at this name. */
class NotPaused extends Error {
  override name = 'NotPaused';
}

/** `taskToken`: of the wait for the end of the pause; absent: that has lasted too long. */
type Task = { campaignId: string; runId: string; taskToken?: string };

/**
 * Task of run-campaign, which waits after it: puts the task token on the paused campaign, where whoever ends the pause finds
 * it. Throws NotPaused when it is over. When the wait has lasted too long, it cancels the campaign. Running it twice is safe:
 * the state machine waits for the token of the last attempt, and that is kept; a campaign is cancelled once.
 */
export const handler = async ({ campaignId, runId, taskToken }: Task): Promise<void> => {
  const nowMs = Date.now();
  if (taskToken === undefined) {
    const reason = 'It was still paused 30 days after it began';
    const result = await changeCampaign({ defs, sinks, isRun: true }, campaignId, MACHINE, nowMs, (campaign) =>
      campaign.pause ? cancelled(campaign, reason) : { kind: 'same', campaign },
    );
    if (!result || isRefusal(result)) throw new Error(`The pause of ${campaignId} cannot end: ${result?.detail}`);
    return;
  }
  const stored = await defs.get<Campaign>('campaign', campaignId);
  const campaign = stored && held(stored.body, runId, taskToken);
  if (!stored || !campaign) throw new NotPaused(`Campaign ${campaignId} is not paused in ${runId}`);
  // A conflict is thrown: the state machine asks again, and then the campaign says something newer.
  const after = { ...campaign, version: stored.version + 1 };
  await saveDefinition(defs, 'campaign', campaignId, after, stored.version, nowMs, [], sinks);
};
