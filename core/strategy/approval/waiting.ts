import type { Role } from '../../access/role.ts';
import type { Approvable, Approval } from './approval.ts';
import { type Voter, voted } from './decisions.ts';
import { type Delegation, givenTo } from './delegation.ts';

/** What waits, as somebody sees it in their list. */
export type Waiting = { missing: number; mine: boolean; onBehalfOf: string[] };

/** Undefined when it does not wait, or its time is over. */
export const waitingFor = (
  thing: Approvable,
  { actor, roles }: { actor: string; roles: readonly Role[] },
  delegations: readonly Delegation[],
  nowMs: number,
): Waiting | undefined => {
  const { approval } = thing;
  if (thing.state !== 'in review' || !approval || nowMs >= approval.expiresMs) return undefined;
  const may = (onBehalfOf?: Voter['onBehalfOf']): boolean => {
    const verdict = voted(thing, 'approved', { actor, roles, onBehalfOf, comment: '' }, nowMs);
    return verdict.kind === 'change' || (verdict.kind === 'refuse' && verdict.problem === 'approval-not-ready');
  };
  const givers = givenTo(delegations, actor, nowMs).filter((one) => may({ person: one.from, roles: one.roles }));
  return { missing: missingAt(approval), mine: may(), onBehalfOf: givers.map(({ from }) => from) };
};

const missingAt = ({ levels, level, votes }: Approval): number =>
  (levels[level]?.quorum ?? 0) - votes.filter((vote) => vote.level === level).length;
