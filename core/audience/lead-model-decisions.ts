import type { ProblemType } from '../access/problems.ts';
import { isOwnTrigger, type TriggerAction, triggerTransitions } from '../event/trigger-decisions.ts';
import type { LeadModel, LeadModelInput } from './lead-model.ts';

export type LeadModelDecision =
  | { kind: 'change'; action: TriggerAction | 'create'; model: LeadModel }
  | { kind: 'refuse'; problem: ProblemType; detail: string };

/** A lead model lives as a trigger does, and by the same table: it acts on people by itself, so a second person says so. */
const act = (model: LeadModel, action: TriggerAction, change: Partial<LeadModel>): LeadModelDecision => {
  const state = triggerTransitions[model.state][action];
  const version = model.version + 1;
  if (state) return { kind: 'change', action, model: { ...model, ...change, state, version } };
  return {
    kind: 'refuse',
    problem: 'state-conflict',
    detail: `A lead model that is ${model.state} takes no ${action}`,
  };
};

export const newLeadModel = (
  id: string,
  input: LeadModelInput,
  author: string,
  createdMs: number,
): LeadModelDecision => ({
  kind: 'change',
  action: 'create',
  model: { ...input, id, version: 1, state: 'draft', author, editors: [], createdMs },
});

/** New content, by anybody who may write. Fields that the input does not have are gone. */
export const editedLeadModel = (
  { id, version, state, author, editors, createdMs }: LeadModel,
  input: LeadModelInput,
  actor: string,
): LeadModelDecision =>
  act({ ...input, id, version, state, author, createdMs, editors: [...new Set([...editors, actor])] }, 'edit', {});

/** Nobody activates what they wrote, or changed. */
export const activatedLeadModel = (model: LeadModel, actor: string): LeadModelDecision =>
  isOwnTrigger(model, actor)
    ? { kind: 'refuse', problem: 'own-approval', detail: 'You wrote this lead model, so another person activates it' }
    : act(model, 'activate', { activatedBy: actor });

export const pausedLeadModel = (model: LeadModel): LeadModelDecision => act(model, 'pause', {});
