import type { Context } from 'aws-lambda';
import { groupOf } from '../../core/event/group-of.ts';
import { bucketOf, chunkTimers, SHARDS, type Timer } from '../../core/event/timer.ts';
import { sendAll } from '../adapters/queues.ts';
import { emptyBuckets } from '../middleware/empty-buckets.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './wake-timers.env.ts';

const { TIMERS_TABLE, INTAKE_QUEUE_URL } = readEnv(env);

/**
 * Invoked by the schedule of a minute: puts all timers of that minute into the intake queue, and then deletes them (see
 * emptyBuckets for what it throws). Running it twice is safe: a timer is deleted only when its message is durable, and one that
 * rings twice asks twice for the same message.
 */
export const handler = async (
  { minuteMs }: { minuteMs: number },
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ timers: number }> => {
  const shards = Array.from({ length: SHARDS }, (_, shard) => bucketOf(minuteMs, shard));
  const ringAll = (page: readonly { body: Timer }[]) => ring(page.map(({ body }) => body));
  return { timers: await emptyBuckets(TIMERS_TABLE, shards, ringAll, () => context.getRemainingTimeInMillis()) };
};

/** A timer rings in the group of its event's source, so that it does not overtake what the source has sent before. */
const ring = async (timers: readonly Timer[]): Promise<void> => {
  const bySource = Map.groupBy(timers, ({ event }) => groupOf(event.source));
  const messages = [...bySource].flatMap(([group, own]) => chunkTimers(own).map((body) => ({ body, group })));
  await sendAll(INTAKE_QUEUE_URL, messages);
};
