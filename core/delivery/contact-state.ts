import type { Channel } from './channel.ts';

/**
 * The small record read at send time (at most 1 KB, so that one write costs one unit). `consents` keys are a channel or
 * `channel/topic`; the more specific wins; absent means never asked. `touches` are the accepted or reserved sends that
 * count against the frequency cap, oldest first: [epoch seconds, key of the message].
 */
export type ContactState = {
  profileId: string;
  /** Grows by one with each write; every write is conditional on it. 0: the item does not exist yet. */
  version: number;
  consents: Record<string, boolean>;
  suppressed: Partial<Record<Channel, { reason: string; atMs: number }>>;
  touches: [atSeconds: number, key: string][];
};

/** At most this many touches are kept, which bounds the item's size and the cap's limit. */
export const MAX_TOUCHES = 20;

export const emptyContact = (profileId: string): ContactState => ({
  profileId,
  version: 0,
  consents: {},
  suppressed: {},
  touches: [],
});
