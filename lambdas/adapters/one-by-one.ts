import type { Channel, Lane } from '../../core/delivery/channel.ts';
import type { ChannelSender, Outgoing, SendResult } from '../../core/delivery/sender.ts';
import { inParallel } from './in-parallel.ts';

/**
 * A channel whose provider takes one recipient a call: a chunk is as many calls as are under way at once. They are marked as
 * attempted together: at most so many people are in doubt when a worker dies, and a provider that hangs costs the time of
 * one call.
 */
export const oneByOne = <C extends Channel>(
  channel: C,
  chunk: number,
  sendOne: (message: Outgoing<C>, lane: Lane) => Promise<SendResult>,
): ChannelSender<C> => ({
  channel,
  chunk,
  async send(messages, lane) {
    const results = new Map<number, SendResult>();
    await inParallel(chunk, messages, async (message) => {
      results.set(message.key, await sendOne(message, lane));
    });
    return results;
  },
});
