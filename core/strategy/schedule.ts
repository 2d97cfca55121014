import { instantOf, wallAt } from '../delivery/local-time.ts';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** When something begins again and again, by the calendar and the clock of one zone. */
export type Recurrence = {
  every: 'day' | 'week' | 'month';
  /** Each so many-th day, week from Monday on, or month. Absent: 1. */
  interval?: number | undefined;
  /** Of a week. Absent: that of `from`. */
  weekdays?: Weekday[] | undefined;
  /** Of a month; one that is shorter has its last day instead. Absent: that of `from`. */
  day?: number | 'last' | undefined;
  /** As 09:30. */
  time: string;
  /** IANA name. */
  timeZone: string;
  /** The first day that counts, as 2026-12-24. */
  from: string;
  /** The last day that counts. Absent: for ever. */
  until?: string | undefined;
  /** At most so many times. Absent: for ever. */
  occurrences?: number | undefined;
};

/** Once, at an ISO 8601 instant, or again and again. */
export type Schedule = { at: string } | Recurrence;

/** `number`: the how many-th of the schedule, from 1 on; `date`: its day on the schedule's calendar (of `at`: in UTC), as 2026-12-24. */
export type Occurrence = { atMs: number; number: number; date: string };

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * The first occurrence after an instant (epoch ms); undefined when there are no more. A time that the clock leaves out is taken by the
 * clock before the change: 02:30 in the hour that is missing is 03:30. One that it shows twice is meant the first time. Throws RangeError on
 * a zone that this runtime does not know; such are refused when a schedule is saved.
 */
export const nextOccurrence = (schedule: Schedule, afterMs: number): Occurrence | undefined => {
  if ('at' in schedule) {
    const atMs = Date.parse(schedule.at);
    return atMs > afterMs ? { atMs, number: 1, date: dateOf(atMs) } : undefined;
  }
  const { timeZone, until, occurrences = Number.POSITIVE_INFINITY } = schedule;
  const untilMs = until === undefined ? Number.POSITIVE_INFINITY : midnightOf(until);
  // A day earlier: where a clock is put back, it may show yesterday again.
  for (const { dayMs, number } of daysFrom(schedule, wallAt(afterMs, timeZone) - DAY_MS)) {
    if (dayMs > untilMs || number > occurrences) return undefined;
    const atMs = instantOf(dayMs + minutesOf(schedule.time) * MINUTE_MS, timeZone);
    if (atMs > afterMs) return { atMs, number, date: dateOf(dayMs) };
  }
};

/** Minutes since midnight of a time of day, as 09:30. */
export const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** Midnight of a date, as the wall time of local-time.ts. */
export const midnightOf = (date: string): number => Date.parse(`${date}T00:00:00Z`);

const dateOf = (wallMs: number): string => new Date(wallMs).toISOString().slice(0, 10);

/** Days, weeks or months, counted from 1970 on, and the days of one of them that count, as wall times of midnight. */
type Calendar = { periodOf: (wallMs: number) => number; daysOf: (period: number) => number[] };

const calendarOf = ({ every, weekdays, day, from }: Recurrence): Calendar => {
  const fromMs = midnightOf(from);
  if (every === 'day') return { periodOf: (wallMs) => Math.floor(wallMs / DAY_MS), daysOf: (it) => [it * DAY_MS] };
  if (every === 'week') {
    const places = weekdays?.map((name) => WEEKDAYS.indexOf(name)).sort() ?? [placeInWeek(fromMs)];
    return {
      // 1970-01-01 was a Thursday; weeks begin on Monday (ISO 8601).
      periodOf: (wallMs) => Math.floor((Math.floor(wallMs / DAY_MS) + 3) / 7),
      daysOf: (week) => places.map((place) => (week * 7 - 3 + place) * DAY_MS),
    };
  }
  const wanted = day === 'last' ? 31 : (day ?? new Date(fromMs).getUTCDate());
  return {
    periodOf: (wallMs) => monthOf(new Date(wallMs)),
    daysOf: (month) => [Math.min(Date.UTC(1970, month, 1) + (wanted - 1) * DAY_MS, Date.UTC(1970, month + 1, 0))],
  };
};

const placeInWeek = (wallMs: number): number => (Math.floor(wallMs / DAY_MS) + 3) % 7;

const monthOf = (date: Date): number => (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();

/** The schedule's days from the period of `sinceMs` (wall time) on, in order: those before it are counted, not walked. */
function* daysFrom(schedule: Recurrence, sinceMs: number): Generator<{ dayMs: number; number: number }> {
  const fromMs = midnightOf(schedule.from);
  const { periodOf, daysOf } = calendarOf(schedule);
  const { interval = 1 } = schedule;
  const first = periodOf(fromMs);
  // Each period has as many days as any other; only of the first some may be too early.
  const all = daysOf(first);
  const tooEarly = all.filter((dayMs) => dayMs < fromMs).length;
  for (let nth = Math.max(0, Math.floor((periodOf(sinceMs) - first) / interval)); ; nth += 1) {
    for (const [place, dayMs] of daysOf(first + nth * interval).entries()) {
      if (dayMs >= fromMs) yield { dayMs, number: nth * all.length + place - tooEarly + 1 };
    }
  }
}
