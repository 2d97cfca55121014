import type { CampaignState } from './campaign.ts';

/** What may happen to a campaign. People submit, edit, approve, reject, pause, resume and cancel; the rest is done by its state machines. */
export const CAMPAIGN_ACTIONS = [
  'edit',
  'submit',
  'approve',
  'reject',
  'expire',
  'schedule',
  'prepare',
  'send',
  'pause',
  'resume',
  'reschedule',
  'finish',
  'cancel',
  'fail',
] as const;
export type CampaignAction = (typeof CAMPAIGN_ACTIONS)[number];

/** The one table of what may follow what: state → action → next state. What is not here is refused. */
export const transitions: Record<CampaignState, Partial<Record<CampaignAction, CampaignState>>> = {
  draft: { edit: 'draft', submit: 'in review', cancel: 'cancelled' },
  // An edit takes the campaign out of review: what was to be approved is no longer what it says.
  'in review': { edit: 'draft', approve: 'approved', reject: 'rejected', expire: 'draft', cancel: 'cancelled' },
  rejected: { edit: 'draft', cancel: 'cancelled' },
  approved: { schedule: 'scheduled', cancel: 'cancelled', fail: 'failed' },
  // One that repeats stays scheduled while its runs, which are campaigns of their own, come and go.
  scheduled: { prepare: 'preparing', finish: 'finished', pause: 'paused', cancel: 'cancelled', fail: 'failed' },
  preparing: { send: 'sending', pause: 'paused', cancel: 'cancelled', fail: 'failed' },
  sending: { pause: 'paused', finish: 'finished', cancel: 'cancelled', fail: 'failed' },
  // Its run goes on without sending: whoever is left waits. It finishes when nobody is. One that has not begun is scheduled anew.
  paused: { resume: 'sending', reschedule: 'scheduled', finish: 'finished', cancel: 'cancelled', fail: 'failed' },
  finished: {},
  cancelled: {},
  failed: {},
};

/** The state after the action, or undefined when the action is not allowed in this state. */
export const nextState = (state: CampaignState, action: CampaignAction): CampaignState | undefined =>
  transitions[state][action];

/** True when nothing can happen to it any more. */
export const isOver = (state: CampaignState): boolean => Object.keys(transitions[state]).length === 0;
