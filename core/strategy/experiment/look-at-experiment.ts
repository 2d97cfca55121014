import type { ExperimentNode, JourneyVersion } from '../journey/journey-version.ts';
import { nextShares } from './bandit.ts';
import { figuresOf } from './figures.ts';
import { endsOf, type JourneyExperiment, journeyExperimentId, type Round } from './journey-experiment.ts';
import { sampleRatioOf } from './sample-ratio.ts';
import { areTooFew, type Because, type Rules, verdictNow } from './verdict.ts';

/** People who came to an arm in a round, and what they are to the experiment: see `experimentCountQuery`. */
export type VisitCount = {
  arm: string;
  round: number;
  fate: 'success' | 'failure' | 'open' | 'before';
  people: number;
};

/** Of a hundred experiments whose arms are equally good, at most five name a winner. */
const CONFIDENCE = 0.95;
/** Share that a bandit leaves to each arm. */
const FLOOR = 0.05;
/** Shares that differ by less (percent) are not worth another round. */
const WORTH_A_ROUND = 1;
/** A bandit that goes on for longer forgets its first rounds: of those who came in them, whether they fit is no longer asked. */
const MAX_ROUNDS = 400;

export const begunExperiment = (
  journeyId: string,
  { id, node, key }: { id: string; node: ExperimentNode; key: string },
  startedMs: number,
): JourneyExperiment => ({
  ...{ journeyId, node: id, key, startedMs, versions: [], countedMs: 0 },
  rounds: [{ number: 0, percents: node.arms.map(({ percent }) => percent), sinceMs: startedMs }],
  arms: figuresOf(
    node.arms.map(({ name }) => ({ name, people: 0, successes: 0 })),
    key,
  ).map((arm) => ({ ...arm, assigned: 0 })),
});

/**
 * The experiment after a count: its figures, and what follows from them, which is nothing, new shares, or a decision. The same counts give
 * the same answer. Arms that have not got the people that their shares ask for are not compared: no winner, no other shares, and when
 * the time is over the default.
 */
export const lookedAt = (
  before: JourneyExperiment,
  version: Pick<JourneyVersion, 'goals'>,
  node: ExperimentNode,
  counts: readonly VisitCount[],
  nowMs: number,
): JourneyExperiment => {
  if (before.decision) return before;
  const seed = journeyExperimentId(before.journeyId, before.node, before.key);
  const peopleOf = (name: string, fates: readonly VisitCount['fate'][]) =>
    counts.filter(({ arm, fate }) => arm === name && fates.includes(fate)).reduce((sum, { people }) => sum + people, 0);
  const figures = figuresOf(
    node.arms.map(({ name }) => ({
      name,
      people: peopleOf(name, ['success', 'failure']),
      successes: peopleOf(name, ['success']),
    })),
    seed,
  );
  const sampleRatio = sampleRatioOf(assignedOf(before.rounds, node, counts));
  const arms = figures.map((arm) => ({
    ...arm,
    assigned: peopleOf(arm.name, ['success', 'failure', 'open', 'before']),
  }));
  const { sampleRatio: _before, ...rest } = before;
  const after: JourneyExperiment = { ...rest, countedMs: nowMs, arms, ...(sampleRatio && { sampleRatio }) };

  const { earliestMs, latestMs } = endsOf(version, node, before.startedMs);
  const rules: Rules = { minimumSample: node.minimumSample, confidence: CONFIDENCE, defaultArm: node.default };
  const decided = (arm: string, because: Because) => ({ ...after, decision: { atMs: nowMs, arm, because } });
  const atLast = latestMs !== undefined && nowMs >= latestMs;
  if (sampleRatio?.isMismatch) return atLast ? decided(node.default, 'sample-ratio') : after;
  const isOldEnough = nowMs >= earliestMs;
  const ends = (): JourneyExperiment | undefined =>
    atLast ? decided(node.default, areTooFew(figures, rules) ? 'too-few-people' : 'no-winner') : undefined;
  if (node.method === 'fixed') {
    const shared = figures.map((arm, n) => ({ ...arm, share: node.arms[n]?.percent ?? 0 }));
    const verdict = verdictNow(shared, rules, isOldEnough);
    return verdict ? decided(verdict.arm, verdict.because) : (ends() ?? after);
  }
  if (areTooFew(figures, rules)) return ends() ?? after;
  const round = (before.rounds.at(-1)?.number ?? 0) + 1;
  const { shares, settled } = nextShares(
    figures,
    { floor: FLOOR, minimumSample: node.minimumSample },
    `${seed}#${round}`,
  );
  if (settled !== undefined && isOldEnough) return decided(settled, 'settled');
  const percents = node.arms.map(({ name }) => 100 * (shares[name] ?? 0));
  return ends() ?? { ...after, rounds: withRound(before.rounds, { number: round, percents, sinceMs: nowMs }) };
};

/** People of each arm, and how many the shares of their round let expect. */
const assignedOf = (rounds: readonly Round[], { arms }: ExperimentNode, counts: readonly VisitCount[]) => {
  const of = rounds.map(({ number, percents }) => {
    const people = arms.map(({ name }) =>
      counts.filter(({ arm, round }) => arm === name && round === number).reduce((sum, one) => sum + one.people, 0),
    );
    return { people, all: total(people), percents, whole: total(percents) };
  });
  return arms.map(({ name }, n) => ({
    name,
    people: total(of.map(({ people }) => people[n] ?? 0)),
    expected: total(of.map(({ all, percents, whole }) => (all * (percents[n] ?? 0)) / whole)),
  }));
};

const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

const withRound = (rounds: Round[], next: Round): Round[] => {
  const { percents = [] } = rounds.at(-1) ?? {};
  const isOther = next.percents.some((percent, n) => Math.abs(percent - (percents[n] ?? 0)) >= WORTH_A_ROUND);
  return isOther ? [...rounds, next].slice(-MAX_ROUNDS) : rounds;
};
