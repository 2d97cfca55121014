import * as z from 'zod/mini';

const HOUR_MS = 3_600_000;

/** When a model is fitted again: at a full hour UTC. */
export const fitSchedule = z.union([
  z.strictObject({ every: z.literal('day'), hour: z.int().check(z.minimum(0), z.maximum(23)) }),
  z.strictObject({
    every: z.literal('week'),
    hour: z.int().check(z.minimum(0), z.maximum(23)),
    /** 1 is Monday, 7 is Sunday. */
    weekday: z.int().check(z.minimum(1), z.maximum(7)),
  }),
  z.strictObject({
    every: z.literal('month'),
    hour: z.int().check(z.minimum(0), z.maximum(23)),
    /** To 28, which every month has. */
    day: z.int().check(z.minimum(1), z.maximum(28)),
  }),
]);
export type FitSchedule = z.infer<typeof fitSchedule>;

/** The first instant of the schedule after `afterMs`. */
export const nextFitMs = (schedule: FitSchedule, afterMs: number): number => {
  const hour = Math.floor(afterMs / HOUR_MS) * HOUR_MS;
  // A month has at most 31 × 24 hours.
  for (let ahead = 1; ahead <= 31 * 24; ahead += 1) {
    const at = new Date(hour + ahead * HOUR_MS);
    if (at.getUTCHours() !== schedule.hour) continue;
    if (schedule.every === 'week' && at.getUTCDay() !== schedule.weekday % 7) continue;
    if (schedule.every === 'month' && at.getUTCDate() !== schedule.day) continue;
    return at.getTime();
  }
  throw new RangeError(`${JSON.stringify(schedule)} never comes`);
};
