import type { SegmentLookup } from '../../core/audience/resolve-segment.ts';
import type { Segment } from '../../core/audience/segment.ts';
import type { Definitions } from './definitions.ts';

/** A segment as it is stored. */
export type NamedSegment = {
  id: string;
  version: number;
  name: string;
  segment: Segment;
  author: string;
  createdMs: number;
};

/** Looks up what other segments refer to. */
export const segmentLookup =
  (defs: Definitions): SegmentLookup =>
  async (id) =>
    (await defs.get<NamedSegment>('segment', id))?.body.segment;
