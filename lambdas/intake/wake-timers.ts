import type { Context } from 'aws-lambda';
import { groupOf } from '../../core/event/group-of.ts';
import { bucketOf, chunkTimers, SHARDS } from '../../core/event/timer.ts';
import { inParallel } from '../adapters/in-parallel.ts';
import { sendAll } from '../adapters/queues.ts';
import { type DueTimer, dueTimers, forgetTimers, type TimerKey } from '../adapters/timers.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './wake-timers.env.ts';

const { TIMERS_TABLE, INTAKE_QUEUE_URL } = readEnv(env);

/** With less time than this left no page is begun: a page takes a second or two, and what has rung is to be deleted. */
const RINGS_UNTIL_MS = 120_000;
const DELETES_UNTIL_MS = 15_000;

/** Time is up and there are more timers: Lambda invokes the function with the same minute again. */
class MoreToWake extends Error {
  override name = 'MoreToWake';
}

/**
 * Invoked by the schedule of a minute: puts all timers of that minute into the intake queue, and then deletes as many as it
 * can. Running it twice is safe: a timer is deleted only when its message is durable, and one that rings twice asks twice
 * for the same message. Throws MoreToWake when time is short; then Lambda runs it again, twice, and at last it is a dead
 * letter. A delete that fails is no failure: everybody has been woken.
 */
export const handler = async (
  { minuteMs }: { minuteMs: number },
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ timers: number }> => {
  const rung: TimerKey[] = [];
  const shards = Array.from({ length: SHARDS }, (_, shard) => bucketOf(minuteMs, shard));
  try {
    await inParallel(SHARDS, shards, async (bucket) => {
      for await (const page of dueTimers(TIMERS_TABLE, bucket)) {
        if (page.length > 0 && context.getRemainingTimeInMillis() < RINGS_UNTIL_MS) throw new MoreToWake(bucket);
        await ring(page);
        for (const { key } of page) rung.push({ bucket, key });
      }
    });
  } finally {
    const mayGoOn = () => context.getRemainingTimeInMillis() > DELETES_UNTIL_MS;
    const { left, why } = await forgetTimers(TIMERS_TABLE, rung, mayGoOn);
    if (left > 0) console.warn({ message: 'Timers that have rung are not deleted yet', minuteMs, left, why });
  }
  return { timers: rung.length };
};

/** A timer rings in the group of its event's source, so that it does not overtake what the source has sent before. */
const ring = async (page: readonly DueTimer[]): Promise<void> => {
  const bySource = Map.groupBy(page, ({ timer }) => groupOf(timer.event.source));
  const messages = [...bySource].flatMap(([group, own]) =>
    chunkTimers(own.map(({ timer }) => timer)).map((body) => ({ body, group })),
  );
  await sendAll(INTAKE_QUEUE_URL, messages);
};
