/**
 * Who is in a list is a log of statements, one per list and person at a time: the newest counts, of two in the same
 * millisecond the removal. So statements may come twice and in any order, and the table and the lake, which keep the same
 * log, agree as soon as both have all of it.
 */
export type ListMemberRow = { list_id: string; profile_id: string; member: boolean; at_ms: number };

/** The same statement about many people. */
export type MembersChange = { listId: string; member: boolean; profileIds: readonly string[]; atMs: number };

export const listMemberRows = ({ listId, member, profileIds, atMs }: MembersChange): ListMemberRow[] =>
  profileIds.map((profile_id) => ({ list_id: listId, profile_id, member, at_ms: atMs }));

const LIST = 'list#';

/** What a list is called among the things that people can be members of. */
export const membershipOfList = (listId: string): string => LIST + listId;

/** Id of the list; undefined for a membership in something else. */
export const listOfMembership = (membership: string): string | undefined =>
  membership.startsWith(LIST) ? membership.slice(LIST.length) : undefined;

const SEGMENT = 'segment#';

/** What a segment is called among the things that people can be members of, and in whose name timers are set. */
export const membershipOfSegment = (segmentId: string): string => SEGMENT + segmentId;

/** Id of the segment; undefined for something else. */
export const segmentOfMembership = (membership: string): string | undefined =>
  membership.startsWith(SEGMENT) ? membership.slice(SEGMENT.length) : undefined;
