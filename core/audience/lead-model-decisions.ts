import type { ProblemType } from '../access/problems.ts';
import type { LeadModel, LeadModelInput } from './lead-model.ts';

type LeadModelAction = 'edit' | 'activate' | 'pause';

export type LeadModelDecision =
  | { kind: 'change'; action: LeadModelAction | 'create'; model: LeadModel }
  | { kind: 'refuse'; problem: ProblemType; detail: string };

/** State → action → next state. It acts on people by itself, so a second person says so. */
const transitions: Record<LeadModel['state'], Partial<Record<LeadModelAction, LeadModel['state']>>> = {
  draft: { edit: 'draft', activate: 'active' },
  // What is in force is what was activated: to change it, pause it first, then activate the new content.
  active: { pause: 'paused' },
  paused: { edit: 'draft', activate: 'active' },
};

const act = (model: LeadModel, action: LeadModelAction, change: Partial<LeadModel>): LeadModelDecision => {
  const state = transitions[model.state][action];
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
  model.author === actor || model.editors.includes(actor)
    ? { kind: 'refuse', problem: 'own-approval', detail: 'You wrote this lead model, so another person activates it' }
    : act(model, 'activate', { activatedBy: actor });

export const pausedLeadModel = (model: LeadModel): LeadModelDecision => act(model, 'pause', {});
