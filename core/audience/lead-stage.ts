import { round2 } from './lead.ts';
import type { LeadStage } from './lead-model.ts';
import type { Part } from './lead-score.ts';

/**
 * Where a lead of this score stands that stands at `index`: as high as `from` lets it rise, else as low as `fallsBelow` makes
 * it fall. Between the two thresholds of its stage it stays, so that a score that wavers moves nobody to and fro. What
 * people read decides, two decimals: points of a minute ago have faded by a trifle, and 20 and 10 points should be 30.
 */
export const stageFor = (stages: readonly LeadStage[], index: number, exact: number): number => {
  const score = round2(exact);
  const highest = stages.findLastIndex(({ from }) => from !== undefined && score >= from);
  if (highest > index) return highest;
  let at = index;
  for (let stage = stages[at]; stage?.fallsBelow !== undefined && score < stage.fallsBelow; stage = stages[at]) at -= 1;
  return at;
};

/** The endpoints of every stage that is entered, or passed, on a way up. */
export const handedOver = (stages: readonly LeadStage[], from: number, to: number): string[] => [
  ...new Set(stages.slice(from + 1, to + 1).flatMap(({ handOver = [] }) => handOver)),
];

/** Nobody waits longer for points to fade. */
const HORIZON_MS = 10 * 365 * 86_400_000;
const ROUNDS = 50;
/** What is less than a threshold by so much is shown as the threshold. */
const HALF = 0.005;

/** Epoch ms at which the fading alone moves a lead out of its stage; undefined: never. May be early, is never late. */
export const movesAt = (
  stages: readonly LeadStage[],
  index: number,
  score: { parts: readonly Part[]; steady: number },
  nowMs: number,
): number | undefined => {
  const { fallsBelow } = stages[index] ?? {};
  const next = stages.slice(index + 1).find(({ from }) => from !== undefined)?.from;
  const falls = fallsBelow === undefined ? undefined : belowAt(score.parts, score.steady, fallsBelow - HALF);
  // Deductions fade too, so a score can rise by itself: the same question with all signs turned.
  const turned = score.parts.map(({ value, halfLifeMs }) => ({ value: -value, halfLifeMs }));
  const rises = next === undefined ? undefined : belowAt(turned, -score.steady, HALF - next);
  const first = Math.min(falls ?? Number.POSITIVE_INFINITY, rises ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(first) ? nowMs + Math.ceil(first) + 1 : undefined;
};

/**
 * After how many ms the sum of the parts and of what is steady is less than `limit`; undefined: not within ten years. What is
 * positive and what is negative only shrink each, so from a moment on the sum is at least the positive part of later and the
 * negative part of that moment. Where this bound meets the limit is not after the crossing; from there the bound is taken
 * again, and again. Without deductions the first bound is the crossing itself.
 */
const belowAt = (parts: readonly Part[], steady: number, limit: number): number | undefined => {
  const sumAt = (some: readonly Part[], ms: number): number =>
    some.reduce((sum, { value, halfLifeMs }) => sum + value * 2 ** (-ms / halfLifeMs), 0);
  const gains = parts.filter(({ value }) => value > 0);
  const losses = parts.filter(({ value }) => value < 0);
  let ms = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const target = limit - steady - sumAt(losses, ms);
    const bound = firstBelow((at) => sumAt(gains, at), target, ms);
    if (bound === undefined) return undefined;
    if (losses.length === 0 || bound - ms < 1_000) return bound;
    ms = bound;
  }
  return ms;
};

/** The first moment from `fromMs` on, to a second, at which a function that only falls, towards 0, is less than the target. */
const firstBelow = (fall: (ms: number) => number, target: number, fromMs: number): number | undefined => {
  if (fall(fromMs) < target) return fromMs;
  if (target <= 0 || fall(HORIZON_MS) >= target) return undefined;
  let [above, below] = [fromMs, HORIZON_MS];
  while (below - above > 500) {
    const middle = (above + below) / 2;
    if (fall(middle) < target) below = middle;
    else above = middle;
  }
  return below;
};
