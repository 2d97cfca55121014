import type { HeldMessage } from '../../core/delivery/held-message.ts';
import { sendAll } from '../adapters/queues.ts';
import { type SendQueuesEnvironment, sendQueueUrl } from '../adapters/send-queues.ts';

/** Puts messages that have waited into their queues. */
export const releaseHeld = async (
  environment: SendQueuesEnvironment,
  held: readonly { body: HeldMessage }[],
): Promise<void> => {
  const byQueue = Map.groupBy(held, ({ body: { channel, lane } }) => sendQueueUrl(environment, channel, lane));
  for (const [url, own] of byQueue) {
    await sendAll(
      url,
      own.map(({ body: { message } }) => ({ body: message, group: message.plan.id })),
    );
  }
};
