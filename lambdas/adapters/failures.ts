import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Failure } from '../../core/delivery/dead-letter.ts';
import { batchGet } from './batch-get.ts';
import { dynamo } from './dynamo.ts';

/** A letter is kept for 14 days after it was sent first; what is known of it one more. */
const KEPT_SECONDS = 15 * 86_400;

/** Overwrites what is noted of the message: the last time is what the reader wants. */
export const putFailure = async (table: string, messageId: string, failure: Failure): Promise<void> => {
  const Item = {
    messageId: { S: messageId },
    body: { S: JSON.stringify(failure) },
    expiresAt: { N: String(Math.ceil(failure.atMs / 1_000) + KEPT_SECONDS) },
  };
  await dynamo.send(new PutItemCommand({ TableName: table, Item }));
};

/** What is noted of these messages, by their ids. */
export const failuresOf = async (table: string, messageIds: readonly string[]): Promise<Map<string, Failure>> => {
  const found = new Map<string, Failure>();
  const keys = messageIds.map((messageId) => ({ messageId: { S: messageId } }));
  for await (const { Responses = {} } of batchGet(table, keys)) {
    for (const { messageId, body } of Responses[table] ?? [])
      found.set(messageId?.S ?? '', JSON.parse(body?.S ?? 'null') as Failure);
  }
  return found;
};
