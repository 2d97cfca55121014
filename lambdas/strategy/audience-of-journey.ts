import type { ResolvedSegment } from '../../core/audience/segment.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import { nextOccurrence } from '../../core/strategy/schedule.ts';
import { peopleOf } from '../adapters/audiences.ts';
import type { Definitions } from '../adapters/definitions.ts';

/**
 * Whom a journey asks in without anybody's doing, and when that is (epoch ms): those of its next time, or the members of a segment that a publication
 * asks in. Undefined: people enter one by one, as things happen, and how many will is not known before. Throws UnresolvableSegment.
 */
export const audienceOfJourney = async (
  defs: Definitions,
  { entry }: Pick<JourneyVersion, 'entry'>,
  nowMs: number,
): Promise<{ tree: ResolvedSegment; atMs: number } | undefined> => {
  if (entry.by === 'schedule') {
    return { tree: entry.audience, atMs: nextOccurrence(entry.schedule, nowMs - 1)?.atMs ?? nowMs };
  }
  if (entry.by !== 'segment' || !entry.includeMembers) return undefined;
  return { tree: (await peopleOf(defs, { segmentId: entry.segment })).tree, atMs: nowMs };
};
