import type { SeenEvent } from '../../core/audience/event-predicate.ts';
import type { LiveSegment } from '../../core/audience/live/live-segment.ts';
import {
  currentMembership,
  decided,
  type Known,
  type Membership,
  type Told,
} from '../../core/audience/live/membership.ts';
import { changeEvent, segmentMemberRow } from '../../core/audience/live/membership-change.ts';
import { FULL_MEMORIES, forgettableMs, type Memory, mergeMemories, remember } from '../../core/audience/live/memory.ts';
import { asksAbout, type Watched, watchedOf } from '../../core/audience/live/watched.ts';
import { listOfMembership, membershipOfSegment } from '../../core/audience/membership.ts';
import { isAnonymous } from '../../core/event/identity.ts';
import { ownEvent } from '../../core/event/own-event.ts';
import type { Contacts } from '../adapters/contacts.ts';
import { appendRows } from '../adapters/lake.ts';
import type { Memberships } from '../adapters/memberships.ts';
import { sendOwnEvents } from '../adapters/own-events.ts';
import type { Profiles } from '../adapters/profiles.ts';
import type { SegmentMembers } from '../adapters/segment-members.ts';
import type { Timers } from '../adapters/timers.ts';
import { countMetric } from '../middleware/count-metric.ts';
import { RetryLater } from '../middleware/retry-later.ts';

export type MembershipPorts = {
  members: SegmentMembers;
  profiles: Pick<Profiles, 'get'>;
  contacts: Pick<Contacts, 'get'>;
  memberships: Pick<Memberships, 'of'>;
  timers: Timers;
  intakeQueueUrl: string;
  /** Name of the stream of the lake table `segment_members`. */
  segmentMembersStream: string;
  metricsNamespace: string;
};

/** Two workers seldom decide about the same person at once; many conflicts in a row mean that something is wrong. */
const MAX_CONFLICTS = 10;

/**
 * What is new about a person: events of theirs, what was remembered of an anonymous id that is theirs, or what the lake
 * says. Without `decides` it is remembered only.
 */
export type News = { events?: readonly SeenEvent[]; merged?: Memory; told?: Told; decides?: false };

/** What somebody did who has not signed in by then is of no use: as for leads. */
const ANONYMOUS_MS = 90 * 86_400_000;

/**
 * Remembers the news, decides whether the person is a member now, and tells of it when that has changed. Running it twice
 * is safe: the memory knows its events, a decision is made from what is stored, and a change waits in the same item until
 * it was told. Throws RetryLater when others change the same item all the time.
 */
export const settleMembership = async (
  ports: MembershipPorts,
  live: LiveSegment,
  profileId: string,
  news: News,
  nowMs: number,
): Promise<void> => {
  const watched = live.atOnce ? watchedOf(live.segment) : [];
  const key = { profileId, segmentId: live.id };
  // Of somebody who is not known yet, and as long as history is missing, everything is remembered and nothing decided.
  const decides = news.decides !== false && !isAnonymous(profileId) && live.state !== 'starting';
  for (let tries = 0; tries < MAX_CONFLICTS; tries += 1) {
    const stored = await ports.members.get(key);
    // Whoever has not heard of the newest rule would forget what is remembered for it. It began by asking the lake, which
    // knows what only such a worker has seen.
    if (stored && stored.epoch > live.epoch) return;
    if (stored?.pending) await tell(ports, live, profileId, stored, stored.version);
    const { pending: _told, ...untold } = currentMembership(stored, live);
    const current: Membership = untold;
    const memory = learn(current.memory, watched, news, nowMs);
    const knowing = memory === current.memory ? current : { ...current, memory };
    const before = decides ? await load(ports, live, profileId) : undefined;
    const next = before ? decided(knowing, live, watched, before.known, nowMs, news.told) : knowing;
    if (next === current) return;
    if (next.lookMs !== undefined && next.lookMs !== current.lookMs) {
      await ports.timers.set(timerOf(live, profileId, next.lookMs, nowMs));
    }
    const forgettable =
      forgettableMs(next.memory, watched) ?? (isAnonymous(profileId) ? nowMs + ANONYMOUS_MS : undefined);
    if (!(await ports.members.save(key, next, forgettable))) continue;
    if (current.memory.lostMs === undefined && next.memory.lostMs !== undefined) {
      const message = 'A person does more than a live segment can remember; until that has aged, the lake decides';
      countMetric(ports.metricsNamespace, FULL_MEMORIES, nowMs, { message, segmentId: live.id });
    }
    if (next.pending) await tell(ports, live, profileId, next, next.version + 1);
    // A change of the profile beside this write saw the item as it was before: one of the two must see both.
    if (!before || (await load(ports, live, profileId)).stamp === before.stamp) return;
  }
  throw new RetryLater(`A membership in ${live.id} was changed ${MAX_CONFLICTS} times in a row`);
};

const learn = (memory: Memory, watched: readonly Watched[], { events = [], merged }: News, nowMs: number): Memory => {
  const remembered = remember(memory, watched, events, nowMs);
  return merged ? mergeMemories(remembered, watched, merged, nowMs) : remembered;
};

/** The person as they are, strongly consistent, and a text that is another one when they have changed. */
const load = async (
  { profiles, contacts, memberships }: MembershipPorts,
  { segment }: LiveSegment,
  profileId: string,
): Promise<{ known: Known; stamp: string }> => {
  const stored = await profiles.get(profileId);
  if (!stored) return { known: undefined, stamp: '' };
  const asks = asksAbout(segment);
  const [contact, memberOf] = await Promise.all([
    asks.consents ? contacts.get(profileId) : undefined,
    asks.lists ? memberships.of(profileId) : [],
  ]);
  const lists = memberOf.flatMap(({ membership }) => listOfMembership(membership) ?? []);
  const consents = contact?.consents ?? {};
  const { profile } = stored;
  return {
    known: { profile, consents, lists: new Set(lists) },
    stamp: JSON.stringify([profile.version, Object.entries(consents).sort(), lists.sort()]),
  };
};

/** Others hear of a change first, then the lake; at last it is forgotten. */
const tell = async (
  ports: MembershipPorts,
  live: LiveSegment,
  profileId: string,
  { pending }: Pick<Membership, 'pending'>,
  version: number,
): Promise<void> => {
  if (!pending) return;
  if (pending.announced) await sendOwnEvents(ports.intakeQueueUrl, [changeEvent(live, profileId, pending)]);
  await appendRows(ports.segmentMembersStream, [segmentMemberRow(live.id, profileId, pending)]);
  await ports.members.clearPending({ profileId, segmentId: live.id }, version);
};

/** A timer that is about nothing but a person and a segment. */
const timerOf = ({ id }: LiveSegment, profileId: string, dueMs: number, nowMs: number) => {
  const name = membershipOfSegment(id);
  const event = ownEvent({ id: name, type: 'herald.segment.due', profileId, timeMs: nowMs, properties: {} });
  return { triggerId: name, version: 0, definition: '', event, dueMs };
};
