import { setTimeout as pause } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  type KeysAndAttributes,
} from '@aws-sdk/client-dynamodb';
import { dynamo } from './dynamo.ts';

export type Item = Record<string, AttributeValue>;

/** A BatchGetItem call takes at most this many keys. */
export const MAX_KEYS = 100;
const ROUNDS = 6;
/** DynamoDB leaves keys when it is throttled: to ask again at once would keep it so. 25 ms to 0.4 s, 0.8 s in all. */
const pauseMs = (round: number): number => 25 * 2 ** (round - 1);

/** The answers to reading these keys, in calls of `size`; throws when some are left unread after six rounds. */
export async function* batchGet(
  table: string,
  keys: readonly Item[],
  options: Omit<KeysAndAttributes, 'Keys'> & { size?: number } = {},
): AsyncGenerator<BatchGetItemCommandOutput> {
  const { size = MAX_KEYS, ...rest } = options;
  for (let at = 0; at < keys.length; at += size) {
    let asked: Record<string, KeysAndAttributes> = { [table]: { ...rest, Keys: keys.slice(at, at + size) } };
    for (let round = 1; asked[table]?.Keys?.length; round += 1) {
      if (round > ROUNDS) throw new Error(`DynamoDB left ${asked[table].Keys.length} items of ${table} unread`);
      if (round > 1) await pause(pauseMs(round - 1));
      const answer: BatchGetItemCommandOutput = await dynamo.send(new BatchGetItemCommand({ RequestItems: asked }));
      yield answer;
      // The keys that are left come with what was asked of them.
      asked = answer.UnprocessedKeys ?? {};
    }
  }
}
