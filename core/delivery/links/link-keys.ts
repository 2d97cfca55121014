import { createHmac } from 'node:crypto';

/** One version of the key, as two: what makes tags and what makes text unreadable must not be the same. */
export type LinkKey = { tag: Buffer; cipher: Buffer };
/** `current` seals new links; all of them open old ones. Ids are one letter or digit: they stand in every link. */
export type LinkKeys = { current: string; keys: ReadonlyMap<string, LinkKey> };

const KEY_ID = /^[A-Za-z0-9]$/;
/** Fewer characters could be guessed. */
const MIN_LENGTH = 32;

/**
 * The keys that a secret holds: `{"current": "a", "a": "<at least 32 characters>"}`, with one member for each version. To
 * turn the key over, add a version and name it; links of a version open as long as it is there. Throws on anything else.
 */
export const readLinkKeys = (secret: string): LinkKeys => {
  const { current, ...versions } = JSON.parse(secret) as Record<string, unknown>;
  const keys = new Map<string, LinkKey>();
  for (const [id, text] of Object.entries(versions)) {
    if (!KEY_ID.test(id)) throw new Error('Ids of link keys are one letter or digit');
    if (typeof text !== 'string' || text.length < MIN_LENGTH) throw new Error(`Link key ${id} is too short`);
    const derived = (purpose: string) => createHmac('sha256', text).update(`herald-links ${purpose}`).digest();
    keys.set(id, { tag: derived('tag'), cipher: derived('cipher') });
  }
  if (typeof current !== 'string' || !keys.has(current)) throw new Error('The current link key is not among the keys');
  return { current, keys };
};
