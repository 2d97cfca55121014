import { createHash } from 'node:crypto';
import type { AcceptedEvent } from '../../event/event.ts';
import { ownEvent } from '../../event/own-event.ts';
import type { MembersChange } from '../membership.ts';

/** Somebody has entered a segment, or left it. `announced`: others hear of it. */
export type MembershipChange = { member: boolean; atMs: number; announced: boolean };

export const ENTERED = 'herald.segment.entered';
export const LEFT = 'herald.segment.left';

/** A row of the lake table `segment_members`. Repeating a row says nothing new; the newest about a person and segment counts. */
export type SegmentMemberRow = { segment_id: string; profile_id: string; member: boolean; at_ms: number };

export const segmentMemberRow = (
  segmentId: string,
  profileId: string,
  { member, atMs }: MembershipChange,
): SegmentMemberRow => ({ segment_id: segmentId, profile_id: profileId, member, at_ms: atMs });

/** The event that tells of the change. Its id is the same however often it is told: no two changes have one time. */
export const changeEvent = (
  segment: { id: string; name: string },
  profileId: string,
  { member, atMs }: MembershipChange,
): AcceptedEvent =>
  ownEvent({
    id: hashOf([segment.id, profileId, atMs]),
    type: member ? ENTERED : LEFT,
    profileId,
    timeMs: atMs,
    properties: { segmentId: segment.id, segment: segment.name },
  });

/** A person's profile, consents or lists have changed: live segments look again, and triggers may listen to it. */
export const PROFILE_CHANGED = 'herald.profile.changed';

/** What has changed; of `alias`, that it has turned out to be theirs. */
export type ProfileChange = { changed: string[] } | { alias: string };

/** The event that tells of it. The same change at the same time is the same event. */
export const profileChanged = (profileId: string, atMs: number, change: ProfileChange): AcceptedEvent =>
  ownEvent({
    id: hashOf([profileId, atMs, change]),
    type: PROFILE_CHANGED,
    profileId,
    timeMs: atMs,
    properties: change,
  });

/** Those who were put on a list, or taken off it. */
export const listChanged = ({ listId, profileIds, atMs }: MembersChange): AcceptedEvent[] =>
  profileIds.map((profileId) => profileChanged(profileId, atMs, { changed: [`lists.${listId}`] }));

const hashOf = (parts: unknown): string => createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
