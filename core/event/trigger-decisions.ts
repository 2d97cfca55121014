import type { ProblemType } from '../access/problems.ts';
import type { ForceAction } from '../strategy/approval/in-force.ts';
import type { Trigger, TriggerState } from './trigger.ts';

/** What may happen to a trigger. People edit, submit, approve, reject, revoke and pause; the rest is done by the approval. */
export type TriggerAction = ForceAction | 'pause';

/** The one table of what may follow what: state → action → next state. What is not here is refused. */
export const triggerTransitions: Record<TriggerState, Partial<Record<TriggerAction, TriggerState>>> = {
  // Approved at once: by a second person, where no more than that is asked for.
  draft: { edit: 'draft', submit: 'in review', approve: 'approved' },
  // An edit takes it out of review: what was to be approved is no longer what it says.
  'in review': { edit: 'draft', approve: 'approved', reject: 'rejected', expire: 'draft' },
  approved: { 'put in force': 'active', return: 'draft', edit: 'draft', revoke: 'rejected' },
  rejected: { edit: 'draft' },
  // What is in force is what was approved: to change it, pause it first, then have the new content approved.
  active: { pause: 'paused', revoke: 'rejected' },
  paused: { edit: 'draft', submit: 'in review', approve: 'approved', revoke: 'rejected' },
};

export type PauseDecision =
  | { kind: 'change'; action: 'pause'; thing: Trigger; detail: string }
  | { kind: 'refuse'; problem: ProblemType; detail: string };

/** Stops it at once. Messages that it asked for and that no provider has yet end as skipped, `plan-paused`. */
export const pausedTrigger = (trigger: Trigger, detail = trigger.name): PauseDecision => {
  const state = triggerTransitions[trigger.state].pause;
  if (state) return { kind: 'change', action: 'pause', thing: { ...trigger, state }, detail };
  return { kind: 'refuse', problem: 'state-conflict', detail: `A trigger that is ${trigger.state} takes no pause` };
};
