import type { Context } from 'aws-lambda';
import { type HeldMessage, heldBucket } from '../../core/delivery/held-message.ts';
import { SHARDS } from '../../core/event/timer.ts';
import { sendAll } from '../adapters/queues.ts';
import { sendQueueUrl } from '../adapters/send-queues.ts';
import { emptyMinute } from '../middleware/empty-minute.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './release-messages.env.ts';

const environment = readEnv(env);

/**
 * Invoked by the schedule of a minute: puts the send messages that waited for it into their queues, and then deletes them (see
 * emptyMinute for what it throws). Running it twice is safe: a message is deleted only when the queue has it, and one that comes
 * twice finds its ledger record.
 */
export const handler = async (
  { minuteMs }: { minuteMs: number },
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ messages: number }> => {
  const buckets = Array.from({ length: SHARDS }, (_, shard) => heldBucket(minuteMs, shard));
  const releaseAll = (page: readonly { body: HeldMessage }[]) => release(page.map(({ body }) => body));
  return {
    messages: await emptyMinute(environment.TIMERS_TABLE, buckets, releaseAll, () =>
      context.getRemainingTimeInMillis(),
    ),
  };
};

const release = async (held: readonly HeldMessage[]): Promise<void> => {
  const byQueue = Map.groupBy(held, ({ channel, lane }) => sendQueueUrl(environment, channel, lane));
  for (const [url, own] of byQueue) {
    await sendAll(
      url,
      own.map(({ message }) => ({ body: message, group: message.plan.id })),
    );
  }
};
