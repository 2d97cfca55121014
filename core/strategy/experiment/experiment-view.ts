import type { ExperimentNode, JourneyVersion } from '../journey/journey-version.ts';
import { experimentText, inForce } from './experiment-words.ts';
import type { JourneyExperiment } from './journey-experiment.ts';

/** An experiment as people read it. `share`: percent of those who come now. */
export const experimentView = (
  experiment: JourneyExperiment,
  version: Pick<JourneyVersion, 'goals'>,
  node: ExperimentNode,
) => {
  const { node: id, startedMs, countedMs, arms, sampleRatio, decision } = experiment;
  const percents = inForce(experiment, node)?.percents ?? node.arms.map(({ percent }) => percent);
  return {
    ...{ node: id, goal: node.goal, method: node.method, startedMs },
    ...(countedMs > 0 && { countedMs }),
    text: experimentText(experiment, version, node),
    arms: arms.map((arm, n) => ({ ...arm, share: percents[n] ?? 0 })),
    ...(sampleRatio && { sampleRatio }),
    ...(decision && { decision }),
  };
};
export type ExperimentView = ReturnType<typeof experimentView>;
