import { type ArmCount, type ArmFigures, figuresOf } from './figures.ts';
import { expectedBy, type SampleRatio, sampleRatioOf } from './sample-ratio.ts';
import { evidence, exactP } from './tests.ts';

/** `confidence` 0.95: of a hundred experiments whose arms are equally good, at most five name a winner. */
export type Rules = {
  /** People of each arm that must count before there is a winner. */
  minimumSample: number;
  confidence: number;
  /** Who is chosen without a winner. */
  defaultArm: string;
};

/**
 * `winner`: better than every other arm at the level. `settled`: a bandit has nothing more to gain. Otherwise the default is chosen, because
 * there were too few people, or none was better for sure, or because it hardly matters, or because the arms have not got the people that
 * their shares ask for, so that nothing can be said (sample-ratio.ts).
 */
export const VERDICTS = ['winner', 'settled', 'too-few-people', 'no-winner', 'no-difference', 'sample-ratio'] as const;
export type Because = (typeof VERDICTS)[number];
export type Verdict = { arm: string; because: Because; figures: ArmFigures[]; sampleRatio?: SampleRatio };

const byRate = (a: ArmFigures, b: ArmFigures): number => b.rate - a.rate;

/**
 * The leader, when `isBetter` says so about it and every other arm. The level is shared by all of those comparisons, one fewer than
 * arms: whoever is wrongly named has beaten an arm that is at least as good, and if several are the best, one of them stands for
 * all (decision 0032).
 */
const winnerOf = (
  figures: readonly ArmFigures[],
  { confidence }: Rules,
  isBetter: (leader: ArmFigures, other: ArmFigures, level: number) => boolean,
): string | undefined => {
  const [leader, ...others] = figures.toSorted(byRate);
  if (!leader || leader.pBest < confidence) return undefined;
  const level = (1 - confidence) / others.length;
  return others.every((other) => leader.rate > other.rate && isBetter(leader, other, level)) ? leader.name : undefined;
};

export const areTooFew = (arms: readonly ArmCount[], { minimumSample }: Pick<Rules, 'minimumSample'>): boolean =>
  arms.some(({ people }) => people < minimumSample);

/**
 * The one decision at the planned end: at that time nobody can choose any more when to look. Exact at the level. `share`: of those who enter,
 * in any unit.
 */
export const verdictAtEnd = (arms: readonly (ArmCount & { share: number })[], rules: Rules, seed: string): Verdict => {
  const figures = figuresOf(
    arms.map(({ name, people, successes }) => ({ name, people, successes })),
    seed,
  );
  const sampleRatio = sampleRatioOf(expectedBy(arms));
  const otherwise = { arm: rules.defaultArm, figures, ...(sampleRatio && { sampleRatio }) };
  if (sampleRatio?.isMismatch) return { ...otherwise, because: 'sample-ratio' };
  if (areTooFew(arms, rules)) return { ...otherwise, because: 'too-few-people' };
  // Two directions in which an equally good arm may seem better.
  const winner = winnerOf(figures, rules, (leader, other, level) => 2 * exactP(leader, other) <= level);
  return winner === undefined
    ? { ...otherwise, because: 'no-winner' }
    : { ...otherwise, arm: winner, because: 'winner' };
};

/** Below this part of its own rate a loss is not worth waiting for. */
const WORTH_WAITING = 0.01;

/**
 * What can be said while the experiment goes on, as often as somebody asks; undefined: go on. `shares`: of those who enter, by arm
 * and in any unit, the same from the beginning on. The default is chosen early where it costs next to nothing: that names no winner.
 */
export const verdictNow = (
  figures: readonly (ArmFigures & { share: number })[],
  rules: Rules,
  isOldEnough: boolean,
): Pick<Verdict, 'arm' | 'because'> | undefined => {
  if (!isOldEnough || areTooFew(figures, rules)) return undefined;
  const shareOf = (name: string): number => figures.find((arm) => arm.name === name)?.share ?? 0;
  const winner = winnerOf(figures, rules, (leader, other, level) => {
    const [own, others] = [shareOf(leader.name), shareOf(other.name)];
    const isMore = leader.successes * others > other.successes * own;
    return isMore && evidence(leader.successes, other.successes, own / (own + others)) >= 1 / level;
  });
  if (winner !== undefined) return { arm: winner, because: 'winner' };
  const byDefault = figures.find(({ name }) => name === rules.defaultArm);
  const isCheap = byDefault && byDefault.expectedLoss < WORTH_WAITING * byDefault.rate;
  return isCheap ? { arm: byDefault.name, because: 'no-difference' } : undefined;
};
