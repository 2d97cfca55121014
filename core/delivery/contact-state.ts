import type { Channel } from './channel.ts';
import type { Suppression } from './suppression.ts';

/**
 * A send that counts against caps: when, the key of its message (see `touchKey`), and what it was about (see `aboutOf`).
 */
export type Touch = [atSeconds: number, key: string, about: string];

/**
 * The small record that every promotional send writes (at most 1 KB, so that one write costs one unit). For `consents` see
 * consent.ts. `touches` are the accepted or reserved sends that count against caps, newest first.
 */
export type ContactState = {
  profileId: string;
  /** Grows by one with each write, so that a write can be conditional on what was read. 0: the item does not exist yet. */
  version: number;
  consents: Record<string, boolean>;
  suppressed: Partial<Record<Channel, Suppression>>;
  touches: Touch[];
};

/** So many touches are kept, the newest ones, which bounds the item's size and the cap's limit. */
export const MAX_TOUCHES = 10;
/** So many older ones are kept besides, those that caps on a channel or topic still count. */
export const MAX_SCOPED_TOUCHES = 8;

export const emptyContact = (profileId: string): ContactState => ({
  profileId,
  version: 0,
  consents: {},
  suppressed: {},
  touches: [],
});
