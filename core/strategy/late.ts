import * as z from 'zod/mini';
import { instantOf, wallAt } from '../delivery/local-time.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * What becomes of what should have begun before: at the same time of the next day, at once, or not at all. Whoever is late by at most
 * `toleranceMinutes` (5 when absent: a run takes a moment to begin) is not late.
 */
export const latePolicyInput = z.strictObject({
  do: z.enum(['next-day', 'send-now', 'skip']),
  toleranceMinutes: z.optional(z.int().check(z.minimum(0), z.maximum(1_440))),
});
export type LatePolicy = z.infer<typeof latePolicyInput>;

export const DEFAULT_TOLERANCE_MINUTES = 5;

/** A time of day by a clock: ms since midnight, and the IANA name of a zone that is known. */
export type TimeOfDay = { ms: number; timeZone: string };

/**
 * When what was due at `dueMs` is to happen after all, seen at `nowMs` (both epoch ms): not before `nowMs`; undefined: not at all. The next
 * day is when the clock shows the time `at` again.
 */
export const whenLate = (policy: LatePolicy, dueMs: number, nowMs: number, at: TimeOfDay): number | undefined => {
  const { do: wanted, toleranceMinutes = DEFAULT_TOLERANCE_MINUTES } = policy;
  if (dueMs >= nowMs) return dueMs;
  if (wanted === 'send-now' || nowMs - dueMs <= toleranceMinutes * MINUTE_MS) return nowMs;
  return wanted === 'skip' ? undefined : nextShown(at, nowMs);
};

/** The first instant from `fromMs` on at which the clock shows the time, or would, were it not left out (see instantOf). */
const nextShown = ({ ms, timeZone }: TimeOfDay, fromMs: number): number => {
  for (let day = Math.floor(wallAt(fromMs, timeZone) / DAY_MS) * DAY_MS; ; day += DAY_MS) {
    const shownMs = instantOf(day + ms, timeZone, fromMs - 1);
    if (shownMs >= fromMs) return shownMs;
  }
};
