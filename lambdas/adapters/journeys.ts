import { type JourneyVersion, journeyVersionId } from '../../core/strategy/journey/journey-version.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { cached } from './cache.ts';
import { type Definitions, VersionConflict } from './definitions.ts';

/** A journey that was published, paused, resumed or stopped acts on its participants within this time. */
const STATE_MAX_AGE_MS = 3_000;
/** Compiled versions that are kept: hundreds of KB each at most. */
const KEPT_VERSIONS = 200;

/** What runs of journeys, for whoever asks for each of a thousand participants. */
export const journeys = (defs: Definitions) => {
  const live = cached(STATE_MAX_AGE_MS, async (id) => {
    const stored = await defs.get<LiveJourney>('live-journey', id);
    return stored && { ...stored.body, version: stored.version };
  });
  const version = cached(Number.POSITIVE_INFINITY, (id) => load(defs, id), KEPT_VERSIONS);
  return {
    /** At most 3 seconds old; `now`: read for this call, strongly consistent. Undefined: it was never published. */
    journeyOf: (id: string, when?: 'now'): Promise<LiveJourney | undefined> => live(id, when === 'now' ? 0 : undefined),
    /** It never changes, so it is kept for ever. Throws when there is none. */
    versionOf: (journeyId: string, hash: string): Promise<JourneyVersion> => version(journeyVersionId(journeyId, hash)),
  };
};

const load = async (defs: Definitions, id: string): Promise<JourneyVersion> => {
  const stored = await defs.get<JourneyVersion>('journey-version', id);
  if (!stored) throw new Error(`No journey version ${id}`);
  return stored.body;
};

/** Stores a frozen version. Its id is its content's hash, so that one that exists already is the same one. */
export const storeJourneyVersion = async (defs: Definitions, version: JourneyVersion, nowMs: number): Promise<void> => {
  try {
    await defs.put('journey-version', journeyVersionId(version.journeyId, version.hash), version, 0, nowMs);
  } catch (error) {
    if (!(error instanceof VersionConflict)) throw error;
  }
};
