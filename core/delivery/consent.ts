import type { Channel, Lane } from './channel.ts';

/** What a person said about messages: yes or no by `channel` or `channel/topic`. The more specific wins; absent: never asked. */
export type Consents = Readonly<Record<string, boolean>>;

/**
 * Promotional messages need an explicit yes, for the channel and topic or, when that was never asked, for the channel.
 * Transactional messages only need that nobody said no to the channel and topic.
 */
export const allows = (consents: Consents, channel: Channel, topic: string, lane: Lane): boolean => {
  const forTopic = consents[`${channel}/${topic}`];
  return lane === 'promotional' ? (forTopic ?? consents[channel]) === true : forTopic !== false;
};

/**
 * One statement of a person, as a row of the lake table `consents`. Contact states decide; this history tells snapshots
 * which channels not to begin with, and anybody later who said what and when. `imported`: a file said it, so a yes counts only
 * where the person never said anything. Repeating a row says nothing new.
 */
export type ConsentRow = { profile_id: string; consent: string; given: boolean; imported: boolean; at_ms: number };

export const consentRows = (
  profileId: string,
  consents: Consents,
  { imported, atMs }: { imported: boolean; atMs: number },
): ConsentRow[] =>
  Object.entries(consents).map(([consent, given]) => ({
    profile_id: profileId,
    consent,
    given,
    imported,
    at_ms: atMs,
  }));
