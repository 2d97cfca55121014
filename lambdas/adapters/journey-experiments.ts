import { inForce } from '../../core/strategy/experiment/experiment-words.ts';
import {
  experimentsIn,
  type JourneyExperiment,
  journeyExperimentId,
} from '../../core/strategy/experiment/journey-experiment.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import type { JourneyFacts } from '../../core/strategy/journey/participant.ts';
import { cached } from './cache.ts';
import type { Definitions } from './definitions.ts';

/** New shares and decisions of experiments act within this time. */
const SHARES_MAX_AGE_MS = 10_000;

/** The shares in force of experiments of versions, for whoever asks for each of a thousand participants. */
export const sharesInForce = (defs: Pick<Definitions, 'get'>) => {
  const experiment = cached(
    SHARES_MAX_AGE_MS,
    async (id) => (await defs.get<JourneyExperiment>('journey-experiment', id))?.body,
  );
  // Versions are kept and never change, and of each the same object is asked about again and again.
  const known = new WeakMap<JourneyVersion, ReturnType<typeof experimentsIn>>();
  return async (version: JourneyVersion, nodes: readonly string[]): Promise<NonNullable<JourneyFacts['shares']>> => {
    const own = known.get(version) ?? experimentsIn(version);
    known.set(version, own);
    const asked = own.filter(({ id }) => nodes.includes(id));
    const found = await Promise.all(
      asked.map(async ({ id, node, key }) => {
        const state = await experiment(journeyExperimentId(version.journeyId, id, key));
        const shares = state && inForce(state, node);
        return shares ? [[id, shares] as const] : [];
      }),
    );
    return Object.fromEntries(found.flat());
  };
};
