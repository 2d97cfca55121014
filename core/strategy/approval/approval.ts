import type { Level } from './level.ts';

/** One person's yes. */
export type Vote = {
  /** Index of the level. */
  level: number;
  by: string;
  /** Whose approvals that person has taken over for a while. */
  onBehalfOf?: string;
  atMs: number;
  comment: string;
};

/** One submission of something, and what has been said about it. */
export type Approval = {
  /** Hash of what is approved or not. */
  hash: string;
  /** Version of the thing that was submitted: a later submission of equal content is another approval. */
  submission: number;
  submittedBy: string;
  submittedMs: number;
  /** When nobody needs to decide any more, whatever level it has come to. */
  expiresMs: number;
  /** Who has to say yes, one after the other, as the settings were at submission. */
  levels: Level[];
  /** Who may not decide though they did not touch the thing itself: who wrote its template. */
  writers: string[];
  /** People in the audience, once they were counted. */
  audience?: number;
  /** Index of the level that is waited for. */
  level: number;
  votes: Vote[];
  /** People are told again when it has waited for so long. Absent: never. */
  remindSeconds?: number;
  /** When they were last told: at submission, when a level began, by a reminder. */
  toldMs: number;
  /** How often they were reminded. */
  reminders: number;
  /** Step Functions task token of the wait for the level; absent until the state machine has asked. Never shown by the API. */
  taskToken?: string;
  decision?: {
    outcome: 'approved' | 'rejected' | 'expired';
    by: string;
    onBehalfOf?: string;
    atMs: number;
    comment: string;
  };
  /** It was approved at `sinceMs`, and is not in force yet, because of `reason`: it is tried again. */
  notInForce?: { sinceMs: number; reason: string };
  /** Somebody took it back after it was approved. */
  revoked?: { by: string; atMs: number; reason: string };
};

/** Without why it is not in force yet: it is, or nobody wants it any more. */
export const withoutTrouble = ({ notInForce: _over, ...approval }: Approval): Approval => approval;

/** A submission that is over, for whoever wants to compare. */
export type PastSubmission = {
  hash: string;
  submission: number;
  /** `revoked`: it was approved, and people have taken that back. */
  outcome: 'approved' | 'revoked' | 'rejected' | 'expired' | 'withdrawn';
};

/** What can be approved: it is in the state `in review` while it waits. */
export type Approvable = {
  id: string;
  version: number;
  state: string;
  /** Who created it. */
  author: string;
  /** Everyone who has edited it since. */
  editors: string[];
  approval?: Approval;
  /** The last ones, the oldest first. */
  history?: PastSubmission[];
};

/** Which approval a state machine speaks of. */
export type ApprovalRef = { hash: string; submission: number };
