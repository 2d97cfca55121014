import { type SegmentChange, segmentApproval } from '../../core/audience/segment-change.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import { triggerApproval } from '../../core/event/trigger-approval.ts';
import type { Approvable, ApprovalRef } from '../../core/strategy/approval/approval.ts';
import type { ApprovableKind } from '../../core/strategy/approval/approval-settings.ts';
import { type ForceDecision, isApproved, isRevoked } from '../../core/strategy/approval/in-force.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { opened, settled } from '../../core/strategy/campaign-decisions.ts';
import { withBeginning } from '../../core/strategy/campaign-schedule.ts';
import { type Journey, journeyApproval } from '../../core/strategy/journey/journey.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { type TemplateChange, templateApproval } from '../../core/strategy/template/template-change.ts';
import { fallbackZone } from '../adapters/fallback-zone.ts';
import { changeCampaign, isRefusal, type Store } from './change-campaign.ts';
import { changeForced, type ForcedKind, isForceRefusal, type Named } from './change-forced.ts';
import { putJourneyInForce, putTriggerInForce } from './put-in-force.ts';
import { putSegmentInForce } from './put-segment-in-force.ts';
import { putTemplateInForce } from './put-template-in-force.ts';
import { startRun } from './start-run.ts';

/** How a kind of thing waits for its approval. */
type Handling<T extends Approvable> = {
  /** With the token of the wait for a level; undefined when nothing waits for it. */
  opened: (thing: T, ref: ApprovalRef & { level: number }, taskToken: string) => T | undefined;
  /** What follows when a wait is over; gives the thing as it then is, undefined when somebody has deleted it. */
  settle: (store: Store, id: string, ref: ApprovalRef, givenUp: boolean, nowMs: number) => Promise<T | undefined>;
};

const campaign: Handling<Campaign> = {
  opened,
  async settle(store, id, ref, givenUp, nowMs) {
    const timeZone = await fallbackZone(store.defs);
    const result = await changeCampaign(
      store,
      id,
      MACHINE,
      nowMs,
      (thing) => withBeginning(settled(thing, ref, givenUp, nowMs), nowMs, timeZone),
      startRun,
    );
    if (result && isRefusal(result)) throw new Error(`Campaign ${id} cannot be settled: ${result.detail}`);
    // Who deletes a campaign leaves it in the table.
    if (!result && !(await store.defs.get('campaign', id))) throw new Error(`Campaign ${id} is gone`);
    return result;
  },
};

/** What was approved is put in force; else it expires, is reminded of, or waits on. Of these kinds nothing is deleted. */
const forced = <T extends Named>(
  kind: ForcedKind,
  {
    opened,
    waited,
  }: {
    opened: Handling<T>['opened'];
    waited: (thing: T, ref: ApprovalRef, givenUp: boolean, nowMs: number) => ForceDecision<T>;
  },
  putInForce: (store: Store, id: string, ref: ApprovalRef, actor: string, nowMs: number) => Promise<T | undefined>,
): Handling<T> => ({
  opened,
  async settle(store, id, ref, givenUp, nowMs) {
    const decide = (thing: T) => waited(thing, ref, givenUp, nowMs);
    const result = await changeForced(store, kind, id, MACHINE, nowMs, decide);
    if (!result) throw new Error(`The ${kind} ${id} is gone`);
    if (isForceRefusal(result)) throw new Error(`The ${kind} ${id} cannot be settled: ${result.detail}`);
    // Of what was taken back something may have come into force just then: that is looked at, too.
    const isToDo = isApproved(result, ref) || isRevoked(result, ref.submission);
    return isToDo ? putInForce(store, id, ref, MACHINE, nowMs) : result;
  },
});

/** By the kind of their definitions. */
export const approvables = {
  campaign,
  journey: forced<Journey>('journey', journeyApproval, putJourneyInForce),
  trigger: forced<Trigger>('trigger', triggerApproval, putTriggerInForce),
  template: forced<TemplateChange>('template', templateApproval, putTemplateInForce),
  segment: forced<SegmentChange>('segment', segmentApproval, putSegmentInForce),
} as const satisfies Record<ApprovableKind, unknown>;
