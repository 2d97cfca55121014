import { createHash } from 'node:crypto';
import { type ContactState, MAX_TOUCHES } from './contact-state.ts';
import type { DeliverySettings } from './settings.ts';

/**
 * Touches are the reserved or accepted sends that count against the frequency cap. A person's touches are a shift
 * register, newest first: a new one pushes the oldest out, so that one conditional write can check the cap and add to it
 * without a read (decision 0002).
 */

/**
 * Names a message among all that one person gets, whatever the channel: 72 bits, short because ten of them must fit in
 * 1 KB. It stands in the person's own item, so everybody who gets the same message has the same key.
 */
export const touchKey = (message: string): string =>
  createHash('sha256').update(message).digest('base64url').slice(0, 12);

export const hasTouch = (contact: ContactState, key: string): boolean => contact.touches.some(([, own]) => own === key);

/**
 * First second inside the cap's window: touches from then on count, also those of the future (another machine's clock).
 * Never negative.
 */
export const windowStart = ({ frequencyCap: { hours } }: DeliverySettings, nowMs: number): number =>
  Math.max(0, Math.floor(nowMs / 1_000 - hours * 3_600) + 1);

/** With a cap of n touches it is reached when the n-th newest is still inside the window. */
export const capReached = (contact: ContactState, settings: DeliverySettings, nowMs: number): boolean => {
  const nth = contact.touches[settings.frequencyCap.touches - 1];
  return nth !== undefined && nth[0] >= windowStart(settings, nowMs);
};

/** With one touch more. Reserving the same message again changes nothing. */
export const reserveTouch = (contact: ContactState, nowMs: number, key: string): ContactState => {
  if (hasTouch(contact, key)) return contact;
  const touch: [number, string] = [Math.floor(nowMs / 1_000), key];
  return { ...contact, touches: [touch, ...contact.touches].slice(0, MAX_TOUCHES) };
};

/** Gives the touch back, when no channel took the message. */
export const releaseTouch = (contact: ContactState, key: string): ContactState => ({
  ...contact,
  touches: contact.touches.filter(([, own]) => own !== key),
});
