import type { AtOnce, LiveSet } from '../../core/audience/live/live-set.ts';
import { PROFILE_CHANGED } from '../../core/audience/live/membership-change.ts';
import { segmentOfMembership } from '../../core/audience/membership.ts';
import type { AcceptedEvent } from '../../core/event/event.ts';
import { anonymousProfileId } from '../../core/event/identity.ts';
import type { Timer } from '../../core/event/timer.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { memberships } from '../adapters/memberships.ts';
import { segmentMembers } from '../adapters/segment-members.ts';
import { type MembershipPorts, type News, settleMembership } from '../audience/settle-membership.ts';

/** Segments of one person that are decided at once: each has an item of its own. */
const PARALLEL_SEGMENTS = 10;

export type WatchingPorts = Omit<MembershipPorts, 'members' | 'memberships'> & { membershipsTable: string };

/**
 * Shows an event, or a timer that has rung, to the live segments that it concerns: those whose conditions ask for such
 * events, all of them when the person themselves has changed (or an alias has turned out to be theirs, whose events become
 * theirs), the one that set the timer. Running it twice is safe: see
 * settle-membership.ts. An event that concerns none of them reads and writes nothing.
 */
export const watchSegments = async (
  { membershipsTable, ...others }: WatchingPorts,
  set: LiveSet,
  event: AcceptedEvent,
  timer: Timer | undefined,
  nowMs: number,
): Promise<void> => {
  const ports: MembershipPorts = {
    ...others,
    members: segmentMembers(membershipsTable),
    memberships: memberships(membershipsTable),
  };
  const settle = ({ live }: AtOnce, news: News) => settleMembership(ports, live, event.profileId, news, nowMs);
  if (timer) {
    const asking = set.get(segmentOfMembership(timer.triggerId) ?? '');
    if (asking) await settle(asking, {});
    return;
  }
  const isChange = event.type === PROFILE_CHANGED;
  const { alias } = event.properties;
  const taken = isChange && typeof alias === 'string' ? await ports.members.ofPerson(anonymousProfileId(alias)) : [];
  await inParallel(PARALLEL_SEGMENTS, set.concernedBy(event), (one) => {
    const { id, epoch } = one.live;
    const own = taken.find(({ segmentId, membership }) => segmentId === id && membership.epoch === epoch);
    return settle(one, { events: [event], ...(own && { merged: own.membership.memory }) });
  });
};
