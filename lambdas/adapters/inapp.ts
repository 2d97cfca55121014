import { inboxMessageOf } from '../../core/delivery/inbox.ts';
import type { ChannelSender, Outgoing, SendResult } from '../../core/delivery/sender.ts';
import type { Inbox } from './inbox.ts';
import { oneByOne } from './one-by-one.ts';

/** Writes under way at once. */
const CHUNK = 25;

/** In-app messages: each waits in the inbox of its person until the app asks for it. Writing one again changes nothing. */
export const inappChannel = (box: Pick<Inbox, 'add'>): ChannelSender<'inapp'> => {
  const sendOne = async (message: Outgoing<'inapp'>): Promise<SendResult> => {
    const item = inboxMessageOf(message);
    try {
      await box.add(message.profileId, item);
      return { status: 'sent', messageId: item.messageId };
    } catch (error) {
      // Whether it was written or not, it may be written again.
      return { status: 'retry', reason: String(error) };
    }
  };

  return oneByOne('inapp', CHUNK, sendOne);
};
