import { ulidOf } from '../../audience/ulid-of.ts';
import { hashOf } from '../plan-hash.ts';
import type { Approvable } from './approval.ts';

/** What other systems are told of an approval. The same state gives the same id, so that telling it again is harmless. */
export type ApprovalNotice = {
  id: string;
  type: 'approval.waiting' | 'approval.reminder' | 'approval.ended';
  atMs: number;
  data: Record<string, unknown>;
};

/**
 * Undefined when there is nothing to tell: it has left review without a decision. What was taken back, by people or for it could not be put in
 * force, is `revoked`, whatever was said before.
 */
export const noticeOf = (
  kind: string,
  { id, name, state, approval }: Approvable & { name: string },
): ApprovalNotice | undefined => {
  if (!approval) return undefined;
  const { hash, submission, submittedBy, decision, revoked, levels, level, reminders, toldMs, expiresMs } = approval;
  const about = { kind, id, name, hash, submission, submittedBy };
  const told = (type: ApprovalNotice['type'], atMs: number, more: Record<string, unknown>): ApprovalNotice => ({
    id: ulidOf(atMs, hashOf([kind, id, submission, type, level, reminders])),
    type,
    atMs,
    data: { ...about, ...more },
  });
  if (revoked) {
    return told('approval.ended', revoked.atMs, { outcome: 'revoked', by: revoked.by, comment: revoked.reason });
  }
  if (decision) {
    const { outcome, by, onBehalfOf, comment } = decision;
    return told('approval.ended', decision.atMs, { outcome, by, ...(onBehalfOf && { onBehalfOf }), comment });
  }
  if (state !== 'in review') return undefined;
  const more = { level: levels[level]?.name, reminders, expiresAt: new Date(expiresMs).toISOString() };
  return told(reminders > 0 ? 'approval.reminder' : 'approval.waiting', toldMs, more);
};
