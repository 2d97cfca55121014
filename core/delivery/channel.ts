/** Channels of this release, in the vocabulary of the product. A new channel is one row here and one adapter. */
export const CHANNELS = ['push', 'sms', 'email'] as const;
export type Channel = (typeof CHANNELS)[number];

/** Transactional messages never wait behind promotional ones: each channel has one queue per lane. */
export const LANES = ['transactional', 'promotional'] as const;
export type Lane = (typeof LANES)[number];

/** Name of the environment variable that holds the URL of a channel's queue, e.g. SEND_PUSH_PROMOTIONAL_URL. */
export const queueVariable = (channel: Channel, lane: Lane): `SEND_${Uppercase<Channel>}_${Uppercase<Lane>}_URL` =>
  `SEND_${channel.toUpperCase() as Uppercase<Channel>}_${lane.toUpperCase() as Uppercase<Lane>}_URL`;

/** The addresses of one person, one per channel. */
export type Addresses = { email?: string; phone?: string; pushToken?: string };

const FIELD: Record<Channel, keyof Addresses> = { push: 'pushToken', sms: 'phone', email: 'email' };
export const addressOf = (channel: Channel, addresses: Addresses): string | undefined => addresses[FIELD[channel]];

/** Step of the policy at which a person starts: the first channel with an address, or the last one, where it ends. */
export const firstStep = (policy: readonly Channel[], addresses: Addresses): number => {
  const step = policy.findIndex((channel) => addressOf(channel, addresses));
  return step < 0 ? policy.length - 1 : step;
};
