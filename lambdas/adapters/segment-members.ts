import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Membership } from '../../core/audience/live/membership.ts';
import { membershipOfSegment, segmentOfMembership } from '../../core/audience/membership.ts';
import type { Item } from './batch-get.ts';
import { dynamo } from './dynamo.ts';
import { queryAll } from './query-all.ts';
import { clearPending, putNext } from './versioned.ts';

type Key = { profileId: string; segmentId: string };

/** After the last moment at which an item can matter: clocks differ, and queues give messages back. */
const GRACE_SECONDS = 86_400;

/** So long a change may wait in a dead-letter queue until it is told. */
const RETOLD_MS = 14 * 86_400_000;

const keyOf = ({ profileId, segmentId }: Key): Item => ({
  profileId: { S: profileId },
  membership: { S: membershipOfSegment(segmentId) },
});

/**
 * Who is in a live segment, and what that was decided from: one item per person and segment in the table of memberships.
 * Only members have `memberOf` and `sinceMs`, by which the index finds them (see memberships.ts).
 */
export const segmentMembers = (table: string) => ({
  /** Strongly consistent. */
  async get(key: Key): Promise<Membership | undefined> {
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: keyOf(key), ConsistentRead: true }));
    return Item && decode(Item);
  },

  /** All of a person. Strongly consistent. */
  async ofPerson(profileId: string): Promise<{ segmentId: string; membership: Membership }[]> {
    const found = await queryAll({
      TableName: table,
      KeyConditionExpression: 'profileId = :person AND begins_with(membership, :segments)',
      ExpressionAttributeValues: { ':person': { S: profileId }, ':segments': { S: membershipOfSegment('') } },
      ConsistentRead: true,
    });
    return found.map((item) => ({
      segmentId: segmentOfMembership(item.membership?.S ?? '') ?? '',
      membership: decode(item),
    }));
  },

  /**
   * Writes version `membership.version + 1`. False when somebody else wrote first: read again and decide again.
   * `forgettableMs`: from when on the item of somebody who is no member is of no use; absent: never.
   */
  async save(key: Key, membership: Membership, forgettableMs?: number): Promise<boolean> {
    const { version, member, changedMs, pending, ...body } = membership;
    const toldMs = changedMs + (pending ? RETOLD_MS : 0);
    // DynamoDB deletes nothing whose time is more than five years ago, so never an instant of 1970: somebody of whom nothing
    // is remembered has a timer, else there would be nothing to write.
    const expires =
      member || forgettableMs === undefined ? undefined : Math.max(forgettableMs, toldMs, body.lookMs ?? 0);
    const item = {
      ...keyOf(key),
      changedMs: { N: String(changedMs) },
      body: { S: JSON.stringify(body) },
      ...(member && { memberOf: { S: membershipOfSegment(key.segmentId) }, sinceMs: { N: String(changedMs) } }),
      ...(pending && { pending: { S: JSON.stringify(pending) } }),
      ...(expires !== undefined && { expiresAt: { N: String(Math.ceil(expires / 1_000) + GRACE_SECONDS) } }),
    };
    return putNext(table, item, version);
  },

  /** Forgets the change of exactly this version, once everybody has heard of it. */
  clearPending: (key: Key, version: number): Promise<void> => clearPending(table, keyOf(key), version),
});
export type SegmentMembers = ReturnType<typeof segmentMembers>;

const decode = ({ version, changedMs, memberOf, body, pending }: Item): Membership => ({
  ...(JSON.parse(body?.S ?? '{}') as Pick<Membership, 'epoch' | 'memory' | 'lookMs'>),
  version: Number(version?.N),
  changedMs: Number(changedMs?.N),
  member: memberOf !== undefined,
  ...(pending?.S && { pending: JSON.parse(pending.S) as Membership['pending'] }),
});
