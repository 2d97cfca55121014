import { type AmountFigures, amountFiguresOf } from './amount-figures.ts';
import { type AmountCount, amountP } from './amount-tests.ts';
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
export type Verdict = { arm: string; because: Because; figures: VariantFigures; sampleRatio?: SampleRatio };

/** Of arms that are compared by the people who do something, or by an amount: all by the one, or all by the other. */
export type VariantCounts = readonly ArmCount[] | readonly AmountCount[];
export type VariantFigures = ArmFigures[] | AmountFigures[];
export const areAmounts = <T extends AmountCount>(counts: readonly ArmCount[] | readonly T[]): counts is readonly T[] =>
  counts.every((count) => 'variance' in count);

/**
 * The leader, when `isBetter` says so about it and every other arm. The level is shared by all of those comparisons, one fewer than
 * arms: whoever is wrongly named has beaten an arm that is at least as good, and if several are the best, one of them stands for
 * all (decision 0032).
 */
const winnerOf = <T extends { name: string; pBest: number }>(
  figures: readonly T[],
  { confidence }: Rules,
  worthOf: (arm: T) => number,
  isBetter: (leader: T, other: T, level: number) => boolean,
): string | undefined => {
  const [leader, ...others] = figures.toSorted((a, b) => worthOf(b) - worthOf(a));
  if (!leader || leader.pBest < confidence) return undefined;
  const level = (1 - confidence) / others.length;
  return others.every((other) => worthOf(leader) > worthOf(other) && isBetter(leader, other, level))
    ? leader.name
    : undefined;
};
const rateOf = ({ rate }: ArmFigures): number => rate;

export const areTooFew = (arms: readonly ArmCount[], { minimumSample }: Pick<Rules, 'minimumSample'>): boolean =>
  arms.some(({ people }) => people < minimumSample);

/**
 * The one decision at the planned end: at that time nobody can choose any more when to look. Of rates it is exact at the level; of amounts see
 * `amountP`. `share`: of those who enter, in any unit.
 */
export const verdictAtEnd = (
  arms: readonly (ArmCount & { share: number })[] | readonly (AmountCount & { share: number })[],
  rules: Rules,
  seed: string,
): Verdict => {
  const { figures, winner } = areAmounts(arms) ? byAmounts(arms, rules, seed) : byRates(arms, rules, seed);
  const sampleRatio = sampleRatioOf(expectedBy(arms));
  const otherwise = { arm: rules.defaultArm, figures, ...(sampleRatio && { sampleRatio }) };
  if (sampleRatio?.isMismatch) return { ...otherwise, because: 'sample-ratio' };
  if (areTooFew(arms, rules)) return { ...otherwise, because: 'too-few-people' };
  return winner === undefined
    ? { ...otherwise, because: 'no-winner' }
    : { ...otherwise, arm: winner, because: 'winner' };
};

const byRates = (arms: readonly ArmCount[], rules: Rules, seed: string) => {
  const figures = figuresOf(
    arms.map(({ name, people, successes }) => ({ name, people, successes })),
    seed,
  );
  // Two directions in which an equally good arm may seem better.
  const winner = winnerOf(figures, rules, rateOf, (leader, other, level) => 2 * exactP(leader, other) <= level);
  return { figures, winner };
};

const byAmounts = (arms: readonly AmountCount[], rules: Rules, seed: string) => {
  const figures = amountFiguresOf(arms, seed);
  const shown = figures.map((one, at) => ({ ...one, variance: arms[at]?.variance ?? 0 }));
  const winner = winnerOf(
    shown,
    rules,
    ({ mean }) => mean,
    (leader, other, level) => amountP(leader, other) <= level,
  );
  return { figures, winner };
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
  const winner = winnerOf(figures, rules, rateOf, (leader, other, level) => {
    const [own, others] = [shareOf(leader.name), shareOf(other.name)];
    const isMore = leader.successes * others > other.successes * own;
    return isMore && evidence(leader.successes, other.successes, own / (own + others)) >= 1 / level;
  });
  if (winner !== undefined) return { arm: winner, because: 'winner' };
  const byDefault = figures.find(({ name }) => name === rules.defaultArm);
  const isCheap = byDefault && byDefault.expectedLoss < WORTH_WAITING * byDefault.rate;
  return isCheap ? { arm: byDefault.name, because: 'no-difference' } : undefined;
};
