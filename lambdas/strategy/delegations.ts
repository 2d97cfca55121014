import type { Role } from '../../core/access/role.ts';
import type { Voter } from '../../core/strategy/approval/decisions.ts';
import { type Delegation, type DelegationsDecision, givenTo } from '../../core/strategy/approval/delegation.ts';
import { type Definitions, VersionConflict } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { Problem } from '../middleware/problem.ts';

const ATTEMPTS = 5;

/** Who decides for whom: one item, so that what must not form a chain is decided under one condition. */
export const delegationStore = (defs: Definitions, auditTable: string) => {
  const load = async () => {
    const stored = await defs.get<{ delegations: Delegation[] }>('settings', 'delegations');
    return { delegations: stored?.body.delegations ?? [], version: stored?.version ?? 0 };
  };
  return {
    load: async (): Promise<Delegation[]> => (await load()).delegations,

    /** Who votes: for themselves, or on behalf of somebody who has handed that to them. Throws `forbidden-role`. */
    async voter(actor: string, roles: readonly Role[], giver: string | undefined, nowMs: number): Promise<Voter> {
      if (giver === undefined) return { actor, roles };
      const found = givenTo((await load()).delegations, actor, nowMs).find(({ from }) => from === giver);
      if (!found) throw new Problem('forbidden-role', `${giver} has not handed their approvals to you`);
      return { actor, roles, onBehalfOf: { person: giver, roles: found.roles } };
    },

    /** Decides again when somebody else was faster. Gives the delegations as they then are. */
    async change(
      actor: string,
      action: 'delegate' | 'end-delegation',
      nowMs: number,
      decide: (delegations: Delegation[]) => DelegationsDecision,
    ): Promise<Delegation[]> {
      for (let attempt = 1; ; attempt += 1) {
        const { delegations, version } = await load();
        const decision = decide(delegations);
        if (decision.kind === 'refuse') throw new Problem(decision.problem, decision.detail);
        const subject = 'settings/delegations';
        const entry = { subject, action, actor, atMs: nowMs, version: version + 1, detail: decision.detail };
        const body = { delegations: decision.delegations };
        const outbox = [{ effect: 'audit' as const, entry }];
        try {
          await saveDefinition(defs, 'settings', 'delegations', body, version, nowMs, outbox, { auditTable });
          return decision.delegations;
        } catch (error) {
          if (!(error instanceof VersionConflict)) throw error;
          if (attempt === ATTEMPTS) throw new Problem('version-conflict', 'Others are changing it; try again');
        }
      }
    },
  };
};
