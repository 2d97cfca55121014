import type { Channel, Lane } from './channel.ts';
import { allows } from './consent.ts';
import type { ContactState } from './contact-state.ts';
import type { SkipReason } from './outcome.ts';
import type { DeliverySettings } from './settings.ts';
import { capReached, hasTouch } from './touch.ts';

export type GateInput = {
  contact: ContactState;
  channel: Channel;
  topic: string;
  lane: Lane;
  settings: DeliverySettings;
  nowMs: number;
  /** See `touchKey`. */
  messageKey: string;
};

/** `reserve`: a touch must be written before the send; otherwise none is needed, or this message has one already. */
export type GateDecision =
  | { decision: 'send'; reserve: boolean }
  | { decision: 'next-channel'; reason: SkipReason }
  | { decision: 'skip'; reason: SkipReason };

/**
 * The one decision before any send to a person on a channel: suppression and consent, and for promotional messages the
 * frequency cap. What concerns the channel moves on to the next one; the cap, which counts over all channels, ends the
 * message.
 */
export const gate = ({ contact, channel, topic, lane, settings, nowMs, messageKey }: GateInput): GateDecision => {
  if (contact.suppressed[channel]) return { decision: 'next-channel', reason: 'suppressed' };
  if (!allows(contact.consents, channel, topic, lane)) return { decision: 'next-channel', reason: 'no-consent' };
  if (lane === 'transactional' || hasTouch(contact, messageKey)) return { decision: 'send', reserve: false };
  if (capReached(contact, settings, nowMs)) return { decision: 'skip', reason: 'frequency-cap' };
  return { decision: 'send', reserve: true };
};
