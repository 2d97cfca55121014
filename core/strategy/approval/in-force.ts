import type { ProblemType } from '../../access/problems.ts';
import { MACHINE } from '../machine.ts';
import { type Approvable, type Approval, type ApprovalRef, withoutTrouble } from './approval.ts';
import { sizedApproval } from './audience-size.ts';
import {
  asked,
  isCurrent,
  isOpen,
  isTakenBack,
  openedAt,
  pastSubmissions,
  revoked,
  type Saying,
  type Submission,
  type Verdict,
  type Voter,
  voted,
  woken,
} from './decisions.ts';
import { mayDecideAt, whoDecidesAt } from './level.ts';

/**
 * What happens to journeys and triggers on their way into force. `put in force` comes after an approval; `return`: what was approved
 * could not be put in force.
 */
export type ForceAction = 'edit' | 'submit' | 'approve' | 'reject' | 'expire' | 'put in force' | 'return' | 'revoke';

/** State → action → next state. What is not here is refused. */
export type ForceTable<S extends string> = Record<S, Partial<Record<ForceAction, S>>>;

/** What changes a thing, and leaves it on its way, or in force. */
type OtherAction = 'vote' | 'remind' | 'count-audience' | 'pause' | 'take template';

export type ForceDecision<T> =
  | { kind: 'change'; action: ForceAction | OtherAction; thing: T; detail: string }
  | { kind: 'same'; thing: T }
  | { kind: 'refuse'; problem: ProblemType; detail: string };

const refuse = (problem: ProblemType, detail: string): { kind: 'refuse'; problem: ProblemType; detail: string } => ({
  kind: 'refuse',
  problem,
  detail,
});

/** The decisions about one kind of thing. `noun` is for whoever reads a refusal. */
export const decisionsOf = <S extends string, T extends Approvable & { state: S }>(
  noun: string,
  table: ForceTable<S>,
) => {
  const act = (thing: T, action: ForceAction, change: Partial<T>, detail: string): ForceDecision<T> => {
    const state = table[thing.state][action];
    if (!state) return refuse('state-conflict', `A ${noun} that is ${thing.state} takes no ${action}`);
    return { kind: 'change', action, thing: { ...thing, ...change, state }, detail };
  };

  const historyOf = (thing: T): Partial<T> => {
    const history = pastSubmissions(thing);
    return (history.length > 0 ? { history } : {}) as Partial<T>;
  };

  const carriedOut = (thing: T, verdict: Verdict): ForceDecision<T> => {
    if (verdict.kind === 'same') return { kind: 'same', thing };
    if (verdict.kind === 'refuse') return verdict;
    const { action, approval, detail } = verdict;
    if (action === 'vote' || action === 'remind') {
      return { kind: 'change', action, thing: { ...thing, approval }, detail };
    }
    return act(thing, action, { approval } as Partial<T>, detail);
  };

  return {
    act,

    /** New content, as `after` says without any approval: what was submitted, or approved, was something else. */
    edited: (before: T, after: T, detail: string): ForceDecision<T> => act(after, 'edit', historyOf(before), detail),

    submitted: (thing: T, submission: Submission, actor: string, nowMs: number): ForceDecision<T> => {
      if (isOpen(thing, submission.hash, nowMs)) return { kind: 'same', thing };
      const approval = asked(thing, submission, actor, nowMs);
      return act(thing, 'submit', { ...historyOf(thing), approval }, submission.hash);
    },

    /** A second person submits it and says yes in the same breath, where theirs is the only one that is asked for. */
    approvedAtOnce: (
      thing: T,
      submission: Omit<Submission, 'expirySeconds' | 'remindSeconds'>,
      { actor, roles }: Voter,
      nowMs: number,
    ): ForceDecision<T> => {
      const { levels, writers } = submission;
      const { author, editors } = thing;
      if (author === actor || editors.includes(actor))
        return refuse('own-approval', `You wrote this ${noun}, so another person approves it`);
      if (writers.includes(actor))
        return refuse('own-approval', 'You wrote its template, so another person approves it');
      if (thing.state === 'in review') return refuse('state-conflict', 'It is in review: approve what was submitted');
      const [level, next] = levels;
      if (!level || next || level.quorum > 1) {
        const who = levels.map(({ name, quorum }) => (quorum > 1 ? `${name} (${quorum} people)` : name));
        return refuse('needs-approval', `It needs ${who.join(', then ')}: submit it`);
      }
      if (!mayDecideAt(level, actor, roles)) {
        return refuse('forbidden-role', `It is decided by ${whoDecidesAt(level)}`);
      }
      const said = { by: actor, atMs: nowMs, comment: '' };
      const approval: Approval = {
        ...asked(thing, { ...submission, expirySeconds: 0 }, actor, nowMs),
        votes: [{ level: 0, ...said }],
        decision: { outcome: 'approved', ...said },
      };
      return act(thing, 'approve', { ...historyOf(thing), approval }, submission.hash);
    },

    /** A person's yes or no: see `voted`. */
    decided: (thing: T, outcome: 'approved' | 'rejected', by: Saying, nowMs: number): ForceDecision<T> =>
      carriedOut(thing, voted(thing, outcome, by, nowMs)),

    /** Takes its approval back: see `revoked`. What else is to be done to what is in force is the caller's. */
    disapproved: (thing: T, by: Pick<Voter, 'actor' | 'roles'> & { reason: string }, nowMs: number): ForceDecision<T> =>
      carriedOut(thing, revoked(thing, by, false, nowMs)),

    /** Its audience was counted, before anybody is asked: see `sizedApproval`. */
    counted: (thing: T, ref: ApprovalRef, audience: number | undefined): ForceDecision<T> => {
      const approval = sizedApproval(thing, ref, audience);
      if (!approval) return { kind: 'same', thing };
      return { kind: 'change', action: 'count-audience', thing: { ...thing, approval }, detail: `${audience} people` };
    },

    opened: (thing: T, ref: ApprovalRef & { level: number }, taskToken: string): T | undefined => {
      const approval = openedAt(thing, ref, taskToken);
      return approval && { ...thing, approval };
    },

    /** After a wait that ended without an approval: it expires, is reminded of, or waits on. */
    waited: (thing: T, ref: ApprovalRef, givenUp: boolean, nowMs: number): ForceDecision<T> =>
      carriedOut(thing, woken(thing, ref, givenUp, nowMs)),

    /** What was approved is in force now, with `change`. Somebody who was faster has done the same. */
    putInForce: (thing: T, ref: ApprovalRef, change: Partial<T>): ForceDecision<T> => {
      if (!isApproved(thing, ref) || !thing.approval) return { kind: 'same', thing };
      const approval = withoutTrouble(thing.approval);
      return act(thing, 'put in force', { ...change, approval } as Partial<T>, ref.hash);
    },

    /** What was approved cannot be put in force, and why: it is a draft again. */
    returned: (thing: T, ref: ApprovalRef, reason: string, nowMs: number): ForceDecision<T> => {
      if (!isApproved(thing, ref) || !thing.approval) return { kind: 'same', thing };
      const approval: Approval = {
        ...withoutTrouble(thing.approval),
        revoked: { by: MACHINE, atMs: nowMs, reason },
      };
      return act(thing, 'return', { approval } as Partial<T>, reason);
    },
  };
};

/** A draft again, with what waited as history: of what is replaced, whatever its content. */
export const withdrawn = <T extends Approvable>(thing: T): T => {
  const { approval: _void, ...rest } = thing;
  return { ...rest, state: 'draft', history: pastSubmissions(thing) } as T;
};

/** People have taken it back, whatever was done with the thing since. */
export const isRevoked = ({ approval, history = [] }: Approvable, submission: number): boolean =>
  (approval?.submission === submission && isTakenBack(approval.revoked)) ||
  history.some((past) => past.submission === submission && past.outcome === 'revoked');

/** It waits for nobody any more, and for being put in force. */
export const isApproved = (thing: Approvable, ref: ApprovalRef): boolean =>
  thing.state === 'approved' && isCurrent(thing, ref);
