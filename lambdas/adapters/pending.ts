import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { dynamo } from './dynamo.ts';
import type { OutboxEntry } from './outbox-entry.ts';

/** An item whose outbox is unpublished. `key` is its primary key. */
export type PendingItem = { key: Record<string, { S: string }>; version: number; outbox: OutboxEntry[] };

/**
 * Items of a table that have waited for their outbox to be published since before `beforeMs`, the oldest first. `keys`
 * names the attributes of the table's primary key. The index may be behind, so each item is read again.
 */
export const pendingItems = async (
  table: string,
  keys: readonly string[],
  beforeMs: number,
  limit: number,
): Promise<PendingItem[]> => {
  const { Items = [] } = await dynamo.send(
    new QueryCommand({
      TableName: table,
      IndexName: 'pending',
      KeyConditionExpression: 'pending = :pending AND updatedMs < :before',
      ExpressionAttributeValues: { ':pending': { S: 'pending' }, ':before': { N: String(beforeMs) } },
      Limit: limit,
    }),
  );
  const found = await Promise.all(
    Items.map(async (row) => {
      const key = Object.fromEntries(keys.map((name) => [name, { S: row[name]?.S ?? '' }]));
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }));
      if (!Item?.outbox?.S) return [];
      return [{ key, version: Number(Item.version?.N), outbox: JSON.parse(Item.outbox.S) as OutboxEntry[] }];
    }),
  );
  return found.flat();
};
