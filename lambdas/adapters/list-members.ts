import { listMemberRows, type MembersChange, membershipOfList } from '../../core/audience/membership.ts';
import { appendRows } from './lake.ts';
import { memberships } from './memberships.ts';

/**
 * Makes a statement about members in the table, then in the lake; resolves when both have it. Repeating it is harmless,
 * and must be done when it throws: both keep the newest statement, so the order of the two does not matter.
 */
export const listMembers = ({ table, stream }: { table: string; stream: string }) => {
  const members = memberships(table);
  return async (change: MembersChange): Promise<void> => {
    if (change.profileIds.length === 0) return;
    await members.stateMany(membershipOfList(change.listId), change.profileIds, change.member, change.atMs);
    await appendRows(stream, listMemberRows(change));
  };
};
