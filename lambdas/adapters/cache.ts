/**
 * A value that may be this old, per key, for as long as the Lambda environment lives. Calls at the same time share one
 * load; a load that failed is not kept. At most `limit` keys; the oldest go first. With an age of 0 it is loaded now, for this
 * caller and for who comes after.
 */
export const cached = <T>(maxAgeMs: number, load: (key: string) => Promise<T>, limit = 1_000) => {
  const known = new Map<string, { atMs: number; value: Promise<T> }>();
  return (key: string, mayBeOldMs = maxAgeMs): Promise<T> => {
    const nowMs = Date.now();
    const hit = known.get(key);
    if (hit && nowMs - hit.atMs < mayBeOldMs) return hit.value;
    known.delete(key);
    const entry = { atMs: nowMs, value: load(key) };
    known.set(key, entry);
    entry.value.catch(() => known.get(key) === entry && known.delete(key));
    const [oldest] = known.keys();
    if (known.size > limit && oldest !== undefined) known.delete(oldest);
    return entry.value;
  };
};
