import type { Trigger } from '../../core/event/trigger.ts';
import type { ApprovalRef } from '../../core/strategy/approval/approval.ts';
import { isApproved } from '../../core/strategy/approval/in-force.ts';
import type { Journey } from '../../core/strategy/journey/journey.ts';
import { published } from '../../core/strategy/journey/live-decisions.ts';
import {
  type SubmittedTemplate,
  type TemplateChange,
  type TouchedPlan,
  templateApproval,
} from '../../core/strategy/template/template-change.ts';
import { journeys } from '../adapters/journeys.ts';
import { loadSubmission } from '../adapters/submissions.ts';
import type { Store } from './change-campaign.ts';
import { changeForced, isForceRefusal } from './change-forced.ts';
import { changeLiveJourney, isLiveRefusal } from './change-live-journey.ts';

/**
 * Has each plan that is still as it was at the submission say what was approved; one that was approved anew since, or stopped, is left as it is. Each
 * is one write, and repeated it changes nothing. Undefined when there is no such change.
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
  for (const plan of plans) await put[plan.kind](store, plan, actor, nowMs);
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

  /** Those inside finish, move or leave as was chosen when the journey was published. */
  journey: async (store: Store, { id, from, to }: TouchedPlan, actor: string, nowMs: number): Promise<void> => {
    const version = await journeys(store.defs).versionOf(id, to);
    const running = await changeLiveJourney(store, id, actor, nowMs, (live) => {
      if (!live) return { kind: 'refuse', problem: 'state-conflict', detail: 'It was never published' };
      return live.current === from ? published(live, version, live.inside, nowMs) : { kind: 'same', live };
    });
    if (isLiveRefusal(running) || running.current !== to) return;
    await changeForced<Journey>(store, 'journey', id, actor, nowMs, (thing) =>
      thing.hash === from
        ? { kind: 'change', action: 'take template', thing: { ...thing, hash: to }, detail: to }
        : { kind: 'same', thing },
    );
  },
};
