import * as z from 'zod/mini';
import { isTimeZone } from '../audience/profile.ts';
import { timeOfDay } from '../delivery/settings-input.ts';
import { midnightOf, type Recurrence, type Schedule, WEEKDAYS } from './schedule.ts';

/** A day of the calendar, without a zone. */
export const calendarDate = z.iso.date();

/** The name of a zone: one that does not exist would be found out when it is too late. */
export const timeZoneName = z.string().check(z.maxLength(64), z.refine(isTimeZone, 'Not an IANA time zone'));

const onlyOf = (unit: Recurrence['every'], field: 'weekdays' | 'day') =>
  z.refine<Recurrence>((schedule) => schedule.every === unit || schedule[field] === undefined, {
    path: [field],
    message: `Only a schedule of every ${unit} has this`,
  });

/** What a marketer writes. At most a year lies between two occurrences. */
export const recurrenceInput = z
  .strictObject({
    every: z.enum(['day', 'week', 'month']),
    interval: z.optional(z.int().check(z.minimum(1), z.maximum(365))),
    weekdays: z.optional(
      z
        .array(z.enum(WEEKDAYS))
        .check(z.minLength(1), z.maxLength(7))
        .check(z.refine((names) => new Set(names).size === names.length, 'Each day once')),
    ),
    day: z.optional(z.union([z.int().check(z.minimum(1), z.maximum(31)), z.literal('last')])),
    time: timeOfDay,
    timeZone: timeZoneName,
    from: calendarDate,
    until: z.optional(calendarDate),
    occurrences: z.optional(z.int().check(z.minimum(1), z.maximum(10_000))),
  })
  .check(
    onlyOf('week', 'weekdays'),
    onlyOf('month', 'day'),
    z.refine(({ every, interval = 1 }) => interval <= { day: 365, week: 52, month: 12 }[every], {
      path: ['interval'],
      message: 'At most a year lies between two occurrences',
    }),
    z.refine(({ from, until }) => until === undefined || midnightOf(until) >= midnightOf(from), {
      path: ['until'],
      message: 'It would end before it begins',
    }),
  );

/** Once, or again and again: of journeys that people enter on schedule. Campaigns have `sendAt` and `repeat`. */
export const scheduleInput = z.union([
  z.strictObject({ at: z.iso.datetime({ offset: true }) }),
  recurrenceInput,
]) as unknown as z.ZodMiniType<Schedule>;
