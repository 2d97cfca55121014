import { type Addresses, addressOf, CHANNELS, type Channel, fieldOf } from '../channel.ts';
import { allows, type Consents } from '../consent.ts';
import type { ContactState } from '../contact-state.ts';
import { isInForce } from '../suppression.ts';
import type { LinkSettings } from './link-settings.ts';

export type Choice = { key: string; topic: string; given: boolean };
export type ChannelChoices = { channel: Channel; unreachable: boolean; topics: Choice[] };

/** Whom the page is about, and the message that led there. */
export type Person = {
  contact: Pick<ContactState, 'consents' | 'suppressed'>;
  /** Undefined: somebody without a profile, who may have said what they want all the same. */
  addresses: Addresses | undefined;
  from: { channel: Channel; topic: string };
  nowMs: number;
};

/** Messages to machines; no person chooses about them. */
const NOT_FOR_PEOPLE: readonly string[] = ['webhook'];

/**
 * What a person may choose: by channel on which they have an address, said something, or got the message, the topics that the
 * settings offer, of which the message was, or of which they said something. Given is what a promotional message would find. Of a
 * channel that needs no address nobody knows whether the person has it, so they are not asked about it.
 */
export const choicesOf = ({ contact, addresses, from, nowMs }: Person, settings: LinkSettings): ChannelChoices[] => {
  const { consents, suppressed } = contact;
  const said = Object.keys(consents).map((key) => key.split('/'));
  const offered = settings.topics.map(({ topic }) => topic);
  const known = said.flatMap(([, topic]) => (topic ? [topic] : [])).sort();
  const topics = [...new Set([...offered, from.topic, ...known])];
  const concerns = (channel: Channel) =>
    channel === from.channel ||
    said.some(([one]) => one === channel) ||
    (addresses !== undefined && fieldOf(channel) !== 'profileId' && addressOf(channel, addresses) !== undefined);
  const isUnreachable = (channel: Channel) => {
    const suppression = suppressed[channel];
    const address = addresses && addressOf(channel, addresses);
    return suppression !== undefined && isInForce(suppression, { address, nowMs });
  };
  return CHANNELS.filter((channel) => !NOT_FOR_PEOPLE.includes(channel) && concerns(channel)).map((channel) => ({
    channel,
    unreachable: isUnreachable(channel),
    topics: topics.map((topic) => ({
      key: `${channel}/${topic}`,
      topic,
      given: allows(consents, channel, topic, 'promotional'),
    })),
  }));
};

/** A choice as it is on the page, for the form to bring back: `email/offers=yes`. */
export const asShown = ({ key, given }: Pick<Choice, 'key' | 'given'>): string => `${key}=${given ? 'yes' : 'no'}`;

/**
 * What somebody says who sends the form off: of what they were `shown` (see `asShown`), and of what there is to choose now, only
 * what they changed on the page. What has become of the rest since, by one click or by somebody else, is not taken back.
 */
export const chosen = (
  choices: readonly ChannelChoices[],
  shown: ReadonlySet<string>,
  checked: ReadonlySet<string>,
): Record<string, boolean> =>
  Object.fromEntries(
    choices
      .flatMap(({ topics }) => topics)
      .map(({ key }) => ({ key, wanted: checked.has(key) }))
      .filter(({ key, wanted }) => shown.has(asShown({ key, given: !wanted })))
      .map(({ key, wanted }) => [key, wanted]),
  );

/**
 * What somebody says who wants nothing any more: no to every channel, and to every topic of which they said something. All of it
 * each time: whoever asks again may have got an error half-way.
 */
export const nothingAnyMore = (consents: Consents): Record<string, boolean> => {
  const topics = Object.keys(consents).filter((key) => key.includes('/'));
  return Object.fromEntries([...CHANNELS, ...topics].map((key) => [key, false]));
};

/** What one click says: no to the message's topic on its channel. Empty when that was said before. */
export const unsubscribed = (consents: Consents, { channel, topic }: Person['from']): Record<string, boolean> =>
  consents[`${channel}/${topic}`] === false ? {} : { [`${channel}/${topic}`]: false };
