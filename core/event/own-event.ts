import type { AcceptedEvent } from './event.ts';

/**
 * Events that Herald makes itself, about what it has decided. They go through the same queue as those of apps, so triggers
 * and segments can use them; no app may send one.
 */
export const OWN_TYPES = 'herald.';
/** Of events that tell what became of a message. */
export const MESSAGE_TYPES = `${OWN_TYPES}message.`;
export const OWN_SOURCE = 'herald';

export const isOwnType = (type: string): boolean => type.startsWith(OWN_TYPES);

/** An event of Herald's own. The same `id` is the same event, however often it is made. */
export const ownEvent = (event: Pick<AcceptedEvent, 'id' | 'type' | 'profileId' | 'timeMs' | 'properties'>) => ({
  ...event,
  source: OWN_SOURCE,
  receivedMs: event.timeMs,
});
