import type { LiveSegment } from '../../core/audience/live/live-segment.ts';
import type { LiveSet } from '../../core/audience/live/live-set.ts';
import { cached } from '../adapters/cache.ts';
import type { Definitions } from '../adapters/definitions.ts';

/** A segment that goes live, changes or is turned off acts within this time and the second of a request. */
const MAX_AGE_MS = 5_000;
/** As for triggers (see active-triggers.ts): writers stamp the beginning of their request, and the index follows. */
const OVERLAP_MS = 60_000;
const RECONCILE_EVERY_MS = 15 * 60_000;

/** What holds until a segment goes live: none of the code that decides on them is loaded. */
const NONE: LiveSet = {
  wants: () => false,
  concernedBy: () => [],
  get: () => undefined,
  versionOf: () => 0,
  apply: () => [],
};

/**
 * The live segments that react at once, at most some seconds old: all of them are read once, then what has changed. Throws
 * when it cannot tell what has changed.
 */
export const liveSegments = (defs: Definitions) => {
  let set = NONE;
  let lookedMs: number | undefined;
  let reconciledMs = 0;

  const refresh = async (): Promise<LiveSet> => {
    const nowMs = Date.now();
    const isKnown = (id: string, version: number) => version <= set.versionOf(id);
    const all = lookedMs === undefined || nowMs - reconciledMs >= RECONCILE_EVERY_MS;
    const changed = all
      ? await defs.all<LiveSegment>('live-segment')
      : await defs.changedSince<LiveSegment>('live-segment', (lookedMs ?? 0) - OVERLAP_MS, isKnown);
    if (set === NONE && changed.length > 0) set = (await import('../../core/audience/live/live-set.ts')).liveSet();
    const faults = set.apply(changed.map(({ id, version, body }) => ({ ...body, id, version })));
    for (const fault of faults) console.error({ message: 'A live segment cannot be carried out', ...fault });
    lookedMs = nowMs;
    if (all) reconciledMs = nowMs;
    return set;
  };
  const fresh = cached(MAX_AGE_MS, refresh);
  return (): Promise<LiveSet> => fresh('all');
};
