/**
 * A number in [0, 1) that depends on a text and a seed only: FNV-1a over UTF-16 units, then the finalizer of MurmurHash3,
 * so that ids that differ in their last digit are far apart. It draws people for samples; it hides nothing.
 */
export const unitHash = (text: string, seed: number): number => {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let n = 0; n < text.length; n += 1) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
};

/**
 * The `limit` people with the lowest hash of their id: a uniform sample that is the same whatever the order they come in,
 * and all people when there are no more. Memory: twice the limit.
 */
export const lowestHashes = <T>(limit: number, seed: number) => {
  let kept: { hash: number; id: string; row: T }[] = [];
  let bound = 1;
  const trim = () => {
    kept.sort((a, b) => a.hash - b.hash || (a.id < b.id ? -1 : 1));
    kept = kept.slice(0, limit);
    if (kept.length === limit) bound = kept.at(-1)?.hash ?? 1;
  };
  return {
    add(id: string, row: T): void {
      const hash = unitHash(id, seed);
      if (hash > bound) return;
      kept.push({ hash, id, row });
      if (kept.length >= 2 * limit) trim();
    },
    rows(): T[] {
      trim();
      return kept.map(({ row }) => row);
    },
  };
};
