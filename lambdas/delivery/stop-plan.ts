import type { Verdict } from '../../core/delivery/plan-health.ts';
import type { ReceiptRef } from '../../core/delivery/receipt-ref.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import { pausedTrigger } from '../../core/event/trigger-decisions.ts';
import { cancelled, paused } from '../../core/strategy/campaign-decisions.ts';
import { isOver } from '../../core/strategy/campaign-states.ts';
import { pausedLive } from '../../core/strategy/journey/live-decisions.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { type Definitions, VersionConflict } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { changeCampaign, isRefusal } from '../strategy/change-campaign.ts';
import { changeLiveJourney, isLiveRefusal } from '../strategy/change-live-journey.ts';

const ATTEMPTS = 5;

/**
 * Pauses a plan of which too many complain; a campaign that may not be paused any more, for its recipients are not kept longer, is
 * cancelled. It is in the audit log. Doing it again changes nothing. False when somebody has paused the campaign or journey for a
 * reason of their own: it is to be judged again when they resume it.
 */
export const stopPlan = async (
  { defs, auditTable }: { defs: Definitions; auditTable: string },
  { planKind, planId }: Pick<ReceiptRef, 'planKind' | 'planId'>,
  { share, complained, delivered }: Verdict,
  nowMs: number,
): Promise<boolean> => {
  const reason = `Complaints: ${complained} of about ${delivered} emails, ${(share * 100).toFixed(2)} %`;
  const sinks = { auditTable };
  if (planKind === 'campaign') {
    const result = await changeCampaign({ defs, sinks }, planId, MACHINE, nowMs, (campaign) => {
      if (isOver(campaign.state)) return { kind: 'same', campaign };
      const decision = paused(campaign, MACHINE, reason, nowMs);
      return decision.kind === 'refuse' ? cancelled(campaign, reason) : decision;
    });
    return !result || isRefusal(result) || (result.pause?.by ?? MACHINE) === MACHINE;
  }
  if (planKind === 'journey') {
    const stored = await defs.get<LiveJourney>('live-journey', planId);
    if (!stored) return true;
    const result = await changeLiveJourney({ defs, sinks }, planId, MACHINE, nowMs, (live = stored.body) =>
      live.state === 'stopped' ? { kind: 'same', live } : pausedLive(live, MACHINE, reason, nowMs),
    );
    return isLiveRefusal(result) || (result.pause?.by ?? MACHINE) === MACHINE;
  }
  for (let attempt = 1; ; attempt += 1) {
    const stored = await defs.get<Trigger>('trigger', planId);
    if (stored?.body.state !== 'active') return true;
    const decision = pausedTrigger(stored.body, reason);
    if (decision.kind === 'refuse') return true;
    const version = stored.version + 1;
    const subject = `trigger/${planId}`;
    const entry = { subject, action: decision.action, actor: MACHINE, atMs: nowMs, version, detail: reason };
    const after = { ...decision.thing, version };
    try {
      // Matching sees the change by itself; compiling would only make it faster (decision 0004).
      await saveDefinition(defs, 'trigger', planId, after, stored.version, nowMs, [{ effect: 'audit', entry }], sinks);
      return true;
    } catch (error) {
      if (!(error instanceof VersionConflict) || attempt === ATTEMPTS) throw error;
    }
  }
};
