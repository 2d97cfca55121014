import type { Channel } from '../delivery/channel.ts';
import type { Consents } from '../delivery/consent.ts';

/** What a row says about messages: yes or no by channel or channel/topic, and of which channels it wants nothing at all. */
export type Statement = { consents: Record<string, boolean>; unsubscribed?: Channel[] };

export const channelOf = (consent: string): string => consent.split('/', 1)[0] as string;

/**
 * What the statement changes in what the person said before. A no always counts. A yes counts only where the person was
 * never asked, and not for a topic of a channel to which the person says no: a file never undoes an unsubscribe. Who is
 * unsubscribed from a channel is so from its topics, too.
 */
export const heard = (known: Consents, { consents, unsubscribed = [] }: Statement): Record<string, boolean> => {
  const changes: Record<string, boolean> = {};
  for (const channel of unsubscribed) {
    const topics = Object.keys(known).filter((consent) => channelOf(consent) === channel && known[consent]);
    for (const consent of [channel, ...topics]) if (known[consent] !== false) changes[consent] = false;
  }
  for (const [consent, given] of Object.entries(consents)) {
    if (!given && known[consent] !== false) changes[consent] = false;
  }
  for (const [consent, given] of Object.entries(consents)) {
    const channel = channelOf(consent);
    const refused = (changes[channel] ?? known[channel]) === false;
    if (given && known[consent] === undefined && changes[consent] === undefined && !refused) changes[consent] = true;
  }
  return changes;
};

/** What several statements come to, one after the other. */
export const heardAll = (known: Consents, statements: readonly Statement[]): Record<string, boolean> => {
  const changes: Record<string, boolean> = {};
  for (const statement of statements) Object.assign(changes, heard({ ...known, ...changes }, statement));
  return changes;
};
