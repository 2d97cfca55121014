import { duplicatesFrom, limitsOn, type Moment, remembersChannel } from './caps.ts';
import type { Channel, Lane } from './channel.ts';
import { allows } from './consent.ts';
import type { ContactState } from './contact-state.ts';
import type { SkipReason } from './outcome.ts';
import type { Priority } from './priority.ts';
import { isInForce } from './suppression.ts';
import { isOnChannel, isReached, saysSame, touchOf } from './touch.ts';

export type GateInput = Moment & {
  contact: ContactState;
  channel: Channel;
  /** Where on the channel it would go; absent: not known. */
  address?: string | undefined;
  topic: string;
  lane: Lane;
  /** Absent: normal. */
  priority?: Priority | undefined;
  /** See `touchKey`. */
  messageKey: string;
  /** Channels that took this message before: it counts on them, too. */
  takenOn?: readonly Channel[] | undefined;
  /** See `contentCode`; absent: not rendered yet. */
  content?: string | undefined;
};

/** `reserve`: a touch must be written before the send; otherwise none is needed, or this message has one already. */
export type GateDecision =
  | { decision: 'send'; reserve: boolean }
  | { decision: 'next-channel'; reason: SkipReason }
  | { decision: 'skip'; reason: SkipReason };

/**
 * The one decision before any send to a person on a channel: suppression and consent, and for promotional messages the
 * caps, the minimum gap and duplicate content. What concerns the channel moves on to the next one; what counts over all
 * channels ends the message. A message that holds a touch already, from an earlier channel or try, has passed the caps; only
 * those of the channel that it comes to now are asked again.
 */
export const gate = (input: GateInput): GateDecision => {
  const { contact, channel, topic, lane, messageKey, content } = input;
  const suppression = contact.suppressed[channel];
  if (suppression && isInForce(suppression, input)) return { decision: 'next-channel', reason: 'suppressed' };
  if (!allows(contact.consents, channel, topic, lane)) return { decision: 'next-channel', reason: 'no-consent' };
  if (lane === 'transactional') return { decision: 'send', reserve: false };

  const own = touchOf(contact, messageKey);
  if (own && (isOnChannel(own, channel) || !remembersChannel(input.settings)))
    return { decision: 'send', reserve: false };
  const others = contact.touches.filter((touch) => touch !== own);
  const reached = limitsOn(input, input).find((limit) => (!own || limit.channel) && isReached(others, limit));
  if (reached) return { decision: reached.channel ? 'next-channel' : 'skip', reason: reached.reason };
  const from = duplicatesFrom(input);
  if (!own && content && from !== undefined && others.some((touch) => touch[0] >= from && saysSame(touch, content))) {
    return { decision: 'skip', reason: 'duplicate' };
  }
  return { decision: 'send', reserve: true };
};
