import type { ProblemType } from '../access/problems.ts';
import type { Trigger, TriggerInput, TriggerState } from './trigger.ts';

/** What people may do with a trigger. */
export type TriggerAction = 'edit' | 'activate' | 'pause';

/** The one table of what may follow what: state → action → next state. What is not here is refused. */
export const triggerTransitions: Record<TriggerState, Partial<Record<TriggerAction, TriggerState>>> = {
  draft: { edit: 'draft', activate: 'active' },
  // What is in force is what was activated: to change it, pause it first, then activate the new content.
  active: { pause: 'paused' },
  paused: { edit: 'draft', activate: 'active' },
};

export type TriggerDecision =
  | { kind: 'change'; action: TriggerAction; trigger: Trigger }
  | { kind: 'refuse'; problem: ProblemType; detail: string };

const act = (trigger: Trigger, action: TriggerAction, change: Partial<Trigger>): TriggerDecision => {
  const state = triggerTransitions[trigger.state][action];
  if (state) return { kind: 'change', action, trigger: { ...trigger, ...change, state } };
  return { kind: 'refuse', problem: 'state-conflict', detail: `A trigger that is ${trigger.state} takes no ${action}` };
};

/** New content, by anybody who may write. Fields that the input does not have are gone. */
export const editedTrigger = (
  { id, version, state, author, editors, createdMs }: Trigger,
  input: TriggerInput,
  actor: string,
): TriggerDecision =>
  act({ ...input, id, version, state, author, createdMs, editors: [...new Set([...editors, actor])] }, 'edit', {});

/** Puts the plan version `hash` in force. Nobody activates what they wrote, or changed. */
export const activatedTrigger = (trigger: Trigger, hash: string, actor: string): TriggerDecision =>
  isOwnTrigger(trigger, actor)
    ? { kind: 'refuse', problem: 'own-approval', detail: 'You wrote this trigger, so another person activates it' }
    : act(trigger, 'activate', { hash, activatedBy: actor });

export const isOwnTrigger = ({ author, editors }: Pick<Trigger, 'author' | 'editors'>, actor: string): boolean =>
  author === actor || editors.includes(actor);

/** Stops it at once. Messages that it asked for and that no provider has yet end as skipped, `plan-paused`. */
export const pausedTrigger = (trigger: Trigger): TriggerDecision => act(trigger, 'pause', {});
