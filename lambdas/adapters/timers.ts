import {
  type AttributeValue,
  BatchWriteItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { bucketOf, minuteFor, placeOf, SURE_MS, type Timer } from '../../core/event/timer.ts';
import { dynamo } from './dynamo.ts';
import { inParallel } from './in-parallel.ts';
import type { WakeAt } from './schedules.ts';

/** Timers that wait, one item each, by the minute in which they ring. */
export const timers = (table: string, wakeAt: WakeAt, clock: () => number) => ({
  /**
   * Makes the timer ring within two minutes after `dueMs`, and after now. Once this returns nothing can make it not ring.
   * Setting it again is harmless: it may ring twice.
   */
  async set(timer: Timer): Promise<void> {
    const { shard, key } = placeOf(timer);
    for (;;) {
      const minuteMs = minuteFor(timer.dueMs, clock());
      await wakeAt(minuteMs);
      await dynamo.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            bucket: { S: bucketOf(minuteMs, shard) },
            timer: { S: key },
            body: { S: JSON.stringify(timer) },
          },
        }),
      );
      // Written later, it may have come after the bucket was read: then it is written into a later one as well.
      if (clock() <= minuteMs - SURE_MS) return;
    }
  },
});
export type Timers = ReturnType<typeof timers>;

export type DueTimer = { bucket: string; key: string; timer: Timer };

/** The timers of a bucket, page by page; a page is up to 1 MB. Strongly consistent. */
export async function* dueTimers(table: string, bucket: string): AsyncGenerator<DueTimer[]> {
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
    yield (page.Items ?? []).map((item) => decode(bucket, item));
    from = page.LastEvaluatedKey;
  } while (from);
}

const decode = (bucket: string, { timer, body }: Record<string, AttributeValue>): DueTimer => ({
  bucket,
  key: timer?.S ?? '',
  timer: JSON.parse(body?.S ?? '') as Timer,
});

/** What BatchWriteItem takes. */
const MAX_DELETES = 25;
const PARALLEL_DELETES = 8;

/** Deletes them; throws when DynamoDB leaves some of them five times in a row. */
export const forgetTimers = async (table: string, gone: readonly DueTimer[]): Promise<void> => {
  const batches = Array.from({ length: Math.ceil(gone.length / MAX_DELETES) }, (_, n) =>
    gone.slice(n * MAX_DELETES, (n + 1) * MAX_DELETES),
  );
  await inParallel(PARALLEL_DELETES, batches, async (batch) => {
    let left = batch.map(({ bucket, key }) => ({
      DeleteRequest: { Key: { bucket: { S: bucket }, timer: { S: key } } },
    }));
    for (let round = 1; left.length > 0; round += 1) {
      if (round > 5) throw new Error(`DynamoDB left ${left.length} timers undeleted`);
      const { UnprocessedItems } = await dynamo.send(new BatchWriteItemCommand({ RequestItems: { [table]: left } }));
      left = (UnprocessedItems?.[table] ?? []) as typeof left;
    }
  });
};
