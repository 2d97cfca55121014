import type { SendMessage } from '../../core/delivery/messages.ts';
import type { Ports } from './ports.ts';

/**
 * True when the campaign of the message is paused, or everything promotional is stopped: then it waits where the end of the pause finds it, and may leave its queue.
 * It waits as it is, for it is the one message of its batch: what its ledger record says was done stays done when it comes
 * again, whoever is open is gated again, and nobody is settled by a pause.
 *
 * First the message is written, then the state is read again, now. If the pause still lasts, its end is yet to come and finds the
 * message. If not, its end may have missed it: the message goes on, or waits for the pause that came after; what was
 * written for nothing, or is found all the same, finds its ledger record.
 */
export const parkPaused = async (
  ports: Pick<Ports, 'planOf' | 'pauseOf' | 'park' | 'sender'>,
  message: SendMessage,
): Promise<boolean> => {
  let pause = await ports.pauseOf(message.plan);
  while (pause !== undefined) {
    const { lane } = await ports.planOf(message.plan);
    await ports.park({ channel: ports.sender.channel, lane, message }, pause);
    const still = await ports.pauseOf(message.plan, 'now');
    if (still === pause) return true;
    pause = still;
  }
  return false;
};
