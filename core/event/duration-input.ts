import * as z from 'zod/mini';
import type { Duration } from './trigger.ts';

/** A length of time in one unit, as `{ hours: 24 }`, of at most so many days. */
export const durationUpTo = (days: number): z.ZodMiniType<Duration> => {
  const whole = (maximum: number) => z.optional(z.int().check(z.minimum(1), z.maximum(maximum)));
  const lengths = z
    .strictObject({
      seconds: whole(days * 86_400),
      minutes: whole(days * 1_440),
      hours: whole(days * 24),
      days: whole(days),
    })
    .check(z.refine((value) => Object.keys(value).length === 1, 'Exactly one of seconds, minutes, hours, days'));
  return lengths as unknown as z.ZodMiniType<Duration>;
};

export const durationInput = durationUpTo(31);
