import type { Trigger } from '../../core/event/trigger.ts';
import type { ApprovalRef } from '../../core/strategy/approval/approval.ts';
import { isApproved } from '../../core/strategy/approval/in-force.ts';
import type { Journey } from '../../core/strategy/journey/journey.ts';
import { published } from '../../core/strategy/journey/live-decisions.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { says, withMessagesOf } from '../../core/strategy/journey/messages-of.ts';
import {
  type SubmittedTemplate,
  type TemplateChange,
  type TouchedPlan,
  templateApproval,
} from '../../core/strategy/template/template-change.ts';
import { journeys, storeJourneyVersion } from '../adapters/journeys.ts';
import { loadSubmission } from '../adapters/submissions.ts';
import type { Store } from './change-campaign.ts';
import { changeForced, isForceRefusal } from './change-forced.ts';
import { changeLiveJourney, isLiveRefusal } from './change-live-journey.ts';

/**
 * Has each plan that still has what the template said at the submission say what was approved; one that was approved anew since, or stopped, is left
 * as it is. Of a journey other templates may have been put in force since: they stay. Each is one write, and repeated it changes nothing. Where the
 * template is edited, or the approval taken back, plans that have it by then keep it, and no other gets it. A plan that is in trouble keeps no other one
 * waiting: the first error is thrown at the end. Undefined when there is no such change.
 */
export const putTemplateInForce = async (
  store: Store,
  id: string,
  ref: ApprovalRef,
  actor: string,
  nowMs: number,
): Promise<TemplateChange | undefined> => {
  const stored = await store.defs.get<TemplateChange>('template-change', id);
  if (!stored || !isApproved(stored.body, ref)) return stored?.body;
  const { plans } = await loadSubmission<SubmittedTemplate>(store.defs, 'template', id, ref.hash);
  const errors: unknown[] = [];
  for (const plan of plans) {
    const now = (await store.defs.get<TemplateChange>('template-change', id))?.body;
    if (!now || !isApproved(now, ref)) return now;
    await put[plan.kind](store, plan, actor, nowMs).catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw errors[0];
  const result = await changeForced<TemplateChange>(store, 'template', id, actor, nowMs, (change) =>
    templateApproval.putInForce(change, ref, {}),
  );
  if (result && isForceRefusal(result)) throw new Error(`Template ${id} cannot be put in force: ${result.detail}`);
  return result;
};

const put = {
  trigger: async (store: Store, { id, from, to }: TouchedPlan, actor: string, nowMs: number): Promise<void> => {
    await changeForced<Trigger>(store, 'trigger', id, actor, nowMs, (thing) =>
      thing.state === 'active' && thing.hash === from
        ? { kind: 'change', action: 'take template', thing: { ...thing, hash: to }, detail: to }
        : { kind: 'same', thing },
    );
  },

  /**
   * Those inside finish or move as was chosen when the journey was published. Nobody leaves for a text: where that was chosen, of versions that had
   * other nodes, they move.
   */
  journey: async (store: Store, plan: TouchedPlan, actor: string, nowMs: number): Promise<void> => {
    const { defs } = store;
    const { versionOf } = journeys(defs);
    const [from, to] = await Promise.all([versionOf(plan.id, plan.from), versionOf(plan.id, plan.to)]);
    for (let attempt = 1; ; attempt += 1) {
      const base = (await defs.get<LiveJourney>('live-journey', plan.id))?.body.current;
      if (base === undefined) return;
      const current = await versionOf(plan.id, base);
      const version = withMessagesOf(current, from, to);
      // Nothing of it is as it was: it has the new content already, or was approved anew.
      if (!version) return says(current, from, to) ? follow(store, plan.id, actor, nowMs) : undefined;
      await storeJourneyVersion(defs, version, nowMs);
      const running = await changeLiveJourney(store, plan.id, actor, nowMs, (live) => {
        if (!live) return { kind: 'refuse', problem: 'state-conflict', detail: 'It was never published' };
        return live.current === base
          ? published(live, version, live.inside === 'exit' ? 'move' : live.inside, nowMs)
          : { kind: 'same', live };
      });
      if (isLiveRefusal(running)) return;
      if (running.current === version.hash) return follow(store, plan.id, actor, nowMs);
      // Another template came in between.
      if (attempt === ATTEMPTS) throw new Error(`Journey ${plan.id} changes all the time`);
    }
  },
};

const ATTEMPTS = 5;

/** Has the journey say which version runs. It looks again afterwards: of two templates the one that writes last may have looked first. */
const follow = async (store: Store, id: string, actor: string, nowMs: number): Promise<void> => {
  const running = async () => (await store.defs.get<LiveJourney>('live-journey', id))?.body.current;
  for (let hash = await running(), said = ''; hash !== undefined && hash !== said; hash = await running()) {
    const now = hash;
    await changeForced<Journey>(store, 'journey', id, actor, nowMs, (thing) =>
      thing.hash === now
        ? { kind: 'same', thing }
        : { kind: 'change', action: 'take template', thing: { ...thing, hash: now }, detail: now },
    );
    said = now;
  }
};
