import type { Campaign } from '../../../core/strategy/campaign.ts';
import { withBeginning } from '../../../core/strategy/campaign-schedule.ts';
import { nextStep } from '../../../core/strategy/series.ts';
import { runCampaign } from '../../../core/strategy/series-run.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const START = Date.parse('2026-12-01T00:00Z');
export const schedule = { every: 'day' as const, time: '09:00', timeZone: 'UTC', from: '2026-12-01' };
const approval = { hash: 'h'.repeat(32), submission: 1 } as Campaign['approval'];
export const written = (more: Partial<Campaign> = {}): Campaign =>
  ({
    ...{ id: 'c', version: 4, state: 'approved', author: 'mia', editors: ['zoe'], createdMs: 0, approval },
    ...{ name: 'Daily', audience: { segmentId: 's' }, templateId: 't', channelPolicy: ['push'], topic: 'news' },
    ...{ repeat: { schedule }, speed: { perMinute: 9 } },
    ...more,
  }) as Campaign;

/** Scheduled, as the end of an approval does it. */
export const scheduled = (more: Partial<Campaign> = {}, nowMs = START): Campaign => {
  const campaign = written({ ...more, state: 'scheduled' });
  const decision = withBeginning({ kind: 'change', action: 'schedule', campaign, detail: '' }, nowMs, 'UTC');
  if (decision.kind !== 'change') throw new Error(decision.kind);
  return decision.campaign;
};
export const run = (campaign: Campaign, state: Campaign['state'], more: Partial<Campaign> = {}): Campaign => ({
  ...runCampaign(campaign, 'p'.repeat(32), START),
  ...more,
  state,
});

/** Saves until there is nothing to save: what the chain does between two waits. */
export const settle = (campaign: Campaign, newest: (campaign: Campaign) => Campaign | undefined, nowMs: number) => {
  const actions: string[] = [];
  let current = campaign;
  for (let n = 0; n < 10; n += 1) {
    if (current.state !== 'scheduled') return { campaign: current, actions, step: undefined };
    const step = nextStep(current, newest(current), nowMs);
    if (step.do !== 'save') return { campaign: current, actions, step };
    if (step.decision.kind !== 'change') throw new Error(step.decision.kind);
    actions.push(step.decision.action);
    current = { ...step.decision.campaign, version: current.version + 1 };
  }
  throw new Error('a circle');
};
