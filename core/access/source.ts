import { createHash, timingSafeEqual } from 'node:crypto';

/** An integrating app: the unit of isolation and of intake limits. Definition of kind `source`. */
export type Source = {
  id: string;
  name: string;
  /** SHA-256 of the secret, hex. The secret itself is shown once and never stored. */
  secretHash: string;
  /** How many events a second are taken, on average over ten seconds. */
  eventsPerSecond: number;
  createdBy: string;
  createdMs: number;
  revokedMs?: number;
};

/** Source ids have no underscore, so that a key can be taken apart. */
export const apiKeyOf = (sourceId: string, secret: string): string => `hk_${sourceId}_${secret}`;

export const parseApiKey = (key: string | undefined): { sourceId: string; secret: string } | undefined => {
  const [, sourceId, secret] = /^hk_([0-9A-Za-z-]{1,64})_([0-9A-Za-z_-]{16,128})$/.exec(key ?? '') ?? [];
  return sourceId && secret ? { sourceId, secret } : undefined;
};

export const secretHashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Compares in constant time, so that the time of an answer tells nothing about the hash. */
export const opens = (source: Source | undefined, secret: string): source is Source => {
  const expected = Buffer.from(source?.secretHash ?? secretHashOf(''), 'hex');
  const given = Buffer.from(secretHashOf(secret), 'hex');
  const same = expected.length === given.length && timingSafeEqual(expected, given);
  return same && source !== undefined && source.revokedMs === undefined;
};
