import * as z from 'zod/mini';
import { timeOfDay } from '../delivery/settings-input.ts';
import { durationMs } from '../event/duration.ts';
import { durationInput } from '../event/duration-input.ts';
import type { Duration } from '../event/trigger.ts';

const HOUR_MS = 3_600_000;

/** A shorter window has no hours to choose from; a longer one has each hour of the week twice. */
const windowInput = durationInput.check(
  z.refine(
    (length: Duration) => durationMs(length) >= HOUR_MS && durationMs(length) <= 168 * HOUR_MS,
    'From 1 hour to 7 days',
  ),
);

/**
 * When each recipient of a campaign gets it. `best`: in the hour, by their own clock, in which they are most likely to open or
 * click, within a time after the campaign has begun. `local`: when their clock next shows this time.
 */
export const sendTimeInput = z.union([
  z.strictObject({ best: z.strictObject({ within: windowInput }) }),
  z.strictObject({ local: timeOfDay }),
]);
export type SendTime = z.infer<typeof sendTimeInput>;

/** Nobody is due later after the campaign has begun. Where the clock is put back, a day has 25 hours. */
export const longestWaitMs = (sendTime: SendTime): number =>
  'best' in sendTime ? durationMs(sendTime.best.within) : 25 * HOUR_MS;
