import { setTimeout } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandOutput,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { bucketOf, minuteFor, placeOf, SURE_MS, type Timer } from '../../core/event/timer.ts';
import { dynamo } from './dynamo.ts';
import { inParallel } from './in-parallel.ts';
import type { WakeAt } from './schedules.ts';

/**
 * How long a row stays that nobody has deleted: longer than any lateness (7 days), so that a minute whose function has failed
 * can be run again for as long as that is of use.
 */
const KEPT_SECONDS = 8 * 86_400;

/** What waits for `dueMs` (epoch ms): a JSON body under a key, in the bucket of a minute. */
export type DueRow = { dueMs: number; key: string; body: unknown; bucketAt: (minuteMs: number) => string };

/** Puts a row where it is found within two minutes after it is due, and after now. Once this returns nothing can make it not be. */
export const putDue = async (
  table: string,
  wakeAt: WakeAt,
  clock: () => number,
  { dueMs, key, body, bucketAt }: DueRow,
): Promise<void> => {
  for (;;) {
    const minuteMs = minuteFor(dueMs, clock());
    await wakeAt(minuteMs);
    await dynamo.send(
      new PutItemCommand({
        TableName: table,
        Item: {
          bucket: { S: bucketAt(minuteMs) },
          timer: { S: key },
          body: { S: JSON.stringify(body) },
          expiresAt: { N: String(minuteMs / 1_000 + KEPT_SECONDS) },
        },
      }),
    );
    // Written later, it may have come after the bucket was read: then it is written into a later one as well.
    if (clock() <= minuteMs - SURE_MS) return;
  }
};

/** Timers that wait, one item each, by the minute in which they ring. */
export const timers = (table: string, wakeAt: WakeAt, clock: () => number) => ({
  /** Makes the timer ring when it is due. Setting it again is harmless: it may ring twice. */
  set(timer: Timer): Promise<void> {
    const { shard, key } = placeOf(timer);
    const bucketAt = (minuteMs: number) => bucketOf(minuteMs, shard);
    return putDue(table, wakeAt, clock, { dueMs: timer.dueMs, key, body: timer, bucketAt });
  },
});
export type Timers = ReturnType<typeof timers>;

/** Where a timer is. */
export type TimerKey = { bucket: string; key: string };
export type Due<T> = TimerKey & { body: T };
export type DueTimer = TimerKey & { timer: Timer };

/** The rows of a bucket, page by page; a page is up to 1 MB. Strongly consistent. */
export async function* dueRows<T>(table: string, bucket: string): AsyncGenerator<Due<T>[]> {
  let from: QueryCommandOutput['LastEvaluatedKey'];
  do {
    const page: QueryCommandOutput = await dynamo.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: '#bucket = :bucket',
        ExpressionAttributeNames: { '#bucket': 'bucket' },
        ExpressionAttributeValues: { ':bucket': { S: bucket } },
        ConsistentRead: true,
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    yield (page.Items ?? []).map((item) => decode<T>(bucket, item));
    from = page.LastEvaluatedKey;
  } while (from);
}

const decode = <T>(bucket: string, { timer, body }: Record<string, AttributeValue>): Due<T> => ({
  bucket,
  key: timer?.S ?? '',
  body: JSON.parse(body?.S ?? '') as T,
});

/** The timers of a bucket. */
export async function* dueTimers(table: string, bucket: string): AsyncGenerator<DueTimer[]> {
  for await (const page of dueRows<Timer>(table, bucket)) {
    yield page.map(({ body: timer, ...key }) => ({ ...key, timer }));
  }
}

/** What BatchWriteItem takes. */
const MAX_DELETES = 25;
const PARALLEL_DELETES = 8;

/** DynamoDB leaves what it is throttled for: to ask again at once would keep it so. 50 ms to 3.2 s, 6.4 s in all. */
const ROUNDS = 8;
const pauseMs = (round: number): number => 50 * 2 ** (round - 1);

/**
 * Deletes timers that have rung, as long as `mayGoOn`, and until DynamoDB has refused a batch eight times in a row. Says how
 * many are left, and why. Never throws: one that is left rings twice when its minute is run again, and goes by itself later.
 */
export const forgetTimers = async (
  table: string,
  rung: readonly TimerKey[],
  mayGoOn: () => boolean,
  pause: (ms: number) => Promise<unknown> = setTimeout,
): Promise<{ left: number; why?: unknown }> => {
  const batches = Array.from({ length: Math.ceil(rung.length / MAX_DELETES) }, (_, n) =>
    rung.slice(n * MAX_DELETES, (n + 1) * MAX_DELETES),
  );
  let left = 0;
  let why: unknown;
  let isStuck = false;
  await inParallel(PARALLEL_DELETES, batches, async (batch) => {
    let asked: WriteRequest[] = batch.map(({ bucket, key }) => ({
      DeleteRequest: { Key: { bucket: { S: bucket }, timer: { S: key } } },
    }));
    for (let round = 1; asked.length > 0 && !isStuck && mayGoOn(); round += 1) {
      try {
        const command = new BatchWriteItemCommand({ RequestItems: { [table]: asked } });
        asked = (await dynamo.send(command)).UnprocessedItems?.[table] ?? [];
      } catch (error) {
        why = error;
      }
      isStuck ||= asked.length > 0 && round === ROUNDS;
      if (asked.length > 0 && !isStuck) await pause(pauseMs(round));
    }
    left += asked.length;
  });
  return { left, ...(why !== undefined && { why }) };
};
