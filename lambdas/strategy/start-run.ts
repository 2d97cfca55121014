import type { Campaign } from '../../core/strategy/campaign.ts';
import { planHashOf } from '../../core/strategy/campaign-schedule.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';

/** The run that a campaign which was just scheduled waits for: it starts when `before` had another one, or none. */
export const startRun = (before: Campaign, after: Campaign): OutboxEntry[] => {
  const { id, due, state } = after;
  const hash = planHashOf(after);
  if (state !== 'scheduled' || !due || !hash || before.due?.runId === due.runId) return [];
  const { runId, atMs } = due;
  const input = { campaignId: id, hash, runId, sendAt: new Date(atMs).toISOString() };
  return [{ effect: 'start-execution', machine: 'run-campaign', name: `run-${runId}`, input }];
};
