import * as z from 'zod/mini';
import { bucketOf } from './assignment.ts';

/** A share of all people, in percent; the salt says which. */
export type Holdout = { percent: number; salt: string };

/** Half at most: who gets nothing is a measure for who does. */
export const holdoutPercent = z.number().check(z.minimum(0), z.maximum(50));

/** Of a plan: this share of its audience gets nothing of it. */
export const planHoldoutInput = z.strictObject({ percent: holdoutPercent });
export type PlanHoldout = z.infer<typeof planHoldoutInput>;

/** Whoever is held out of a plan is so for ever, and independently of other plans. */
export const holdoutOf = (planId: string, { percent }: PlanHoldout): Holdout => ({
  percent,
  salt: `holdout/${planId}`,
});

export const isHeldOut = (profileId: string, { percent, salt }: Holdout): boolean =>
  percent > 0 && bucketOf(salt, profileId) * 100 < percent;

/** `settings/holdout`: these people get nothing promotional at all. `shuffledMs`: since when it is they. */
export type HoldoutSettings = Holdout & { shuffledMs: number };

/** In force until somebody sets another: nobody. */
export const DEFAULT_HOLDOUT: HoldoutSettings = { percent: 0, salt: '', shuffledMs: 0 };

/** The same people are left out for a month at least: less would measure nothing. */
const KEPT_MS = 30 * 86_400_000;

/** Others are held out from now on. A greater share of the same people needs none: it takes more, and lets nobody go. */
export const shuffled = (
  before: HoldoutSettings,
  { percent, reshuffle, newSalt, nowMs }: { percent: number; reshuffle: boolean; newSalt: string; nowMs: number },
): HoldoutSettings | 'too-soon' => {
  if (before.salt !== '' && !reshuffle) return { ...before, percent };
  if (before.salt !== '' && nowMs < before.shuffledMs + KEPT_MS) return 'too-soon';
  return { percent, salt: newSalt, shuffledMs: nowMs };
};
