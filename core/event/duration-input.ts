import * as z from 'zod/mini';
import type { Duration } from './trigger.ts';

const UNITS = { seconds: 2_678_400, minutes: 44_640, hours: 744, days: 31 };
const whole = (maximum: number) => z.optional(z.int().check(z.minimum(1), z.maximum(maximum)));
const lengths = z
  .strictObject({
    seconds: whole(UNITS.seconds),
    minutes: whole(UNITS.minutes),
    hours: whole(UNITS.hours),
    days: whole(UNITS.days),
  })
  .check(z.refine((value) => Object.keys(value).length === 1, 'Exactly one of seconds, minutes, hours, days'));

/** A length of time in one unit, as `{ hours: 24 }`. */
export const durationInput = lengths as unknown as z.ZodMiniType<Duration>;
