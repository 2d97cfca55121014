import { type ArmCount, bestOf, mean, quantile, ratesDrawn } from './figures.ts';

/** `floor`: share that each arm keeps, 0 to 1 / arms: nobody is ever given up on, and what changes later is noticed. */
export type BanditSettings = { floor: number; minimumSample: number };

/** Shares add up to 1. `settled`: the arm that everybody may have from now on. */
export type Shares = { shares: Record<string, number>; settled?: string };

/** So sure, that so much more (as a part of the best arm's rate) is all that going on could bring. */
const SURE = 0.95;
const WORTH_GOING_ON = 0.01;
/** A share is right to 0.007 (one standard error), and is drawn anew each time. */
const DRAWS = 5_000;

/**
 * The shares of the next people: each arm's probability of being the best, which is what Thompson sampling gives a person at a time
 * (Thompson, Biometrika 25, 1933; Scott, A modern Bayesian look at the multi-armed bandit, 2010), above the floor. It ends when with
 * 95 % probability no arm is more than 1 % better than the likeliest: Scott's value remaining. Until each arm has
 * `minimumSample` people, shares are even. Without people who count yet, as with late outcomes, that is as well.
 */
export const nextShares = (
  arms: readonly ArmCount[],
  { floor, minimumSample }: BanditSettings,
  seed: string,
): Shares => {
  const even = 1 / arms.length;
  if (arms.some(({ people }) => people < minimumSample)) {
    return { shares: Object.fromEntries(arms.map(({ name }) => [name, even])) };
  }
  const drawn = ratesDrawn(arms, seed, DRAWS);
  const best = bestOf(drawn);
  const likely = arms.map((_, at) =>
    mean(
      best.arm.map((whose) => Number(whose === at)),
      best.arm.length,
    ),
  );
  const free = 1 - Math.min(floor, even) * arms.length;
  const shares = Object.fromEntries(
    arms.map(({ name }, at) => [name, Math.min(floor, even) + free * (likely[at] ?? 0)]),
  );
  const leader = likely.indexOf(Math.max(...likely));
  const own = drawn[leader] as Float64Array;
  const more = best.rate.map((rate, n) => rate / (own[n] ?? 1) - 1);
  const settled = quantile(more, SURE) < WORTH_GOING_ON ? arms[leader]?.name : undefined;
  return { shares, ...(settled !== undefined && { settled }) };
};

/** Somebody who came to an arm, and when the metric came true for them. */
export type Visit = { arm: string; atMs: number; successMs?: number | undefined };

/**
 * The counts of those whose window is over, whatever they did in it. Whoever succeeds early is not counted early: an arm with many new
 * people would look better than it is for as long as the others of them had no time to fail.
 */
export const countVisits = (
  names: readonly string[],
  visits: Iterable<Visit>,
  windowMs: number,
  nowMs: number,
): ArmCount[] => {
  const counts = new Map(names.map((name) => [name, { name, people: 0, successes: 0 }]));
  for (const { arm, atMs, successMs } of visits) {
    const count = counts.get(arm);
    if (!count || atMs + windowMs > nowMs) continue;
    count.people += 1;
    if (successMs !== undefined && successMs >= atMs && successMs <= atMs + windowMs) count.successes += 1;
  }
  return [...counts.values()];
};
