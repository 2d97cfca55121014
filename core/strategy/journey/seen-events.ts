import type { PatternId } from './journey-version.ts';
import type { SeenEvent } from './participant.ts';

/** Events of one pattern that are remembered. */
const MAX_SEEN = 8;

/**
 * With these, each once, in the order in which they happened. Of more than eight of one pattern those are left out that another follows
 * soonest: whoever asks for the first from some time on gets one a little later.
 */
export const withSeen = (seen: readonly SeenEvent[], more: readonly SeenEvent[]): SeenEvent[] => {
  const known = new Set(seen.map(nameOf));
  const news = more.filter((one) => !known.has(nameOf(one)));
  if (news.length === 0) return seen as SeenEvent[];
  const byPattern = Map.groupBy([...seen, ...news].sort(byTime), ([pattern]) => pattern);
  const kept = [...byPattern.values()].flatMap(thinned);
  return kept.every((one) => known.has(nameOf(one))) ? (seen as SeenEvent[]) : kept.sort(byTime);
};

const nameOf = ([pattern, , key]: SeenEvent): string => `${pattern} ${key}`;
const byTime = (a: SeenEvent, b: SeenEvent): number => a[1] - b[1] || (nameOf(a) < nameOf(b) ? -1 : 1);

const thinned = (events: SeenEvent[]): SeenEvent[] => {
  const kept = [...events];
  while (kept.length > MAX_SEEN) {
    let closest = 0;
    const gapAfter = (n: number): number => (kept[n + 1]?.[1] ?? Number.POSITIVE_INFINITY) - (kept[n]?.[1] ?? 0);
    for (let n = 1; n < kept.length; n += 1) if (gapAfter(n) < gapAfter(closest)) closest = n;
    kept.splice(closest, 1);
  }
  return kept;
};

/** The first of these patterns' events that happened within this time and was not taken before; `branch`: the place of its pattern. */
export const firstSeen = (
  { seen, consumed }: { seen: readonly SeenEvent[]; consumed: readonly string[] },
  patterns: readonly PatternId[],
  fromMs: number,
  toMs: number,
): { branch: number; atMs: number; key: string } | undefined => {
  for (const [pattern, atMs, key] of seen) {
    if (atMs < fromMs || atMs > toMs || consumed.includes(key) || !patterns.includes(pattern)) continue;
    // Of one event that is of several patterns the first branch takes it.
    const own = seen.flatMap(([other, , otherKey]) => (otherKey === key ? [patterns.indexOf(other)] : []));
    return { branch: Math.min(...own.filter((branch) => branch >= 0)), atMs, key };
  }
  return undefined;
};
