import type { Approvable } from '../strategy/approval/approval.ts';
import { decisionsOf, type ForceTable } from '../strategy/approval/in-force.ts';
import type { Segment } from './segment.ts';

/** A plan in force that asks about the segment. */
export type ListeningPlan = { kind: 'journey' | 'trigger'; id: string; name: string };

export type SegmentChangeState = 'draft' | 'in review' | 'approved' | 'rejected' | 'in force';

/** Another rule for a segment that plans in force listen to: kind `segment-change`, with the id of the segment. */
export type SegmentChange = Approvable & {
  name: string;
  state: SegmentChangeState;
  /** Of the segment: the rule is in place of the one of that version. */
  segmentVersion: number;
  segment: Segment;
  plans: ListeningPlan[];
};

/** What is approved: the rule, and who listens to it. */
export type SubmittedSegment = { segment: Segment; plans: ListeningPlan[] };

/** The one table of what may follow what: state → action → next state. What is not here is refused. */
export const segmentChangeTransitions: ForceTable<SegmentChangeState> = {
  draft: { submit: 'in review' },
  // Another rule in place of the one that waits.
  'in review': { submit: 'in review', approve: 'approved', reject: 'rejected', expire: 'draft' },
  approved: { 'put in force': 'in force', return: 'draft', submit: 'in review', revoke: 'rejected' },
  rejected: { submit: 'in review' },
  'in force': { submit: 'in review' },
};

export const segmentApproval = decisionsOf<SegmentChangeState, SegmentChange>('segment', segmentChangeTransitions);
