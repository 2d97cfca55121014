import {
  type AttributeValue,
  QueryCommand,
  type QueryCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { batchGet } from './batch-get.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';
import { inParallel } from './in-parallel.ts';
import { queryAll } from './query-all.ts';

/** Enough to hide DynamoDB's latency, few enough for the client's 50 connections. */
const PARALLEL = 32;
/**
 * A removal is remembered this long, so that an older addition that comes after it (from the outbox of a writer that died)
 * does not undo it. The sweep retries every five minutes and alarms at once; two weeks are plenty.
 */
const REMEMBERED_MS = 14 * 86_400_000;

export type Member = { profileId: string; sinceMs: number };
export type MemberPage = { items: Member[]; cursor?: string };

/**
 * Who is a member of what: one item per person and membership (`list#<id>`), which keeps the newest statement about it
 * (see core/audience/membership.ts). Only members have `memberOf`, the key of the index by which they are found.
 */
export const memberships = (table: string) => {
  const state = async (profileId: string, membership: string, member: boolean, atMs: number): Promise<void> => {
    try {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { profileId: { S: profileId }, membership: { S: membership } },
          UpdateExpression: member
            ? 'SET atMs = :at, memberOf = :of, sinceMs = if_not_exists(sinceMs, :at) REMOVE expiresAt'
            : 'SET atMs = :at, expiresAt = :expires REMOVE memberOf, sinceMs',
          // Of two statements in one millisecond the removal counts.
          ConditionExpression: `attribute_not_exists(atMs) OR atMs ${member ? '<' : '<='} :at`,
          ExpressionAttributeValues: {
            ':at': { N: String(atMs) },
            ...(member
              ? { ':of': { S: membership } }
              : { ':expires': { N: String(Math.ceil((atMs + REMEMBERED_MS) / 1_000)) } }),
          },
        }),
      );
    } catch (error) {
      // There is a newer statement, or this one is written already.
      if (!isConditionFailure(error)) throw error;
    }
  };

  const page = (membership: string, more: object, from?: Record<string, AttributeValue>): Promise<QueryCommandOutput> =>
    dynamo.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'by-membership',
        KeyConditionExpression: 'memberOf = :of',
        ExpressionAttributeValues: { ':of': { S: membership } },
        ...more,
        ...(from && { ExclusiveStartKey: from }),
      }),
    );

  return {
    /** Writes a statement about each person. May be repeated, also partly, and overtaken: the newest one counts. */
    async stateMany(membership: string, profileIds: readonly string[], member: boolean, atMs: number): Promise<void> {
      await inParallel(PARALLEL, [...new Set(profileIds)], (profileId) => state(profileId, membership, member, atMs));
    },

    /** Members by id, from an index that follows the table by a second or so. `cursor`: the id after which to go on. */
    async members(membership: string, limit: number, cursor?: string): Promise<MemberPage> {
      const of = { S: membership };
      const from = cursor === undefined ? undefined : { memberOf: of, membership: of, profileId: { S: cursor } };
      const { Items = [], LastEvaluatedKey } = await page(membership, { Limit: limit }, from);
      const items = Items.map(({ profileId, sinceMs }) => ({
        profileId: profileId?.S ?? '',
        sinceMs: Number(sinceMs?.N),
      }));
      const next = LastEvaluatedKey?.profileId?.S;
      return { items, ...(next !== undefined && { cursor: next }) };
    },

    /**
     * How many members there are, counted: a counter beside them would drift whenever a write is repeated whose answer was
     * lost. A page of the index is 1 MB, about 8,000 members.
     */
    async count(membership: string): Promise<number> {
      let count = 0;
      let from: Record<string, AttributeValue> | undefined;
      do {
        const found = await page(membership, { Select: 'COUNT' }, from);
        count += found.Count ?? 0;
        from = found.LastEvaluatedKey;
      } while (from);
      return count;
    },

    /** Which of these each person is a member of. Eventually consistent, for decisions that race with changes anyhow. */
    async amongst(
      asked: readonly { profileId: string; memberships: readonly string[] }[],
    ): Promise<Map<string, Set<string>>> {
      const keys = asked.flatMap(({ profileId, memberships: names }) =>
        names.map((name) => ({ profileId: { S: profileId }, membership: { S: name } })),
      );
      const unique = [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
      const found = new Map(asked.map(({ profileId }) => [profileId, new Set<string>()]));
      for await (const { Responses } of batchGet(table, unique)) {
        for (const { profileId, membership, memberOf } of Responses?.[table] ?? []) {
          if (memberOf) found.get(profileId?.S ?? '')?.add(membership?.S ?? '');
        }
      }
      return found;
    },

    /** What a person is a member of, strongly consistent. `membership` as it was stated. */
    async of(profileId: string): Promise<{ membership: string; sinceMs: number }[]> {
      const found = await queryAll({
        TableName: table,
        KeyConditionExpression: 'profileId = :id',
        ExpressionAttributeValues: { ':id': { S: profileId } },
        ConsistentRead: true,
      });
      return found
        .filter(({ memberOf }) => memberOf !== undefined)
        .map(({ membership, sinceMs }) => ({ membership: membership?.S ?? '', sinceMs: Number(sinceMs?.N) }));
    },
  };
};
export type Memberships = ReturnType<typeof memberships>;
