import { UnresolvableSegment } from '../../core/audience/resolve-segment.ts';
import { type SegmentChange, type SubmittedSegment, segmentApproval } from '../../core/audience/segment-change.ts';
import type { ApprovalRef } from '../../core/strategy/approval/approval.ts';
import { isApproved } from '../../core/strategy/approval/in-force.ts';
import { canonicalJson } from '../../core/strategy/plan-hash.ts';
import { type Definitions, VersionConflict } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import type { NamedSegment } from '../adapters/segments.ts';
import { loadSubmission } from '../adapters/submissions.ts';
import { Problem } from '../middleware/problem.ts';
import type { Store } from './change-campaign.ts';
import { changeForced, isForceRefusal } from './change-forced.ts';

/**
 * Gives the segment the rule that was approved; what is live follows, as after every edit. Repeated, it changes nothing. One that was edited
 * since is left alone, and so is one that would refer to itself by now, or to what is gone, or that other plans have come to listen to: the change is
 * a draft again. Undefined when there is no such change.
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
  const { segment, plans } = await loadSubmission<SubmittedSegment>(defs, 'segment', id, ref.hash);
  const current = await defs.get<NamedSegment>('segment', id);
  const isThere = current && canonicalJson(current.body.segment) === canonicalJson(segment);
  const isAsThen = current?.version === stored.body.segmentVersion;
  const slip = current && !isThere && isAsThen ? await slipOf(defs, id, { segment, plans }) : undefined;
  if (current && !isThere && isAsThen && slip === undefined) {
    const version = current.version + 1;
    const detail = current.body.name;
    const entry = { subject: `segment/${id}`, action: 'put in force', actor, atMs: nowMs, version, detail };
    const outbox = [{ effect: 'audit' as const, entry }];
    const after = { ...current.body, version, segment };
    // A conflict is thrown: the state machine asks again, and then the segment says something newer.
    await saveDefinition(defs, 'segment', id, after, current.version, nowMs, outbox, sinks);
  }
  const result = await changeForced<SegmentChange>(store, 'segment', id, actor, nowMs, (change) =>
    slip === undefined && (isThere || isAsThen)
      ? segmentApproval.putInForce(change, ref, {})
      : segmentApproval.returned(change, ref, slip ?? 'The segment was edited meanwhile', nowMs),
  );
  if (result && isForceRefusal(result)) throw new Error(`Segment ${id} cannot be put in force: ${result.detail}`);
  return result;
};

/**
 * Before an approval that is not in force yet is taken back: gives the segment another version, so that whoever puts the rule in force in this
 * moment finds it changed. Throws `state-conflict` when it has the rule already.
 */
export const holdSegmentBack = async (
  { defs, sinks }: Store,
  { id, approval, segmentVersion }: SegmentChange,
  actor: string,
  nowMs: number,
): Promise<void> => {
  const current = await defs.get<NamedSegment>('segment', id);
  if (!current || !approval) return;
  const { segment } = await loadSubmission<SubmittedSegment>(defs, 'segment', id, approval.hash);
  if (canonicalJson(current.body.segment) === canonicalJson(segment)) {
    throw new Problem('state-conflict', 'The segment has the rule already: submit another one');
  }
  if (current.version !== segmentVersion) return;
  const version = segmentVersion + 1;
  const entry = { subject: `segment/${id}`, action: 'hold back', actor, atMs: nowMs, version, detail: approval.hash };
  const outbox = [{ effect: 'audit' as const, entry }];
  const after = { ...current.body, version };
  await saveDefinition(defs, 'segment', id, after, segmentVersion, nowMs, outbox, sinks).catch((error: unknown) => {
    if (!(error instanceof VersionConflict)) throw error;
    throw new Problem('version-conflict', 'The segment changes in this moment; try again');
  });
};

/** Why the rule cannot be put in the place of the segment any more, now that others have changed; undefined: it can. */
const slipOf = async (
  defs: Definitions,
  ownId: string,
  { segment, plans }: SubmittedSegment,
): Promise<string | undefined> => {
  // What it takes to find out is needed for this alone.
  const [{ peopleOf }, { listeningPlans }] = await Promise.all([
    import('../adapters/audiences.ts'),
    import('../audience/listening-plans.ts'),
  ]);
  try {
    await peopleOf(defs, { segment }, { ownId });
  } catch (error) {
    if (error instanceof UnresolvableSegment) return error.message;
    throw error;
  }
  const asked = new Set(plans.map(({ kind, id }) => `${kind}/${id}`));
  const unasked = (await listeningPlans(defs, ownId)).find(({ kind, id }) => !asked.has(`${kind}/${id}`));
  return unasked && `By now “${unasked.name}” listens to it, too`;
};
