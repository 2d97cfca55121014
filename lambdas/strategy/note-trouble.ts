import type { Approvable, ApprovalRef } from '../../core/strategy/approval/approval.ts';
import type { ApprovableKind } from '../../core/strategy/approval/approval-settings.ts';
import { isLongSince, NOT_IN_FORCE, troubled } from '../../core/strategy/approval/not-in-force.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { countMetric } from '../middleware/count-metric.ts';
import type { Store } from './change-campaign.ts';
import { definitionOf } from './change-forced.ts';

/**
 * Has what was approved say why it is not in force yet, once for each reason, and counts for the alarm when that has lasted. Never
 * throws: what stands in the way of the one may stand in the way of the other, and the log has both.
 */
export const noteTrouble = async (
  { defs, sinks }: Store,
  metricsNamespace: string,
  { kind, id, ref }: { kind: ApprovableKind; id: string; ref: ApprovalRef },
  error: unknown,
  nowMs: number,
): Promise<void> => {
  const reason = error instanceof Error ? error.message : String(error);
  try {
    const stored = await defs.get<Approvable>(definitionOf(kind), id);
    if (!stored) return;
    if (isLongSince(stored.body, ref, nowMs)) {
      countMetric(metricsNamespace, NOT_IN_FORCE, nowMs, { message: 'Approved, and not in force', kind, id, reason });
    }
    const after = troubled(stored.body, ref, reason, nowMs);
    if (!after) return;
    const version = stored.version + 1;
    const entry = { subject: `${kind}/${id}`, action: 'not in force', actor: MACHINE, atMs: nowMs, version };
    const outbox = [{ effect: 'audit' as const, entry: { ...entry, detail: reason } }];
    await saveDefinition(defs, definitionOf(kind), id, { ...after, version }, stored.version, nowMs, outbox, sinks);
  } catch (failure) {
    console.warn({ message: 'It is not noted why it is not in force', kind, id, reason, error: String(failure) });
  }
};
