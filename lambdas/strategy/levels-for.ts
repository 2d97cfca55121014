import type { Approvable } from '../../core/strategy/approval/approval.ts';
import { impossibleLevel } from '../../core/strategy/approval/level.ts';
import { type ApprovalFacts, policyFor } from '../../core/strategy/approval/policy.ts';
import { approvalSettingsOf } from '../adapters/approval-settings.ts';
import type { Definitions } from '../adapters/definitions.ts';
import { Problem } from '../middleware/problem.ts';

/**
 * Who has to approve it, by the settings in force; `writers` wrote one of its templates and must not. Throws `no-approver` when a level
 * is left without enough people whose work it is not.
 */
export const levelsFor = async (
  defs: Definitions,
  { author, editors }: Pick<Approvable, 'author' | 'editors'>,
  writers: string[],
  facts: ApprovalFacts,
  submittedBy: string | undefined,
) => {
  const policy = policyFor((await approvalSettingsOf(defs)).settings, facts);
  const own = [author, ...editors, ...writers, ...(submittedBy === undefined ? [] : [submittedBy])];
  const level = impossibleLevel(policy.levels, new Set(own));
  if (level) {
    throw new Problem('no-approver', `${level.name} has too few people who did not write, edit or submit this`);
  }
  return { ...policy, writers };
};
