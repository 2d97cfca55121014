import type { Campaign } from '../../core/strategy/campaign.ts';
import { planHashOf } from '../../core/strategy/campaign-schedule.ts';
import type { Series } from '../../core/strategy/series.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';

/** What a campaign that was just scheduled waits for, its run or its series: it starts when `before` had another one, or none. */
export const startRun = (before: Campaign | undefined, after: Campaign): OutboxEntry[] => {
  const { id, due, state, series } = after;
  const hash = planHashOf(after);
  if (state !== 'scheduled' || !hash) return [];
  if (series) return series.chain === before?.series?.chain ? [] : [startChain(id, series)];
  if (!due || before?.due?.runId === due.runId) return [];
  const { runId, atMs } = due;
  const input = { campaignId: id, hash, runId, sendAt: new Date(atMs).toISOString() };
  return [{ effect: 'start-execution', machine: 'run-campaign', name: `run-${runId}`, input }];
};

/** Wakes at once: begin-run says how long to wait, which may be longer than an execution lives. */
const startChain = (campaignId: string, { chain, sinceMs }: Series): OutboxEntry => ({
  effect: 'start-execution',
  machine: 'repeat-campaign',
  name: `${campaignId}-${chain}`,
  input: { campaignId, chain, dueAt: new Date(sinceMs).toISOString() },
});
