import type { ProblemType } from '../../access/problems.ts';
import type { Role } from '../../access/role.ts';
import { MACHINE } from '../machine.ts';
import { type Approvable, type Approval, type ApprovalRef, type PastSubmission, withoutTrouble } from './approval.ts';
import { type Level, mayDecideAt, whoDecidesAt } from './level.ts';

/**
 * What an act does to an approval. `action` moves the thing by the table of its own kind; a `vote`, a `remind` and an `open`
 * leave it in review.
 */
export type Verdict =
  | {
      kind: 'change';
      action: 'vote' | 'approve' | 'reject' | 'expire' | 'remind' | 'revoke';
      approval: Approval;
      detail: string;
    }
  | { kind: 'same' }
  | { kind: 'refuse'; problem: ProblemType; detail: string };

export const DEFAULT_EXPIRY_SECONDS = 7 * 86_400;

const KEPT_SUBMISSIONS = 20;

const refuse = (problem: ProblemType, detail: string): Verdict => ({ kind: 'refuse', problem, detail });

/** What is fixed when something is submitted. */
export type Submission = {
  hash: string;
  levels: Level[];
  writers: string[];
  expirySeconds: number;
  remindSeconds?: number | undefined;
};

export const asked = (
  thing: Approvable,
  { hash, levels, writers, expirySeconds, remindSeconds }: Submission,
  actor: string,
  nowMs: number,
): Approval => ({
  hash,
  submission: thing.version,
  submittedBy: actor,
  submittedMs: nowMs,
  expiresMs: nowMs + expirySeconds * 1_000,
  levels,
  writers,
  level: 0,
  votes: [],
  ...(remindSeconds !== undefined && { remindSeconds }),
  toldMs: nowMs,
  reminders: 0,
});

/**
 * This very content waits for approval already, or for being put in force: submitting it again, as a client does that has not heard the answer,
 * changes nothing, whoever does it and whatever time they give.
 */
export const isOpen = ({ state, approval }: Approvable, hash: string, nowMs: number): boolean =>
  approval?.hash === hash && (state === 'approved' || (state === 'in review' && nowMs < approval.expiresMs));

/** It is on its way: people are to say yes, or have, and it is not in force yet. */
export const isUnderWay = ({ state }: Approvable): boolean => state === 'in review' || state === 'approved';

/** Whoever submits it names the version that they have read; of what is under way, also the one that was submitted: its content is the same. */
export const isAtVersion = (thing: Approvable, read: number): boolean =>
  thing.version === read || (isUnderWay(thing) && thing.approval?.submission === read);

/** True for everyone whose work it is: they may not approve it. */
export const isOwnWork = ({ author, editors, approval }: Approvable, person: string): boolean =>
  author === person ||
  editors.includes(person) ||
  approval?.submittedBy === person ||
  (approval?.writers ?? []).includes(person);

/** By people, and not for it could not be put in force. */
export const isTakenBack = (revoked: Approval['revoked']): boolean => revoked !== undefined && revoked.by !== MACHINE;

/** Submissions that are over once the present one is. */
export const pastSubmissions = ({ history = [], approval }: Approvable): PastSubmission[] => {
  if (!approval) return history;
  const { hash, submission, decision, revoked } = approval;
  const outcome = isTakenBack(revoked) ? 'revoked' : (decision?.outcome ?? 'withdrawn');
  return [...history, { hash, submission, outcome } satisfies PastSubmission].slice(-KEPT_SUBMISSIONS);
};

/** Who decides: with the roles they have, or for somebody with the roles that person had when handing them over. */
export type Voter = {
  actor: string;
  roles: readonly Role[];
  onBehalfOf?: { person: string; roles: readonly Role[] } | undefined;
};

/** What is said, and about which content and level: see `voted`. */
export type Saying = Voter & { comment: string; hash?: string | undefined; level?: number | undefined };

/**
 * A person's yes or no. `hash`, when given, is that of the content the person has read, and `level` the index of the level that they speak
 * for: a yes that is repeated after that level has ended is no yes of the next one, where they may repeat themselves. The same person saying the same again
 * is harmless; whatever else comes after a decision is refused. The last yes that a level needs opens the next one; one no ends it.
 */
export const voted = (thing: Approvable, outcome: 'approved' | 'rejected', by: Saying, nowMs: number): Verdict => {
  const { approval } = thing;
  const { actor, onBehalfOf, comment } = by;
  const giver = onBehalfOf?.person;
  const mayDecide = (level: Level) => mayDecideAt(level, giver ?? actor, onBehalfOf?.roles ?? by.roles);
  if (approval && !approval.levels.some(mayDecide)) {
    return refuse('forbidden-role', `It is decided by ${approval.levels.map(whoDecidesAt).join(', then ')}`);
  }
  if (isOwnWork(thing, actor))
    return refuse('own-approval', 'You created, edited or submitted this, or wrote its template');
  if (giver !== undefined && isOwnWork(thing, giver)) {
    return refuse('own-approval', `${giver} created, edited or submitted this, or wrote its template`);
  }
  const before = approval?.decision;
  if (before && before.outcome !== 'expired') {
    const isSame = outcome === 'approved' ? approval.votes.some(isOf(by)) : isOf(by)(before);
    if (before.outcome === outcome && isSame) return { kind: 'same' };
    return refuse('already-decided', `It was ${before.outcome} by ${before.by}`);
  }
  if (thing.state !== 'in review' || !approval) {
    return refuse('state-conflict', `What is ${thing.state} waits for no approval`);
  }
  if (by.hash !== undefined && by.hash !== approval.hash) {
    return refuse('version-conflict', `You have read ${by.hash}; what waits for approval is ${approval.hash}`);
  }
  if (nowMs >= approval.expiresMs) return refuse('state-conflict', 'The approval has expired; submit it again');
  const at = by.level ?? approval.level;
  if (outcome === 'approved' && approval.votes.some((vote) => vote.level === at && isOf(by)(vote))) {
    return { kind: 'same' };
  }
  if (at !== approval.level) return refuse('version-conflict', `Level ${approval.level} waits, not ${at}`);
  const level = approval.levels[approval.level] as Level;
  if (!mayDecide(level)) {
    return refuse('forbidden-role', `${level.name} is decided by ${whoDecidesAt(level)}`);
  }
  if (!approval.taskToken) return refuse('approval-not-ready', 'Repeat the request in a moment');
  const said = { by: actor, ...(giver !== undefined && { onBehalfOf: giver }), atMs: nowMs, comment };
  const { taskToken, ...rest } = approval;
  if (outcome === 'rejected') {
    return { kind: 'change', action: 'reject', approval: { ...rest, decision: { outcome, ...said } }, detail: comment };
  }
  const again = approval.votes.find(
    (vote) =>
      (vote.level === approval.level || !(level.mayRepeat || approval.levels[vote.level]?.mayRepeat)) &&
      [vote.by, vote.onBehalfOf].some((one) => one === actor || (one !== undefined && one === giver)),
  );
  if (again) {
    return refuse(
      'already-decided',
      `${again.onBehalfOf ?? again.by} has approved ${approval.levels[again.level]?.name}: another person is needed`,
    );
  }
  const votes = [...approval.votes, { level: approval.level, ...said }];
  const missing = level.quorum - votes.filter((vote) => vote.level === approval.level).length;
  if (missing > 0) {
    return { kind: 'change', action: 'vote', approval: { ...rest, votes, taskToken }, detail: comment };
  }
  if (approval.level + 1 < approval.levels.length) {
    const next = { ...rest, votes, level: approval.level + 1, toldMs: nowMs, reminders: 0 };
    return { kind: 'change', action: 'vote', approval: next, detail: comment };
  }
  return {
    kind: 'change',
    action: 'approve',
    approval: { ...rest, votes, decision: { outcome, ...said } },
    detail: comment,
  };
};

const isOf =
  ({ actor, onBehalfOf }: Voter) =>
  (said: { by: string; onBehalfOf?: string }): boolean =>
    said.by === actor && said.onBehalfOf === onBehalfOf?.person;

export const isCurrent = ({ approval }: Approvable, ref: ApprovalRef): boolean =>
  approval?.hash === ref.hash && approval.submission === ref.submission;

/** Keeps the token of the wait for a level; undefined when nobody needs it: the thing has left review, or that level. */
export const openedAt = (
  thing: Approvable,
  ref: ApprovalRef & { level: number },
  taskToken: string,
): Approval | undefined =>
  thing.state === 'in review' && thing.approval && isCurrent(thing, ref) && thing.approval.level === ref.level
    ? { ...thing.approval, taskToken }
    : undefined;

/** What the state machine waits for next; undefined: nothing. Never less than a second. */
export const waitOf = (
  thing: Approvable,
  ref: ApprovalRef,
  nowMs: number,
): { level: number; seconds: number } | undefined => {
  const { approval } = thing;
  if (thing.state !== 'in review' || !approval || !isCurrent(thing, ref)) return undefined;
  const untilMs = Math.min(approval.expiresMs, reminderMs(approval));
  return { level: approval.level, seconds: Math.max(1, Math.ceil((untilMs - nowMs) / 1_000)) };
};

const reminderMs = ({ remindSeconds, toldMs }: Approval): number =>
  remindSeconds === undefined ? Number.POSITIVE_INFINITY : toldMs + remindSeconds * 1_000;

/**
 * When a wait is over and nobody has decided: the submission expires, or people are reminded. What was decided stands in
 * the thing, so that a decision of the last second wins over the time-out of a wait. `given up`: the wait could not begin,
 * and nobody could ever decide. An approval that an edit or another submission has replaced changes nothing.
 */
export const woken = (thing: Approvable, ref: ApprovalRef, givenUp: boolean, nowMs: number): Verdict => {
  const { approval } = thing;
  if (!approval || !isCurrent(thing, ref) || thing.state !== 'in review') return { kind: 'same' };
  const { taskToken, ...rest } = approval;
  if (givenUp || nowMs >= approval.expiresMs) {
    const decision = { outcome: 'expired' as const, by: MACHINE, atMs: nowMs, comment: '' };
    return { kind: 'change', action: 'expire', approval: { ...rest, decision }, detail: 'Nobody decided in time' };
  }
  if (nowMs < reminderMs(approval)) return { kind: 'same' };
  const reminders = approval.reminders + 1;
  const level = approval.levels[approval.level]?.name;
  return {
    kind: 'change',
    action: 'remind',
    approval: { ...approval, toldMs: nowMs, reminders },
    detail: `${level}, reminder ${reminders}`,
  };
};

/** Roles that may take an approval back, beside whoever gave it. */
const REVOKERS: readonly Role[] = ['approver', 'operator', 'admin'];

/**
 * Takes an approval back. In review it is a no, of whichever level; later it is for the kind to say what `revoke` stops. `isOver`: nothing is left to be
 * stopped.
 */
export const revoked = (
  thing: Approvable,
  by: { actor: string; roles: readonly Role[]; reason: string },
  isOver: boolean,
  nowMs: number,
): Verdict => {
  const { approval } = thing;
  const { actor, roles, reason } = by;
  const no = thing.state === 'rejected' ? approval?.decision : undefined;
  if (approval?.revoked || (no?.by === actor && no.comment === reason)) return { kind: 'same' };
  const isVoter = approval?.votes.some((vote) => vote.by === actor || vote.onBehalfOf === actor);
  if (!isVoter && !roles.some((role) => REVOKERS.includes(role))) {
    return refuse('forbidden-role', 'An approval is taken back by who gave it, another approver, or an operator');
  }
  if (approval && thing.state === 'in review') {
    const { taskToken, ...rest } = approval;
    const decision = { outcome: 'rejected' as const, by: actor, atMs: nowMs, comment: reason };
    return { kind: 'change', action: 'reject', approval: { ...rest, decision }, detail: reason };
  }
  if (isOver || approval?.decision?.outcome !== 'approved') {
    return refuse('state-conflict', `What is ${thing.state} has no approval to take back`);
  }
  return {
    kind: 'change',
    action: 'revoke',
    approval: { ...withoutTrouble(approval), revoked: { by: actor, atMs: nowMs, reason } },
    detail: reason,
  };
};
