import { createHash } from 'node:crypto';

/**
 * Where a person stands in a split, 0 ≤ x < 1: the first 48 bits of SHA-256 of `<salt>#<id>`. The same whenever it is asked, even
 * over people, and independent of every other salt.
 */
export const bucketOf = (salt: string, id: string): number =>
  createHash('sha256').update(`${salt}#${id}`).digest().readUIntBE(0, 6) / 2 ** 48;

/**
 * Index of the arm whose share the bucket falls into; -1 when the shares (percent) leave it over. Shares that grow at the end move
 * nobody between the arms before them.
 */
export const armAt = (percents: readonly number[], bucket: number): number => {
  let upTo = 0;
  return percents.findIndex((percent) => {
    upTo += percent;
    // Thirds add up to a little less than 100.
    return bucket * 100 < upTo || upTo > 100 - 1e-9;
  });
};
