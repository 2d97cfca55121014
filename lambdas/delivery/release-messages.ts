import type { Context } from 'aws-lambda';
import { type HeldMessage, heldBucket } from '../../core/delivery/held-message.ts';
import { SHARDS } from '../../core/event/timer.ts';
import { emptyBuckets } from '../middleware/empty-buckets.ts';
import { readEnv } from '../middleware/read-env.ts';
import { releaseHeld } from './release-held.ts';
import { env } from './release-messages.env.ts';

const environment = readEnv(env);

/**
 * Invoked by the schedule of a minute: puts the send messages that waited for it into their queues, and then deletes them (see
 * emptyBuckets for what it throws). Running it twice is safe: a message is deleted only when the queue has it, and one that comes
 * twice finds its ledger record.
 */
export const handler = async (
  { minuteMs }: { minuteMs: number },
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ messages: number }> => {
  const buckets = Array.from({ length: SHARDS }, (_, shard) => heldBucket(minuteMs, shard));
  const releaseAll = (page: readonly { body: HeldMessage }[]) => releaseHeld(environment, page);
  return {
    messages: await emptyBuckets(environment.TIMERS_TABLE, buckets, releaseAll, () =>
      context.getRemainingTimeInMillis(),
    ),
  };
};
