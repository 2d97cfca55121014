import { type SegmentChange, type SubmittedSegment, segmentApproval } from '../../core/audience/segment-change.ts';
import type { ApprovalRef } from '../../core/strategy/approval/approval.ts';
import { isApproved } from '../../core/strategy/approval/in-force.ts';
import { canonicalJson } from '../../core/strategy/plan-hash.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import type { NamedSegment } from '../adapters/segments.ts';
import { loadSubmission } from '../adapters/submissions.ts';
import type { Store } from './change-campaign.ts';
import { changeForced, isForceRefusal } from './change-forced.ts';

/**
 * Gives the segment the rule that was approved; what is live follows, as after every edit. Repeated, it changes nothing. One that was edited
 * since is left alone, and the change is a draft again. Undefined when there is no such change.
 */
export const putSegmentInForce = async (
  store: Store,
  id: string,
  ref: ApprovalRef,
  actor: string,
  nowMs: number,
): Promise<SegmentChange | undefined> => {
  const { defs, sinks } = store;
  const stored = await defs.get<SegmentChange>('segment-change', id);
  if (!stored || !isApproved(stored.body, ref)) return stored?.body;
  const { segment } = await loadSubmission<SubmittedSegment>(defs, 'segment', id, ref.hash);
  const current = await defs.get<NamedSegment>('segment', id);
  const isThere = current && canonicalJson(current.body.segment) === canonicalJson(segment);
  const isAsThen = current?.version === stored.body.segmentVersion;
  if (current && !isThere && isAsThen) {
    const version = current.version + 1;
    const detail = current.body.name;
    const entry = { subject: `segment/${id}`, action: 'put in force', actor, atMs: nowMs, version, detail };
    const outbox = [{ effect: 'audit' as const, entry }];
    const after = { ...current.body, version, segment };
    // A conflict is thrown: the state machine asks again, and then the segment says something newer.
    await saveDefinition(defs, 'segment', id, after, current.version, nowMs, outbox, sinks);
  }
  const result = await changeForced<SegmentChange>(store, 'segment', id, actor, nowMs, (change) =>
    isThere || isAsThen
      ? segmentApproval.putInForce(change, ref, {})
      : segmentApproval.returned(change, ref, 'The segment was edited meanwhile', nowMs),
  );
  if (result && isForceRefusal(result)) throw new Error(`Segment ${id} cannot be put in force: ${result.detail}`);
  return result;
};
