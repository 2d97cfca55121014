import * as z from 'zod/mini';
import { timeOfDay } from '../delivery/settings-input.ts';
import { durationMs } from '../event/duration.ts';
import { durationInput } from '../event/duration-input.ts';
import type { Duration } from '../event/trigger.ts';
import type { CampaignInput } from './campaign.ts';
import { midnightOf, minutesOf } from './schedule.ts';
import { calendarDate } from './schedule-input.ts';

const MINUTE_MS = 60_000;
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
 * click, within a time after the campaign has begun. `local`: when their clock shows this time, on the day `on`, or else next.
 */
export const sendTimeInput = z.union([
  z.strictObject({ best: z.strictObject({ within: windowInput }) }),
  z.strictObject({ local: timeOfDay, on: z.optional(calendarDate) }),
]);
export type SendTime = z.infer<typeof sendTimeInput>;

/** How far the clocks of the world are ahead of UTC, and behind it: those of Kiritimati, and of ships in the mid-Pacific. */
const FIRST_HOURS = 14;
const LAST_HOURS = 12;

/** Nobody is due later after the campaign has begun. Where the clock is put back, a day has 25 hours. */
export const longestWaitMs = (sendTime: SendTime): number => {
  if ('best' in sendTime) return durationMs(sendTime.best.within);
  return (sendTime.on === undefined ? 25 : FIRST_HOURS + LAST_HOURS) * HOUR_MS;
};

/** From when (epoch ms), and until when, the clocks of the world show this time on this day; undefined when no day is named. */
export const shownWorldwide = (sendTime: SendTime | undefined): { fromMs: number; toMs: number } | undefined => {
  if (!sendTime || !('local' in sendTime) || sendTime.on === undefined) return undefined;
  const wallMs = midnightOf(sendTime.on) + minutesOf(sendTime.local) * MINUTE_MS;
  return { fromMs: wallMs - FIRST_HOURS * HOUR_MS, toMs: wallMs + LAST_HOURS * HOUR_MS };
};

/** Epoch ms at which a campaign is to begin; undefined: as soon as it is approved. */
export const beginsAtMs = ({ sendAt, sendTime }: Pick<CampaignInput, 'sendAt' | 'sendTime'>): number | undefined =>
  sendAt === undefined ? shownWorldwide(sendTime)?.fromMs : Date.parse(sendAt);
