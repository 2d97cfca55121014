import { type SegmentChange, segmentApproval } from '../../core/audience/segment-change.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import { triggerApproval } from '../../core/event/trigger-approval.ts';
import type { ApprovableKind } from '../../core/strategy/approval/approval-settings.ts';
import type { Saying, Voter } from '../../core/strategy/approval/decisions.ts';
import type { ForceDecision } from '../../core/strategy/approval/in-force.ts';
import type { Campaign } from '../../core/strategy/campaign.ts';
import { type Decision, decided, disapproved } from '../../core/strategy/campaign-decisions.ts';
import { type Journey, journeyApproval } from '../../core/strategy/journey/journey.ts';
import { stoppedLive } from '../../core/strategy/journey/live-decisions.ts';
import { type TemplateChange, templateApproval } from '../../core/strategy/template/template-change.ts';
import type { Template } from '../../core/strategy/template.ts';
import type { NamedSegment } from '../adapters/segments.ts';
import { Problem } from '../middleware/problem.ts';
import { changeCampaign, isRefusal, type Store, tellWaiting } from './change-campaign.ts';
import { changeForced, type ForcedKind, isForceRefusal, type Named } from './change-forced.ts';
import { changeLiveJourney, isLiveRefusal } from './change-live-journey.ts';
import { holdRun } from './lead-run.ts';

type Outcome = 'approved' | 'rejected';
type Revoker = Pick<Voter, 'actor' | 'roles'> & { reason: string };

/** What people decide about each kind of thing. All throw Problems, and give the thing as it then is. Repeating a decision is harmless. */
export const deciders = (store: Store) => {
  const campaign = async (
    id: string,
    actor: string,
    nowMs: number,
    outcome: string,
    to: (now: Campaign) => Decision,
  ) => {
    const result = await changeCampaign(store, id, actor, nowMs, to, (before, after) =>
      tellWaiting(before, after, outcome),
    );
    if (!result) throw new Problem('not-found', `There is no campaign ${id}`);
    if (isRefusal(result)) throw new Problem(result.problem, result.detail);
    await holdRun(store, result, { actor, nowMs });
    return result;
  };

  const forced = async <T extends Named>(
    kind: ForcedKind,
    id: string,
    actor: string,
    nowMs: number,
    to: (now: T) => ForceDecision<T>,
  ): Promise<T> => {
    const result = await changeForced(store, kind, id, actor, nowMs, to);
    if (!result) throw new Problem('not-found', `There is no ${kind} ${id}`);
    if (isForceRefusal(result)) throw new Problem(result.problem, result.detail);
    return result;
  };

  const decide = {
    campaign: (id: string, outcome: Outcome, by: Saying, nowMs: number) =>
      campaign(id, by.actor, nowMs, outcome, (now) => decided(now, outcome, by, nowMs)),
    journey: (id: string, outcome: Outcome, by: Saying, nowMs: number) =>
      forced<Journey>('journey', id, by.actor, nowMs, (now) => journeyApproval.decided(now, outcome, by, nowMs)),
    trigger: (id: string, outcome: Outcome, by: Saying, nowMs: number) =>
      forced<Trigger>('trigger', id, by.actor, nowMs, (now) => triggerApproval.decided(now, outcome, by, nowMs)),
    /** A yes is to the version that the template still is: see voidTemplateChange, which an edit may have come before. */
    async template(id: string, outcome: Outcome, by: Saying, nowMs: number) {
      const [template, change] = await Promise.all([
        store.defs.get<Template>('template', id),
        store.defs.get<TemplateChange>('template-change', id),
      ]);
      const isYes = outcome === 'approved' && change?.body.state === 'in review';
      if (isYes && template?.version !== change.body.templateVersion) {
        throw new Problem('version-conflict', 'The template was edited since: it is to be submitted again');
      }
      return forced<TemplateChange>('template', id, by.actor, nowMs, (now) =>
        templateApproval.decided(now, outcome, by, nowMs),
      );
    },
    /** A yes is to the rule in place of the one that the segment still has. */
    async segment(id: string, outcome: Outcome, by: Saying, nowMs: number) {
      const [segment, change] = await Promise.all([
        store.defs.get<NamedSegment>('segment', id),
        store.defs.get<SegmentChange>('segment-change', id),
      ]);
      const isYes = outcome === 'approved' && change?.body.state === 'in review';
      if (isYes && segment?.version !== change.body.segmentVersion) {
        throw new Problem('version-conflict', 'The segment was edited since: the rule is to be submitted again');
      }
      return forced<SegmentChange>('segment', id, by.actor, nowMs, (now) =>
        segmentApproval.decided(now, outcome, by, nowMs),
      );
    },
  } satisfies Record<ApprovableKind, unknown>;

  const revoke = {
    campaign: (id: string, by: Revoker, nowMs: number) =>
      campaign(id, by.actor, nowMs, 'revoked', (now) => disapproved(now, by, nowMs)),

    /**
     * What runs of it is stopped first: a call that dies then leaves nothing running that nobody approves any more. Of what is not in force yet nothing
     * runs, unless somebody puts it there in this moment.
     */
    async journey(id: string, by: Revoker, nowMs: number) {
      const stored = await store.defs.get<Journey>('journey', id);
      const decision = stored && journeyApproval.disapproved(stored.body, by, nowMs);
      const isInForce = stored?.body.state === 'published';
      if (isInForce && decision?.kind === 'change' && decision.action === 'revoke') {
        const result = await changeLiveJourney(store, id, by.actor, nowMs, (live) =>
          live
            ? stoppedLive(live, `Its approval was revoked: ${by.reason}`)
            : { kind: 'refuse', problem: 'state-conflict', detail: 'Nothing runs of it' },
        );
        if (isLiveRefusal(result)) throw new Problem(result.problem, result.detail);
      }
      const after = await forced<Journey>('journey', id, by.actor, nowMs, (now) =>
        journeyApproval.disapproved(now, by, nowMs),
      );
      if (!after.approval) return after;
      const { stopRevoked } = await import('./put-in-force.ts');
      return stopRevoked(store, after, after.approval, by.actor, nowMs);
    },

    trigger: (id: string, by: Revoker, nowMs: number) =>
      forced<Trigger>('trigger', id, by.actor, nowMs, (now) => triggerApproval.disapproved(now, by, nowMs)),

    /** Before it is in force: what plans say is stopped with them, or replaced by another version. */
    template: (id: string, by: Revoker, nowMs: number) =>
      forced<TemplateChange>('template', id, by.actor, nowMs, (now) => templateApproval.disapproved(now, by, nowMs)),

    async segment(id: string, by: Revoker, nowMs: number) {
      const stored = await store.defs.get<SegmentChange>('segment-change', id);
      const decision = stored && segmentApproval.disapproved(stored.body, by, nowMs);
      if (stored && decision?.kind === 'change' && decision.action === 'revoke') {
        const { holdSegmentBack } = await import('./put-segment-in-force.ts');
        await holdSegmentBack(store, stored.body, by.actor, nowMs);
      }
      return forced<SegmentChange>('segment', id, by.actor, nowMs, (now) =>
        segmentApproval.disapproved(now, by, nowMs),
      );
    },
  } satisfies Record<ApprovableKind, unknown>;

  return { decide, revoke };
};
