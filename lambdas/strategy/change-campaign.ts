import type { Campaign } from '../../core/strategy/campaign.ts';
import type { Decision } from '../../core/strategy/campaign-decisions.ts';
import { type Definitions, VersionConflict } from '../adapters/definitions.ts';
import { type Sinks, saveDefinition } from '../adapters/outbox.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';

/** `isRun`: it is the run itself that changes the campaign, which then waits for no end of its own pause. */
export type Store = { defs: Definitions; sinks: Sinks; isRun?: true };
export type Refusal = Extract<Decision, { kind: 'refuse' }>;

const ATTEMPTS = 5;

/**
 * Loads the campaign, decides, saves, publishes; decides again when somebody else was faster. `effects` are what must
 * happen beside the audit entry and the end of a pause, which it writes itself. Gives the campaign as it then is, or the refusal; undefined
 * when there is no such campaign. Throws VersionConflict when it stays contended.
 */
export const changeCampaign = async (
  { defs, sinks, isRun }: Store,
  id: string,
  actor: string,
  nowMs: number,
  decide: (campaign: Campaign) => Decision,
  effects: (before: Campaign, after: Campaign) => OutboxEntry[] = () => [],
): Promise<Campaign | Refusal | undefined> => {
  for (let attempt = 1; ; attempt += 1) {
    const stored = await defs.get<Campaign>('campaign', id);
    if (!stored || stored.body.deletedMs !== undefined) return undefined;
    const decision = decide(stored.body);
    if (decision.kind === 'same') return decision.campaign;
    if (decision.kind === 'refuse') return decision;
    const after = { ...decision.campaign, version: stored.version + 1 };
    const { action, detail } = decision;
    const entry = { subject: `campaign/${id}`, action, actor, atMs: nowMs, version: after.version, detail };
    const outbox: OutboxEntry[] = [
      { effect: 'audit', entry },
      ...effects(stored.body, after),
      ...unpause(stored.body, after, isRun),
    ];
    try {
      return (await saveDefinition(defs, 'campaign', id, after, stored.version, nowMs, outbox, sinks)).body;
    } catch (error) {
      if (!(error instanceof VersionConflict) || attempt === ATTEMPTS) throw error;
    }
  }
};

/**
 * However a pause ends: the messages that wait for that go on, to be sent or settled. So does the run, which waits unless it is
 * the run itself that ends the pause.
 */
const unpause = ({ id, pause, run }: Campaign, after: Campaign, isRun?: true): OutboxEntry[] => {
  // One that has not begun has nothing that waits.
  if (!pause || after.pause || !run) return [];
  const { number, taskToken } = pause;
  const input = { campaignId: id, pause: number };
  return [
    { effect: 'start-execution', machine: 'release-parked', name: `${id}-${number}`, input },
    ...(taskToken && !isRun ? [{ effect: 'task-success' as const, taskToken, output: {} }] : []),
  ];
};

export const isRefusal = (result: Campaign | Refusal): result is Refusal => 'kind' in result;

/** Tells the state machine that waits for this campaign's approval that the wait is over: it reads what the campaign says. */
export const tellWaiting = (before: Campaign, after: Campaign, outcome: string): OutboxEntry[] => {
  const taskToken = before.approval?.taskToken;
  return taskToken && !after.approval?.taskToken ? [{ effect: 'task-success', taskToken, output: { outcome } }] : [];
};
