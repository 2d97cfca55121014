import type { Approval, PastSubmission } from '../approval/approval.ts';
import { decisionsOf, type ForceDecision, type ForceTable } from '../approval/in-force.ts';
import type { JourneyInput } from './journey-input.ts';
import type { Inside } from './live-journey.ts';

/** `published`: what it says is what people enter. Whoever changes it makes a draft of it, and what runs goes on as it was. */
export const JOURNEY_STATES = ['draft', 'in review', 'approved', 'rejected', 'published'] as const;
export type JourneyState = (typeof JOURNEY_STATES)[number];

/** A journey as marketers write it; what runs of it is a LiveJourney. */
export type Journey = JourneyInput & {
  id: string;
  version: number;
  state: JourneyState;
  author: string;
  /** Everybody else who changed it: none of them may approve it. */
  editors: string[];
  createdMs: number;
  /** Of the version that was published last, and who gave the last approval. */
  hash?: string;
  publishedBy?: string;
  approval?: Approval;
  history?: PastSubmission[];
};

/** What is approved of a journey: its version, and what becomes of those inside of older ones. */
export type SubmittedJourney = { version: string; inside: Inside };

/** The one table of what may follow what: state → action → next state. What is not here is refused. */
export const journeyTransitions: ForceTable<JourneyState> = {
  // Approved at once: by a second person, where no more than that is asked for.
  draft: { edit: 'draft', submit: 'in review', approve: 'approved' },
  // An edit takes it out of review: what was to be approved is no longer what it says.
  'in review': { edit: 'draft', approve: 'approved', reject: 'rejected', expire: 'draft' },
  // Seconds later it is published, by more than one write. Where that fails it is tried on, until it is edited, or taken back.
  approved: { 'put in force': 'published', return: 'draft', edit: 'draft', revoke: 'rejected' },
  rejected: { edit: 'draft' },
  published: { edit: 'draft', submit: 'in review', approve: 'approved', revoke: 'rejected' },
};

export const journeyApproval = decisionsOf<JourneyState, Journey>('journey', journeyTransitions);

/** New content, by anybody who may write. */
export const editedJourney = (journey: Journey, input: JourneyInput, actor: string): ForceDecision<Journey> => {
  const { id, version, state, author, createdMs, hash, publishedBy } = journey;
  const after: Journey = {
    ...input,
    ...{ id, version, state, author, createdMs },
    editors: [...new Set([...journey.editors, actor])],
    ...(hash !== undefined && { hash }),
    ...(publishedBy !== undefined && { publishedBy }),
  };
  return journeyApproval.edited(journey, after, input.name);
};
