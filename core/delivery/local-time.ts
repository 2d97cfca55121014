/**
 * Time as the clock on a person's wall shows it. A wall time is written as the epoch ms at which a clock in UTC would show
 * the same, so that days and hours of it are plain arithmetic.
 */

/** A formatter takes far longer to make than to ask, and few zones are asked for. Undefined: this runtime knows no such zone. */
const formatters = new Map<string, Intl.DateTimeFormat | undefined>();
const MAX_FORMATTERS = 1_000;

const formatterOf = (timeZone: string): Intl.DateTimeFormat | undefined => {
  if (formatters.has(timeZone)) return formatters.get(timeZone);
  const formatter = newFormatter(timeZone);
  if (formatters.size < MAX_FORMATTERS) formatters.set(timeZone, formatter);
  return formatter;
};

const newFormatter = (timeZone: string): Intl.DateTimeFormat | undefined => {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  } catch {
    return undefined;
  }
};

/** The first of these IANA names that this runtime knows; UTC when it knows none. */
export const knownZone = (...timeZones: (string | undefined)[]): string =>
  timeZones.find((zone): zone is string => zone !== undefined && formatterOf(zone) !== undefined) ?? 'UTC';

const DAY_MS = 86_400_000;

/** The wall time of a zone at an instant, to the second. Throws on a zone that is not known (see knownZone). */
export const wallAt = (atMs: number, timeZone: string): number => {
  const parts = formatterOf(timeZone)?.formatToParts(atMs);
  if (!parts) throw new RangeError(`No time zone ${timeZone}`);
  const read = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'), read('second'));
};

/**
 * The first instant after `afterMs` at which the wall shows this time. One that a change of the clock leaves out is taken by
 * the clock before the change: 02:30 in the hour that is missing is 03:30.
 */
export const instantOf = (wallMs: number, timeZone: string, afterMs = Number.NEGATIVE_INFINITY): number => {
  // No zone changes its clock twice within two days, so one of these two was right at the time.
  const offsets = [-DAY_MS, DAY_MS].map((away) => wallAt(wallMs + away, timeZone) - (wallMs + away));
  const candidates = offsets.map((offset) => wallMs - offset).sort((a, b) => a - b);
  const shown = candidates.find((atMs) => atMs > afterMs && wallAt(atMs, timeZone) === wallMs);
  return shown ?? wallMs - (offsets[0] ?? 0);
};

export const CALENDAR_PERIODS = ['day', 'week', 'month'] as const;
export type CalendarPeriod = (typeof CALENDAR_PERIODS)[number];

/** 1970-01-01 was a Thursday; weeks begin on Monday (ISO 8601). */
const daysSinceMonday = (wallMs: number): number => (Math.floor(wallMs / DAY_MS) + 3) % 7;

/** Instant at which the calendar's day, week or month began that the zone is in. */
export const periodStart = (atMs: number, timeZone: string, period: CalendarPeriod): number => {
  const wall = wallAt(atMs, timeZone);
  const midnight = Math.floor(wall / DAY_MS) * DAY_MS;
  if (period === 'day') return instantOf(midnight, timeZone);
  if (period === 'week') return instantOf(midnight - daysSinceMonday(wall) * DAY_MS, timeZone);
  const day = new Date(midnight);
  return instantOf(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1), timeZone);
};
