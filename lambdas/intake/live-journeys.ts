import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import type { LiveJourneySet } from '../../core/strategy/journey/live-journey-set.ts';
import { cached } from '../adapters/cache.ts';
import type { Definitions } from '../adapters/definitions.ts';

/** A journey that is published, paused, resumed or stopped acts within this time and the second of a request. */
const MAX_AGE_MS = 5_000;
/** As for triggers (see active-triggers.ts): writers stamp the beginning of their request, and the index follows. */
const OVERLAP_MS = 60_000;
const RECONCILE_EVERY_MS = 15 * 60_000;

/** What holds until a journey goes live: none of the code that listens for them is loaded. */
const NONE: LiveJourneySet = {
  wants: () => false,
  needs: () => undefined,
  hear: () => ({ heard: [], faults: [] }),
  versionOf: () => 0,
  apply: () => [],
};

/**
 * The journeys that are live or paused, at most some seconds old: all of them are read once, then what has changed. Throws
 * when it cannot tell what has changed.
 */
export const liveJourneys = (defs: Definitions) => {
  let set = NONE;
  let lookedMs: number | undefined;
  let reconciledMs = 0;

  const refresh = async (): Promise<LiveJourneySet> => {
    const nowMs = Date.now();
    const isKnown = (id: string, version: number) => version <= set.versionOf(id);
    const all = lookedMs === undefined || nowMs - reconciledMs >= RECONCILE_EVERY_MS;
    const changed = all
      ? await defs.all<LiveJourney>('live-journey')
      : await defs.changedSince<LiveJourney>('live-journey', (lookedMs ?? 0) - OVERLAP_MS, isKnown);
    if (set === NONE && changed.length > 0)
      set = (await import('../../core/strategy/journey/live-journey-set.ts')).liveJourneySet();
    const faults = set.apply(changed.map(({ id, version, body }) => ({ ...body, id, version })));
    for (const fault of faults) console.error({ message: 'A journey cannot be carried out', ...fault });
    lookedMs = nowMs;
    if (all) reconciledMs = nowMs;
    return set;
  };
  const fresh = cached(MAX_AGE_MS, refresh);
  return (): Promise<LiveJourneySet> => fresh('all');
};
