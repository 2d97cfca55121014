import { percentText, timeText } from '../journey/journey-text.ts';
import type { ExperimentNode, JourneyVersion } from '../journey/journey-version.ts';
import { endsOf, type JourneyExperiment } from './journey-experiment.ts';
import type { Because } from './verdict.ts';

/** Why a decision was what it was, for those who read it. */
const BECAUSE: Record<Because, string> = {
  winner: 'it is better than every other arm; of a hundred experiments with equally good arms at most five say so',
  settled: 'with a probability of 95 % no other arm is more than 1 % better',
  'no-difference': 'as the default, for it costs next to nothing, whichever arm is the best',
  'too-few-people': 'as the default, for too few people came whose time for the goal is over',
  'no-winner': 'as the default, for no arm was better for sure',
  'sample-ratio':
    'as the default, for the arms have not got the people that their shares ask for, so nothing can be said',
};

const decisionText = ({ atMs, arm, because }: NonNullable<JourneyExperiment['decision']>): string =>
  `“${arm}” was decided for at ${timeText(atMs)}: ${BECAUSE[because]}`;

/** What is in force of an experiment instead of the shares that are written; undefined: those are. */
export const inForce = (
  { rounds, decision }: Pick<JourneyExperiment, 'rounds' | 'decision'>,
  { arms }: ExperimentNode,
): { percents: number[]; why: string } | undefined => {
  if (decision) {
    return { percents: arms.map(({ name }) => (name === decision.arm ? 100 : 0)), why: decisionText(decision) };
  }
  const round = rounds.at(-1);
  if (!round || round.number === 0) return undefined;
  const { number, percents, sinceMs } = round;
  return { percents, why: `round ${number}, by what the arms had achieved at ${timeText(sinceMs)}` };
};

/** The number of the round in which chance decided, from the reason of the step; 0: by the shares that are written. */
export const roundOf = (why: string): number => Number(/round (\d+)/.exec(why)?.[1] ?? 0);

/** What there is to say of an experiment, in a sentence or two. */
export const experimentText = (
  experiment: JourneyExperiment,
  version: Pick<JourneyVersion, 'goals'>,
  node: ExperimentNode,
): string => {
  const { decision, sampleRatio, countedMs, startedMs, arms } = experiment;
  if (decision) return `${decisionText(decision)}.`;
  if (countedMs === 0) return 'Nobody has been counted yet; it is done once a day.';
  if (sampleRatio?.isMismatch) {
    const p = sampleRatio.p < 0.0001 ? 'p < 0.0001' : `p = ${sampleRatio.p.toFixed(4)}`;
    return `The arms have not got the people that their shares ask for (${p}): something other than chance has chosen. No winner is named while this is so.`;
  }
  const { earliestMs, latestMs } = endsOf(version, node, startedMs);
  const atLast = latestMs === undefined ? '' : ` Without a winner “${node.default}” is taken at ${timeText(latestMs)}.`;
  const fewest = Math.min(...arms.map(({ people }) => people));
  if (fewest < node.minimumSample) {
    return `It goes on: of one arm ${fewest} people count, and each needs ${node.minimumSample}.${atLast}`;
  }
  if (countedMs < earliestMs) return `It goes on until ${timeText(earliestMs)} at the earliest.${atLast}`;
  if (node.method === 'bandit') return `It goes on: more can be gained. Shares are ${shareTexts(experiment)}.${atLast}`;
  return `It goes on: no arm is better for sure.${atLast}`;
};

const shareTexts = ({ arms, rounds }: JourneyExperiment): string =>
  arms.map(({ name }, n) => `${name} ${percentText(rounds.at(-1)?.percents[n] ?? 0)}`).join(', ');
