import type { Approvable, Approval, ApprovalRef } from './approval.ts';
import { isCurrent } from './decisions.ts';

/**
 * With the size of the audience, as soon as that is known, and without the levels that are asked for larger ones only; not known
 * (undefined), all of them stay. Undefined: nothing changes any more, for somebody is asked already, or it has left review. Some level always stays:
 * settings without one that has no condition are refused.
 */
export const sizedApproval = (
  thing: Approvable,
  ref: ApprovalRef,
  audience: number | undefined,
): Approval | undefined => {
  const { state, approval } = thing;
  if (state !== 'in review' || !approval || !isCurrent(thing, ref) || audience === undefined) return undefined;
  if (approval.level > 0 || approval.taskToken !== undefined || approval.audience !== undefined) return undefined;
  const levels = approval.levels
    .filter(({ ifLargerThan }) => ifLargerThan === undefined || audience > ifLargerThan)
    .map(({ ifLargerThan: _decided, ...level }) => level);
  return { ...approval, levels, audience };
};
