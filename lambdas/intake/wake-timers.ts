import type { Context } from 'aws-lambda';
import { bucketOf, chunkTimers, SHARDS, TIMERS_GROUP } from '../../core/event/timer.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { sendAll } from '../adapters/queues.ts';
import { dueTimers, forgetTimers } from '../adapters/timers.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './wake-timers.env.ts';

const { TIMERS_TABLE, INTAKE_QUEUE_URL } = readEnv(env);

/** A page takes a second or two. With less time than this left no page is begun. */
const ENOUGH_MS = 15_000;

/** Time is up and there are more timers: Lambda invokes the function with the same minute again. */
class MoreToWake extends Error {
  override name = 'MoreToWake';
}

/**
 * Invoked by the schedule of a minute: puts the timers of that minute into the intake queue, and then deletes them. Running
 * it twice is safe: a timer is deleted only when its message is durable, and one that rings twice asks twice for the same
 * message. Throws MoreToWake when time is short; then Lambda runs it again, twice, and at last it is a dead letter.
 */
export const handler = async (
  { minuteMs }: { minuteMs: number },
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ timers: number }> => {
  let count = 0;
  const shards = Array.from({ length: SHARDS }, (_, shard) => bucketOf(minuteMs, shard));
  await inParallel(SHARDS, shards, async (bucket) => {
    for await (const page of dueTimers(TIMERS_TABLE, bucket)) {
      if (page.length > 0 && context.getRemainingTimeInMillis() < ENOUGH_MS) throw new MoreToWake(bucket);
      const messages = chunkTimers(page.map(({ timer }) => timer));
      await sendAll(
        INTAKE_QUEUE_URL,
        messages.map((body) => ({ body, group: TIMERS_GROUP })),
      );
      await forgetTimers(TIMERS_TABLE, page);
      count += page.length;
    }
  });
  return { timers: count };
};
