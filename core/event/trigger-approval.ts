import { decisionsOf, type ForceDecision } from '../strategy/approval/in-force.ts';
import type { Trigger, TriggerInput, TriggerState } from './trigger.ts';
import { triggerTransitions } from './trigger-decisions.ts';

export const triggerApproval = decisionsOf<TriggerState, Trigger>('trigger', triggerTransitions);

/** What is approved of a trigger: what people wrote, and the plan version of its messages. */
export type SubmittedTrigger = { input: TriggerInput; plan: string };

/** What people wrote of it. */
export const inputOf = ({
  id: _id,
  version: _version,
  state: _state,
  author: _author,
  editors: _editors,
  createdMs: _createdMs,
  hash: _hash,
  activatedBy: _activatedBy,
  approval: _approval,
  history: _history,
  ...input
}: Trigger): TriggerInput => input;

/** New content, by anybody who may write. Fields that the input does not have are gone, and nothing is in force. */
export const editedTrigger = (trigger: Trigger, input: TriggerInput, actor: string): ForceDecision<Trigger> => {
  const { id, version, state, author, createdMs } = trigger;
  const editors = [...new Set([...trigger.editors, actor])];
  return triggerApproval.edited(trigger, { ...input, id, version, state, author, createdMs, editors }, input.name);
};
