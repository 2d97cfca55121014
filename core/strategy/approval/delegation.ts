import type { ProblemType } from '../../access/problems.ts';
import type { Role } from '../../access/role.ts';
import type { ApprovalSettings } from './approval-settings.ts';
import { mayDecideAt } from './level.ts';

/** Somebody decides for somebody else until then. */
export type Delegation = {
  from: string;
  to: string;
  untilMs: number;
  givenMs: number;
  /** What the giver might do when giving it: the delegate may no more than that. */
  roles: Role[];
};

export const MAX_DELEGATION_MS = 92 * 86_400_000;
const MAX_DELEGATIONS = 500;

export type DelegationsDecision =
  | { kind: 'change'; delegations: Delegation[]; detail: string }
  | { kind: 'refuse'; problem: ProblemType; detail: string };

const refuse = (problem: ProblemType, detail: string): DelegationsDecision => ({ kind: 'refuse', problem, detail });

export const inForce = (delegations: readonly Delegation[], nowMs: number): Delegation[] =>
  delegations.filter(({ untilMs }) => nowMs < untilMs);

/** Whose approvals a person has taken over. */
export const givenTo = (delegations: readonly Delegation[], person: string, nowMs: number): Delegation[] =>
  inForce(delegations, nowMs).filter(({ to }) => to === person);

/**
 * One person has at most one delegate. Nobody hands on what was handed to them, nor to somebody who has handed theirs away: so
 * there are neither chains nor circles. All delegations are one item, so that two at once cannot make one either.
 */
export const delegated = (
  delegations: readonly Delegation[],
  { from, to, untilMs, roles }: Omit<Delegation, 'givenMs'>,
  { levels }: Pick<ApprovalSettings, 'levels'>,
  nowMs: number,
): DelegationsDecision => {
  if (from === to) return refuse('state-conflict', 'You decide for yourself anyway');
  if (untilMs <= nowMs) return refuse('state-conflict', 'It would be over already');
  if (untilMs > nowMs + MAX_DELEGATION_MS) return refuse('state-conflict', 'At most 92 days ahead');
  if (!levels.some((level) => mayDecideAt(level, from, roles))) {
    return refuse('forbidden-role', 'You have nothing to hand over: no level of the settings is decided by you');
  }
  const others = inForce(delegations, nowMs).filter((one) => one.from !== from);
  const given = others.find((one) => one.to === from);
  if (given) return refuse('state-conflict', `You decide for ${given.from} yourself, and nobody hands that on`);
  if (others.some((one) => one.from === to)) {
    return refuse('state-conflict', `${to} has handed over their own approvals`);
  }
  if (others.length >= MAX_DELEGATIONS) return refuse('state-conflict', `There are ${MAX_DELEGATIONS} already`);
  const detail = `${to} until ${new Date(untilMs).toISOString()}`;
  return { kind: 'change', delegations: [...others, { from, to, untilMs, givenMs: nowMs, roles }], detail };
};

/** Ends it before its time: who gave it, or who has it, or an operator. */
export const undelegated = (
  delegations: readonly Delegation[],
  from: string,
  by: { actor: string; roles: readonly Role[] },
  nowMs: number,
): DelegationsDecision => {
  const found = inForce(delegations, nowMs).find((one) => one.from === from);
  if (!found) return refuse('not-found', `${from} has handed nothing over`);
  const isOwn = by.actor === found.from || by.actor === found.to;
  if (!isOwn && !by.roles.some((role) => role === 'operator' || role === 'admin')) {
    return refuse('forbidden-role', 'It is ended by who gave it, who has it, or an operator');
  }
  const rest = inForce(delegations, nowMs).filter((one) => one !== found);
  return { kind: 'change', delegations: rest, detail: `${found.to} no longer` };
};
