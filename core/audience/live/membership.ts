import { isMember, type Person } from '../segment-predicate.ts';
import { isAnnounced, type LiveSegment } from './live-segment.ts';
import type { MembershipChange } from './membership-change.ts';
import { completeAgainMs, isComplete, type Memory, NO_MEMORY, seenOf } from './memory.ts';
import { nextChange } from './next-change.ts';
import type { Watched } from './watched.ts';

/** What is stored of a person and a live segment, in one item: a decision and what it was made from change together. */
export type Membership = {
  /** Version of the item; every write is conditional on it. 0: no item yet. */
  version: number;
  member: boolean;
  /** When `member` changed last. 0: never. */
  changedMs: number;
  /** Of the segment's rule; with another one what is remembered is worth nothing. */
  epoch: number;
  memory: Memory;
  /** A timer that looks again is set for this time. */
  lookMs?: number | undefined;
  /** The last change, until the lake and others have heard of it. */
  pending?: MembershipChange | undefined;
};

/** What is stored as far as it is of use for the rule in force. */
export const currentMembership = (stored: Membership | undefined, { epoch }: Pick<LiveSegment, 'epoch'>): Membership =>
  stored?.epoch === epoch
    ? stored
    : {
        version: stored?.version ?? 0,
        member: stored?.member ?? false,
        changedMs: stored?.changedMs ?? 0,
        epoch,
        memory: NO_MEMORY,
        ...(stored?.pending && { pending: stored.pending }),
      };

/** Who the person is, without their events; undefined: there is no profile, so they are no member. */
export type Known = Omit<Person, 'events'> | undefined;
/** What the lake says, and until when it surely knew what had happened. */
export type Told = { member: boolean; asOfMs: number };

/**
 * The membership as it is at `nowMs`; the same object when there is nothing to write. With `told`, the answer of the lake
 * counts where the memory cannot decide, unless there is a newer decision. A new `lookMs` asks for a timer.
 */
export const decided = (
  current: Membership,
  live: LiveSegment,
  watched: readonly Watched[],
  known: Known,
  nowMs: number,
  told?: Told,
): Membership => {
  const person = known && { ...known, events: current.memory.events.map(seenOf) };
  const decides = live.atOnce && isComplete(current.memory, watched, nowMs);
  const heard = told && current.changedMs <= told.asOfMs ? told.member : current.member;
  const member = person !== undefined && (decides ? isMember(live.segment, person, nowMs) : heard);
  const lookMs = lookAgainMs(current, live, watched, person, nowMs);
  const looks = lookMs === current.lookMs ? current : { ...current, lookMs };
  if (member === current.member) return looks;
  // Later than the change before, whatever clocks say, so that the newest row of the lake is the last change.
  const changedMs = Math.max(nowMs, current.changedMs + 1);
  const announced = isAnnounced(live) && person !== undefined;
  return { ...looks, member, changedMs, pending: { member, atMs: changedMs, announced } };
};

/** When time alone changes the answer, or makes one possible. A timer that rings before that is as good. */
const lookAgainMs = (
  { memory, lookMs }: Membership,
  live: LiveSegment,
  watched: readonly Watched[],
  person: Person | undefined,
  nowMs: number,
): number | undefined => {
  if (!live.atOnce || !person) return lookMs;
  const nextMs = isComplete(memory, watched, nowMs)
    ? nextChange(live.segment, person, nowMs)
    : completeAgainMs(memory, watched, nowMs);
  if (nextMs === undefined) return lookMs;
  return lookMs !== undefined && lookMs > nowMs && lookMs <= nextMs ? lookMs : nextMs;
};
