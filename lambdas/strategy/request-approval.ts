import type { Campaign } from '../../core/strategy/campaign.ts';
import { type ApprovalRef, MACHINE, opened } from '../../core/strategy/campaign-decisions.ts';
import { ApprovalVoided } from '../../core/strategy/plan-cancelled.ts';
import { definitions } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './request-approval.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);

/**
 * Task of approve-plan, which waits after it: puts the task token on the campaign, where the API finds it when somebody
 * decides. Running it twice is safe: the state machine waits for the token of the last attempt, and that is kept.
 * Throws ApprovalVoided when the submission is no longer in review.
 */
export const handler = async (task: ApprovalRef & { campaignId: string; taskToken: string }): Promise<void> => {
  const { campaignId: id, hash, submission, taskToken } = task;
  const nowMs = Date.now();
  const stored = await defs.get<Campaign>('campaign', id);
  const campaign = stored && opened(stored.body, { hash, submission }, taskToken);
  if (!stored || !campaign) throw new ApprovalVoided(`Campaign ${id} is no longer in review as ${hash}`);
  const version = stored.version + 1;
  const entry = { subject: `campaign/${id}`, action: 'open', actor: MACHINE, atMs: nowMs, version, detail: hash };
  // A conflict is thrown: the state machine asks again, and then the campaign says something newer.
  await saveDefinition(
    defs,
    'campaign',
    id,
    { ...campaign, version },
    stored.version,
    nowMs,
    [{ effect: 'audit', entry }],
    {
      auditTable: AUDIT_TABLE,
    },
  );
};
