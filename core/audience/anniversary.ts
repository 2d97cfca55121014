import { instantOf } from '../event/instant.ts';

const DAY_MS = 86_400_000;

/** Days of the year as `MM-DD`, both ends included; `from` is after `to` when the turn of the year lies between. */
export type DaysOfYear = { from: string; to: string };

/**
 * The days of the year that are today or in the next `days` days, by the calendar of UTC. Undefined for all of them. The
 * anniversary of 29 February is on 28 February in years that have no 29th.
 */
export const daysOfYear = (nowMs: number, days: number): DaysOfYear | undefined => {
  if (days >= 365) return undefined;
  const [from, last] = [dayOfYear(nowMs), dayOfYear(nowMs + days * DAY_MS)];
  // '02-29' sorts after '02-28' and before '03-01', so it only needs a place where the year does not have it.
  const isLast = last === '02-28' && dayOfYear(nowMs + (days + 1) * DAY_MS) === '03-01';
  return { from, to: isLast ? '02-29' : last };
};

const dayOfYear = (ms: number): string => new Date(ms).toISOString().slice(5, 10);

/** Whether a value is a date, as written, on one of these days. Undefined stands for all days. */
export const isOnDays = (value: unknown, days: DaysOfYear | undefined): boolean => {
  if (typeof value !== 'string' || instantOf(value) === undefined) return false;
  if (!days) return true;
  const day = value.slice(5, 10);
  return days.from <= days.to ? day >= days.from && day <= days.to : day >= days.from || day <= days.to;
};
