/**
 * The channels, in the vocabulary of the product: one row each. A new channel is a row here, its content in
 * core/strategy/template.ts, one adapter, and one sender in lib/delivery.
 */
const ROWS = {
  push: { field: 'pushToken' },
  sms: { field: 'phone' },
  email: { field: 'email' },
  whatsapp: { field: 'phone' },
  wechat: { field: 'wechatOpenId' },
  inapp: { field: 'profileId' },
  webhook: { field: 'profileId' },
} as const satisfies Record<string, { field: keyof Addresses }>;

export type Channel = keyof typeof ROWS;
export const CHANNELS = Object.keys(ROWS) as [Channel, ...Channel[]];

/** The addresses of one person. Whatever stays with Herald, or goes to another system, needs nothing but the id. */
export type Addresses = {
  profileId?: string;
  email?: string;
  phone?: string;
  pushToken?: string;
  wechatOpenId?: string;
};

/** By which of the person's fields a channel reaches them. */
export const fieldOf = (channel: Channel): keyof Addresses => ROWS[channel].field;
export const addressOf = (channel: Channel, addresses: Addresses): string | undefined => addresses[fieldOf(channel)];

/** Transactional messages never wait behind promotional ones: each channel has one queue per lane. */
export const LANES = ['transactional', 'promotional'] as const;
export type Lane = (typeof LANES)[number];

/** Name of the environment variable that holds the URL of a channel's queue, e.g. SEND_PUSH_PROMOTIONAL_URL. */
export const queueVariable = (channel: Channel, lane: Lane): `SEND_${Uppercase<Channel>}_${Uppercase<Lane>}_URL` =>
  `SEND_${channel.toUpperCase() as Uppercase<Channel>}_${lane.toUpperCase() as Uppercase<Lane>}_URL`;

/** The next step of the policy, from `step` on, whose channel has an address of the person. Undefined: none. */
export const reachableStep = (policy: readonly Channel[], addresses: Addresses, step: number): number | undefined => {
  const found = policy.findIndex((channel, at) => at >= step && addressOf(channel, addresses));
  return found < 0 ? undefined : found;
};

/**
 * Where a person starts: at the first channel that has an address and that the person is not known to refuse; who is known
 * to refuse all of them at the first with an address, for the contact has the last word; who has no address at the last
 * step, where it ends. `sure`: the person is known to agree to it.
 */
export const firstStep = (
  policy: readonly Channel[],
  addresses: Addresses,
  known: Partial<Record<Channel, boolean>>,
): { step: number; sure: boolean } => {
  const open = policy.findIndex((channel) => known[channel] !== false && addressOf(channel, addresses));
  const step = open >= 0 ? open : (reachableStep(policy, addresses, 0) ?? policy.length - 1);
  const channel = policy[step];
  return { step, sure: channel !== undefined && known[channel] === true };
};
