import { createHash } from 'node:crypto';
import { type Limit, scopedLimits } from './caps.ts';
import { type ContactState, MAX_SCOPED_TOUCHES, MAX_TOUCHES, type Touch } from './contact-state.ts';
import type { GateInput } from './gate.ts';

/**
 * Touches are the reserved or accepted sends that count against caps. A person's newest touches are a shift register: a new
 * one pushes the oldest out, so that one conditional write can check a cap over all of them and add to it without a read
 * (decision 0002). What is pushed out and a cap on a channel or topic still counts is kept behind them (decision 0020).
 */

const hash = (text: string, length: number): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, length);

/**
 * Names a message among all that one person gets, whatever the channel: 72 bits, short because ten of them must fit in
 * 1 KB. It stands in the person's own item, so everybody who gets the same message has the same key.
 */
export const touchKey = (message: string): string => hash(message, 12);

const CHANNEL = 2;
const TOPIC = 4;
const CONTENT = 6;
const channelCode = (channel: string): string => hash(channel, CHANNEL);
const topicCode = (topic: string): string => hash(topic, TOPIC);

/** Names what a message says, as it is rendered for one person: 36 bits, compared with ten others at most. */
export const contentCode = (content: unknown): string => hash(JSON.stringify(content), CONTENT);

/** Before each further channel. No hash has it. */
const ALSO = '+';

/**
 * What a touch was about, in 12 characters: channel, topic, content; behind them, three for each other channel that took the
 * message before. `content` comes from contentCode.
 */
export const aboutOf = ({
  channel,
  topic,
  content = '',
  takenOn = [],
}: {
  channel: string;
  topic: string;
  content?: string | undefined;
  takenOn?: readonly string[] | undefined;
}) => channelCode(channel) + topicCode(topic) + content + takenOn.map((other) => ALSO + channelCode(other)).join('');

const wasOn = (about: string, channel: string): boolean => {
  const code = channelCode(channel);
  return about.startsWith(code) || about.includes(ALSO + code);
};

export const isOnChannel = ([, , about]: Touch, channel: string): boolean => wasOn(about, channel);
export const saysSame = ([, , about]: Touch, content: string): boolean =>
  about.slice(CHANNEL + TOPIC).split(ALSO)[0] === content;

export const touchOf = (contact: ContactState, key: string): Touch | undefined =>
  contact.touches.find(([, own]) => own === key);
export const hasTouch = (contact: ContactState, key: string): boolean => touchOf(contact, key) !== undefined;

const counts = ([atSeconds, , about]: Touch, { fromSeconds, channel, topic }: Limit): boolean =>
  atSeconds >= fromSeconds &&
  (channel === undefined || wasOn(about, channel)) &&
  (topic === undefined || about.slice(CHANNEL, CHANNEL + TOPIC) === topicCode(topic));

export const isReached = (touches: readonly Touch[], limit: Limit): boolean =>
  touches.filter((touch) => counts(touch, limit)).length >= limit.touches;

/** What a reservation writes: the new touch, or what the message's own touch is now about. */
export const touchFor = ({
  channel,
  topic,
  content,
  takenOn,
  messageKey,
  nowMs,
}: Omit<GateInput, 'contact'>): Touch => [
  Math.floor(nowMs / 1_000),
  messageKey,
  aboutOf({ channel, topic, content, takenOn }),
];

/** With the touch that the gate asks for. Reserving the same message on the same channel again changes nothing. */
export const reserveTouch = (input: GateInput): ContactState => {
  const { contact, messageKey } = input;
  const touch = touchFor(input);
  const own = touchOf(contact, messageKey);
  const touches = own
    ? contact.touches.map((other): Touch => (other === own ? [own[0], messageKey, touch[2]] : other))
    : stillCounted([touch, ...contact.touches], scopedLimits(input));
  return { ...contact, touches };
};

/** The newest ones, and of the others those that some cap on a channel or topic counts; what they said does not matter. */
const stillCounted = (touches: readonly Touch[], limits: readonly Limit[]): Touch[] => {
  const older = touches.slice(MAX_TOUCHES).flatMap((touch, n): Touch[] => {
    const newer = touches.slice(0, MAX_TOUCHES + n);
    const [atSeconds, key, about] = touch;
    const isCounted = limits.some((limit) => counts(touch, limit) && !isReached(newer, limit));
    const [, ...others] = about.split(ALSO);
    return isCounted ? [[atSeconds, key, [about.slice(0, CHANNEL + TOPIC), ...others].join(ALSO)]] : [];
  });
  return [...touches.slice(0, MAX_TOUCHES), ...older.slice(0, MAX_SCOPED_TOUCHES)];
};

/** So long a touch stands for a message that no channel has taken yet. A redelivery comes three minutes later. */
const HOLDS_SECONDS = 60;

/**
 * The contact as the gate is to see it for a message that no channel has taken: a touch that it reserved a while ago does not
 * hold its place. Others may have come since, and caps and gaps are about what people get, and when.
 */
export const withoutStaleTouch = (contact: ContactState, key: string, nowMs: number): ContactState => {
  const own = touchOf(contact, key);
  return own && own[0] < nowMs / 1_000 - HOLDS_SECONDS ? releaseTouch(contact, key) : contact;
};

/** Gives the touch back, when no channel took the message. */
export const releaseTouch = (contact: ContactState, key: string): ContactState => ({
  ...contact,
  touches: contact.touches.filter(([, own]) => own !== key),
});
