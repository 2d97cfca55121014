import type { JourneyVersion } from './journey-version.ts';
import type { LiveJourney, LiveVersion } from './live-journey.ts';

/**
 * Somebody may be inside for so long who should have left: their timer, or their effects, may be among the dead letters, which are kept for
 * 14 days.
 */
const LATE_MS = 15 * 86_400_000;

/** Ms after an entry for which somebody may be inside, or reach a goal, which may be after the end. */
export const lastsMs = ({ longestMs, goals }: Pick<JourneyVersion, 'longestMs' | 'goals'>): number =>
  Math.max(longestMs, ...goals.map(({ withinMs = 0 }) => withinMs));

/**
 * The versions that somebody may still be inside of: all of which the last entry, before another took their place, is not so long ago.
 * In a pause nobody leaves, so it begins anew when that ends.
 */
export const stillWalked = (
  { state, sinceMs, versions }: Pick<LiveJourney, 'state' | 'sinceMs' | 'versions'>,
  nowMs: number,
): LiveVersion[] =>
  versions.filter((one, n) => {
    const next = versions[n + 1];
    return state !== 'live' || !next || nowMs <= Math.max(next.sinceMs + one.lastsMs, sinceMs) + LATE_MS;
  });

/** Of the patterns those that one of the versions listens to. */
export const heardFor = (
  versions: readonly LiveVersion[],
  patterns: LiveJourney['patterns'],
): LiveJourney['patterns'] => {
  const wanted = new Set(versions.flatMap((one) => one.patterns));
  return Object.fromEntries(Object.entries(patterns).filter(([id]) => wanted.has(id)));
};
