import type { Approvable, ApprovalRef } from './approval.ts';
import { isApproved } from './in-force.ts';

/** Metric that an alarm watches: attempts to put in force what was approved long ago. */
export const NOT_IN_FORCE = 'ApprovedNotInForce';

/** What fails for less than a minute is tried five times in it, and most often over by then: nobody needs to read of it. */
const QUIET_MS = 60_000;
/** After so long the team is told, at the next attempt that fails. */
const LONG_MS = 480_000;
const LONGEST_REASON = 300;

/** Epoch ms of the last yes to what is still to be put in force; undefined: it is in force, or nobody wants it any more. */
const approvedMs = (thing: Approvable, ref: ApprovalRef): number | undefined =>
  isApproved(thing, ref) ? thing.approval?.decision?.atMs : undefined;

/** With the reason why it is not in force yet; undefined: that is said already, or not to be said. */
export const troubled = <T extends Approvable>(
  thing: T,
  ref: ApprovalRef,
  why: string,
  nowMs: number,
): T | undefined => {
  const sinceMs = approvedMs(thing, ref);
  const reason = why.slice(0, LONGEST_REASON);
  const { approval } = thing;
  if (!approval || sinceMs === undefined || nowMs < sinceMs + QUIET_MS) return undefined;
  if (approval.notInForce?.reason === reason) return undefined;
  return { ...thing, approval: { ...approval, notInForce: { sinceMs, reason } } };
};

export const isLongSince = (thing: Approvable, ref: ApprovalRef, nowMs: number): boolean => {
  const sinceMs = approvedMs(thing, ref);
  return sinceMs !== undefined && nowMs >= sinceMs + LONG_MS;
};
