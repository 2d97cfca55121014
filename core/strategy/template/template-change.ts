import type { Approvable } from '../approval/approval.ts';
import { decisionsOf, type ForceTable } from '../approval/in-force.ts';
import type { TemplateContent } from '../template.ts';

/** A plan in force that says what the template said: `from` is the version that it has, `to` the same with the new content. */
export type TouchedPlan = {
  kind: 'journey' | 'trigger';
  id: string;
  name: string;
  from: string;
  to: string;
};

export type TemplateChangeState = 'draft' | 'in review' | 'approved' | 'rejected' | 'in force';

/** A version of a template on its way into the plans that are in force: kind `template-change`, with the id of the template. */
export type TemplateChange = Approvable & {
  name: string;
  state: TemplateChangeState;
  /** Of the template. */
  templateVersion: number;
  plans: TouchedPlan[];
  /** Journeys that run and name it, but are being edited: they keep what they say until that edit is approved. Absent: none. */
  beingEdited?: { id: string; name: string }[];
};

/** What is approved: the content, and into which plans it goes. */
export type SubmittedTemplate = { template: TemplateContent; plans: TouchedPlan[] };

/** The one table of what may follow what: state → action → next state. What is not here is refused. */
export const templateChangeTransitions: ForceTable<TemplateChangeState> = {
  draft: { edit: 'draft', submit: 'in review' },
  // The template was edited: what was to be approved is no longer what it says.
  'in review': { edit: 'draft', approve: 'approved', reject: 'rejected', expire: 'draft' },
  approved: { 'put in force': 'in force', edit: 'draft', revoke: 'rejected' },
  rejected: { edit: 'draft', submit: 'in review' },
  'in force': { edit: 'draft', submit: 'in review' },
};

export const templateApproval = decisionsOf<TemplateChangeState, TemplateChange>('template', templateChangeTransitions);
