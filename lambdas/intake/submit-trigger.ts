import { channelsOf } from '../../core/delivery/policy.ts';
import type { Trigger } from '../../core/event/trigger.ts';
import { inputOf, type SubmittedTrigger, triggerApproval } from '../../core/event/trigger-approval.ts';
import { DEFAULT_EXPIRY_SECONDS, type Voter } from '../../core/strategy/approval/decisions.ts';
import type { ForceDecision } from '../../core/strategy/approval/in-force.ts';
import { freezePlan } from '../../core/strategy/plan-hash.ts';
import { contentOf, type Template } from '../../core/strategy/template.ts';
import type { Definitions } from '../adapters/definitions.ts';
import type { OutboxEntry } from '../adapters/outbox-entry.ts';
import { storePlanVersion } from '../adapters/plan-versions.ts';
import { storeSubmission } from '../adapters/submissions.ts';
import { askForApproval } from '../strategy/change-forced.ts';
import { levelsFor } from '../strategy/levels-for.ts';

/** What a submission of the trigger with its template as it now is does; what it freezes is stored before anything names it. */
export const submitTrigger = async (
  defs: Definitions,
  trigger: Trigger,
  template: Template,
  { expirySeconds = DEFAULT_EXPIRY_SECONDS }: { expirySeconds?: number | undefined },
  actor: string,
  nowMs: number,
) => {
  const { hash } = await freeze(defs, trigger, template, nowMs);
  const submission = { hash, expirySeconds, ...(await levels(defs, trigger, template, actor)) };
  return {
    decide: (now: Trigger): ForceDecision<Trigger> => triggerApproval.submitted(now, submission, actor, nowMs),
    effects: (after: Trigger): OutboxEntry[] => [askForApproval('trigger', after, nowMs)],
  };
};

/** What it does that a second person activates it at once. */
export const activateTrigger = async (
  defs: Definitions,
  trigger: Trigger,
  template: Template,
  by: Voter,
  nowMs: number,
) => {
  const { hash, plan } = await freeze(defs, trigger, template, nowMs);
  const submission = { hash, ...(await levels(defs, trigger, template, undefined)) };
  return (now: Trigger): ForceDecision<Trigger> => {
    const approved = triggerApproval.approvedAtOnce(now, submission, by, nowMs);
    if (approved.kind !== 'change') return approved;
    const ref = { hash, submission: now.version };
    return triggerApproval.putInForce(approved.thing, ref, { hash: plan, activatedBy: by.actor });
  };
};

const freeze = async (defs: Definitions, trigger: Trigger, template: Template, nowMs: number) => {
  const { id, name, topic, lane, priority, channelPolicy, budget, tracking } = trigger;
  const plan = freezePlan({
    planKind: 'trigger',
    planId: id,
    name,
    topic,
    lane,
    ...(priority && { priority }),
    channelPolicy,
    ...(budget !== undefined && { budget }),
    ...(tracking && { tracking }),
    template: contentOf(template),
  });
  // The content is stored before the trigger names it: a sender never finds a hash without its plan.
  await storePlanVersion(defs, plan, nowMs);
  const submitted: SubmittedTrigger = { input: inputOf(trigger), plan: plan.hash };
  return { hash: await storeSubmission(defs, 'trigger', id, submitted, nowMs), plan: plan.hash };
};

const levels = (defs: Definitions, trigger: Trigger, template: Template, submittedBy: string | undefined) => {
  const facts = { kind: 'trigger' as const, topics: [trigger.topic], channels: channelsOf(trigger.channelPolicy) };
  return levelsFor(defs, trigger, template.editors, facts, submittedBy);
};
