import { type ExperimentView, experimentView } from '../../core/strategy/experiment/experiment-view.ts';
import {
  experimentsIn,
  type JourneyExperiment,
  journeyExperimentId,
} from '../../core/strategy/experiment/journey-experiment.ts';
import { begunExperiment } from '../../core/strategy/experiment/look-at-experiment.ts';
import type { JourneyVersion } from '../../core/strategy/journey/journey-version.ts';
import type { LiveVersion } from '../../core/strategy/journey/live-journey.ts';
import type { Definitions } from '../adapters/definitions.ts';

/** The experiments of the version in force, as they were counted last. */
export const experimentsOf = async (
  defs: Pick<Definitions, 'get'>,
  version: JourneyVersion,
  { versions }: { versions: readonly Pick<LiveVersion, 'hash' | 'sinceMs'>[] },
): Promise<ExperimentView[]> => {
  const sinceMs = versions.find(({ hash }) => hash === version.hash)?.sinceMs ?? 0;
  return Promise.all(
    experimentsIn(version).map(async (own) => {
      const id = journeyExperimentId(version.journeyId, own.id, own.key);
      const stored = await defs.get<JourneyExperiment>('journey-experiment', id);
      return experimentView(stored?.body ?? begunExperiment(version.journeyId, own, sinceMs), version, own.node);
    }),
  );
};
