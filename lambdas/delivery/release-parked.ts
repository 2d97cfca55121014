import type { Context } from 'aws-lambda';
import { type HeldMessage, parkedBuckets } from '../../core/delivery/held-message.ts';
import { emptyBuckets } from '../middleware/empty-buckets.ts';
import { readEnv } from '../middleware/read-env.ts';
import { releaseHeld } from './release-held.ts';
import { env } from './release-parked.env.ts';

const environment = readEnv(env);

/** `campaignId`: of the pause, or `emergency-stop` when everything was stopped. `pause`: its number. */
type Task = { campaignId: string; pause: number };

/**
 * Task of release-parked, which begins when a pause of a campaign, or a stop of everything, has ended: puts the messages that waited for that into their
 * queues, and then deletes them. Throws MoreToWake when time is short. Running it twice is safe: a message is deleted only when
 * the queue has it, one that comes twice finds its ledger record, and a pause that has ended gets no more of those that only
 * its end could release.
 */
export const handler = async (
  { campaignId, pause }: Task,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ messages: number }> => ({
  messages: await emptyBuckets<HeldMessage>(
    environment.TIMERS_TABLE,
    parkedBuckets(campaignId, pause),
    (page) => releaseHeld(environment, page),
    () => context.getRemainingTimeInMillis(),
  ),
});
