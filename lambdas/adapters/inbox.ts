import { PutItemCommand, QueryCommand, type QueryCommandOutput, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { InboxMessage } from '../../core/delivery/inbox.ts';
import type { Item } from './batch-get.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';
import { inParallel } from './in-parallel.ts';

const PARALLEL_WRITES = 10;
/** What is expired or read is skipped while paging; after so many queries a page is given as it is, with its cursor. */
const MAX_QUERIES = 10;

const keyOf = (profileId: string, messageId: string): Item => ({
  profileId: { S: profileId },
  message: { S: messageId },
});

const decode = (item: Item): InboxMessage => ({
  ...(JSON.parse(item.body?.S ?? '{}') as Omit<InboxMessage, 'messageId' | 'readMs'>),
  messageId: item.message?.S ?? '',
  ...(item.readMs?.N && { readMs: Number(item.readMs.N) }),
});

type PageOptions = { unread: boolean; nowMs: number; limit: number; cursor?: string | undefined };

/**
 * The inbox table: the in-app messages of a person, by an id that begins with the time. DynamoDB deletes what is expired up
 * to two days late, so expiry is asked for as well.
 */
export const inbox = (table: string) => {
  const query = (profileId: string, { unread, nowMs }: Pick<PageOptions, 'unread' | 'nowMs'>, rest: object) =>
    dynamo.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'profileId = :person',
        FilterExpression: `expiresAt > :now${unread ? ' AND attribute_not_exists(readMs)' : ''}`,
        ExpressionAttributeValues: { ':person': { S: profileId }, ':now': { N: String(nowMs / 1_000) } },
        ConsistentRead: true,
        ScanIndexForward: false,
        ...rest,
      }),
    );

  return {
    /** A message that is there already stays as it is, read or not. */
    async add(profileId: string, { messageId, ...body }: InboxMessage): Promise<void> {
      try {
        await dynamo.send(
          new PutItemCommand({
            TableName: table,
            Item: {
              ...keyOf(profileId, messageId),
              body: { S: JSON.stringify(body) },
              expiresAt: { N: String(Math.ceil(body.expiresMs / 1_000)) },
            },
            ConditionExpression: 'attribute_not_exists(profileId)',
          }),
        );
      } catch (error) {
        if (!isConditionFailure(error)) throw error;
      }
    },

    /** The newest first. `cursor` is the id after which the page starts. */
    async page(profileId: string, { limit, cursor, ...which }: PageOptions) {
      const items: InboxMessage[] = [];
      let from: QueryCommandOutput['LastEvaluatedKey'] = cursor ? keyOf(profileId, cursor) : undefined;
      for (let queries = 0; queries < MAX_QUERIES; queries += 1) {
        const rest = { Limit: limit - items.length, ...(from && { ExclusiveStartKey: from }) };
        const page: QueryCommandOutput = await query(profileId, which, rest);
        items.push(...(page.Items ?? []).map(decode));
        from = page.LastEvaluatedKey;
        if (!from || items.length >= limit) break;
      }
      return { items, ...(from?.message?.S && { cursor: from.message.S }) };
    },

    /** False when there is no such message. The first time counts. */
    async markRead(profileId: string, messageId: string, nowMs: number): Promise<boolean> {
      try {
        await dynamo.send(
          new UpdateItemCommand({
            TableName: table,
            Key: keyOf(profileId, messageId),
            UpdateExpression: 'SET readMs = if_not_exists(readMs, :now)',
            ConditionExpression: 'attribute_exists(profileId)',
            ExpressionAttributeValues: { ':now': { N: String(nowMs) } },
          }),
        );
        return true;
      } catch (error) {
        if (isConditionFailure(error)) return false;
        throw error;
      }
    },

    /** Marks what is unread up to this message and with it; returns how many. */
    async markReadUpTo(profileId: string, upTo: string, nowMs: number): Promise<number> {
      let marked = 0;
      let from: QueryCommandOutput['LastEvaluatedKey'];
      do {
        const page: QueryCommandOutput = await dynamo.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: 'profileId = :person AND #message <= :last',
            FilterExpression: 'attribute_not_exists(readMs)',
            ProjectionExpression: '#message',
            ExpressionAttributeNames: { '#message': 'message' },
            ExpressionAttributeValues: { ':person': { S: profileId }, ':last': { S: upTo } },
            ConsistentRead: true,
            ...(from && { ExclusiveStartKey: from }),
          }),
        );
        await inParallel(PARALLEL_WRITES, page.Items ?? [], async ({ message }) => {
          if (await this.markRead(profileId, message?.S ?? '', nowMs)) marked += 1;
        });
        from = page.LastEvaluatedKey;
      } while (from);
      return marked;
    },
  };
};
export type Inbox = ReturnType<typeof inbox>;
