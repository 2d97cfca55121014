import type { Verdict } from '../../core/delivery/plan-health.ts';
import type { ReceiptRef } from '../../core/delivery/receipt-ref.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import { pausedTrigger } from '../../core/event/trigger-decisions.ts';
import { cancelled, MACHINE } from '../../core/strategy/campaign-decisions.ts';
import { isOver } from '../../core/strategy/campaign-states.ts';
import { type Definitions, VersionConflict } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { changeCampaign } from '../strategy/change-campaign.ts';

const ATTEMPTS = 5;

/**
 * Stops a plan of which too many complain: a trigger is paused, a campaign that still sends is cancelled, for campaigns cannot
 * pause. Both are in the audit log. Doing it again changes nothing.
 */
export const stopPlan = async (
  { defs, auditTable }: { defs: Definitions; auditTable: string },
  { planKind, planId }: Pick<ReceiptRef, 'planKind' | 'planId'>,
  { share, complained, delivered }: Verdict,
  nowMs: number,
): Promise<void> => {
  const reason = `Complaints: ${complained} of about ${delivered} emails, ${(share * 100).toFixed(2)} %`;
  const sinks = { auditTable };
  if (planKind === 'campaign') {
    await changeCampaign({ defs, sinks }, planId, MACHINE, nowMs, (campaign) =>
      isOver(campaign.state) ? { kind: 'same', campaign } : cancelled(campaign, reason),
    );
    return;
  }
  for (let attempt = 1; ; attempt += 1) {
    const stored = await defs.get<Trigger>('trigger', planId);
    if (stored?.body.state !== 'active') return;
    const decision = pausedTrigger(stored.body);
    if (decision.kind === 'refuse') return;
    const version = stored.version + 1;
    const subject = `trigger/${planId}`;
    const entry = { subject, action: decision.action, actor: MACHINE, atMs: nowMs, version, detail: reason };
    const after = { ...decision.trigger, version };
    try {
      // Matching sees the change by itself; compiling would only make it faster (decision 0004).
      await saveDefinition(defs, 'trigger', planId, after, stored.version, nowMs, [{ effect: 'audit', entry }], sinks);
      return;
    } catch (error) {
      if (!(error instanceof VersionConflict) || attempt === ATTEMPTS) throw error;
    }
  }
};
