import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from './batch-get.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

// Items that have a `version`, which each write raises by one.

/** Writes version `before + 1`, provided that the item is at version `before` (0: that there is none). False when it is not. */
export const putNext = async (table: string, item: Item, before: number): Promise<boolean> => {
  try {
    await dynamo.send(
      new PutItemCommand({
        TableName: table,
        Item: { ...item, version: { N: String(before + 1) } },
        ConditionExpression: before === 0 ? 'attribute_not_exists(version)' : 'version = :before',
        ...(before > 0 && { ExpressionAttributeValues: { ':before': { N: String(before) } } }),
      }),
    );
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw error;
  }
};

/** Forgets the outbox of exactly this version: a newer one has effects of its own. */
export const clearPending = async (table: string, key: Item, version: number): Promise<void> => {
  try {
    await dynamo.send(
      new UpdateItemCommand({
        TableName: table,
        Key: key,
        UpdateExpression: 'REMOVE outbox, pending',
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: { ':version': { N: String(version) } },
      }),
    );
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
  }
};
