import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wallAt } from '../../../core/delivery/local-time.ts';
import {
  midnightOf,
  minutesOf,
  nextOccurrence,
  type Recurrence,
  type Schedule,
  WEEKDAYS,
} from '../../../core/strategy/schedule.ts';
import { recurrenceInput, scheduleInput } from '../../../core/strategy/schedule-input.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const utc = Date.parse;
const iso = (atMs: number) => new Date(atMs).toISOString().replace(':00.000', '');

/** The first so many instants after a time. */
const next = (schedule: Schedule, after: string, count: number): string[] => {
  const found: string[] = [];
  let atMs = utc(after);
  while (found.length < count) {
    const occurrence = nextOccurrence(schedule, atMs);
    if (!occurrence) return [...found, 'over'];
    found.push(iso(occurrence.atMs));
    atMs = occurrence.atMs;
  }
  return found;
};
const paris = { time: '09:00', timeZone: 'Europe/Paris', from: '2026-12-01' };

describe('the calendar', () => {
  test.each<[string, Schedule, string, string[]]>([
    ['once', { at: '2026-12-01T09:00:00+01:00' }, '2026-11-01T00:00Z', ['2026-12-01T08:00Z', 'over']],
    ['once, and that was before', { at: '2026-12-01T09:00:00+01:00' }, '2026-12-01T08:00Z', ['over']],
    ['each day', { ...paris, every: 'day' }, '2026-01-01T00:00Z', ['2026-12-01T08:00Z', '2026-12-02T08:00Z']],
    [
      'each third day, counted from the first one',
      { ...paris, every: 'day', interval: 3 },
      '2026-12-02T00:00Z',
      ['2026-12-04T08:00Z', '2026-12-07T08:00Z'],
    ],
    [
      'the weekday of the first day (a Tuesday), each other week',
      { ...paris, every: 'week', interval: 2 },
      '2026-12-01T08:00Z',
      ['2026-12-15T08:00Z', '2026-12-29T08:00Z'],
    ],
    [
      'Monday and Thursday; the Monday of the first week is before it begins',
      { ...paris, every: 'week', weekdays: ['thu', 'mon'] },
      '2026-01-01T00:00Z',
      ['2026-12-03T08:00Z', '2026-12-07T08:00Z', '2026-12-10T08:00Z'],
    ],
    [
      'the 31st, or the last day of a month that has none',
      { ...paris, every: 'month', day: 31, from: '2027-01-01' },
      '2027-01-01T00:00Z',
      ['2027-01-31T08:00Z', '2027-02-28T08:00Z', '2027-03-31T07:00Z', '2027-04-30T07:00Z'],
    ],
    [
      'the last day, also of a leap year',
      { ...paris, every: 'month', interval: 12, day: 'last', from: '2027-02-01' },
      '2027-01-01T00:00Z',
      ['2027-02-28T08:00Z', '2028-02-29T08:00Z'],
    ],
    [
      'until a day, that included',
      { ...paris, every: 'day', until: '2026-12-02' },
      '2026-12-01T08:00Z',
      ['2026-12-02T08:00Z', 'over'],
    ],
    [
      'so many times, counted from the first whenever it is asked',
      { ...paris, every: 'week', weekdays: ['mon', 'fri'], occurrences: 3 },
      '2026-12-05T00:00Z',
      ['2026-12-07T08:00Z', '2026-12-11T08:00Z', 'over'],
    ],
    [
      'the first month has no such day left',
      { ...paris, every: 'month', day: 1, from: '2026-12-02', occurrences: 1 },
      '2026-01-01T00:00Z',
      ['2027-01-01T08:00Z', 'over'],
    ],
  ])('%s', (_, schedule, after, expected) => {
    expect(next(schedule, after, expected.length)).toEqual(expected);
  });

  test('each knows the how many-th it is, and its day where it is', () => {
    const tokyo: Recurrence = {
      every: 'week',
      weekdays: ['mon', 'wed'],
      time: '00:30',
      timeZone: 'Asia/Tokyo',
      from: '2026-12-02',
    };
    expect(nextOccurrence(tokyo, utc('2026-01-01T00:00Z'))).toEqual({
      atMs: utc('2026-12-01T15:30Z'),
      number: 1,
      date: '2026-12-02',
    });
    expect(nextOccurrence(tokyo, utc('2036-12-01T00:00Z'))).toMatchObject({ number: 1 + 2 * 522, date: '2036-12-03' });
  });
});

/** On each of these days of 2026 or 2027 the clock changes: [zone, day, what 02:30 is, in UTC]. */
const CHANGES: [string, string, string][] = [
  // Forward: 02:30 is 03:30 of the new clock. Back: 02:30 comes twice, and the first one counts.
  ['America/New_York', '2027-03-14', '2027-03-14T07:30Z'],
  ['America/New_York', '2026-11-01', '2026-11-01T07:30Z'],
  ['Europe/Paris', '2027-03-28', '2027-03-28T01:30Z'],
  ['Europe/Paris', '2026-10-25', '2026-10-25T00:30Z'],
  // Half an hour, at 02:00: forward to 02:30, which is there; back to 01:30, so 02:30 is there once.
  ['Australia/Lord_Howe', '2026-10-04', '2026-10-03T15:30Z'],
  ['Australia/Lord_Howe', '2027-04-04', '2027-04-03T16:00Z'],
];

describe('the clock changes', () => {
  test.each(CHANGES)('%s on %s: 02:30 is %s, once', (timeZone, from, expected) => {
    const daily: Recurrence = { every: 'day', time: '02:30', timeZone, from };
    const [first, second] = next(daily, iso(midnightOf(from) - 2 * DAY), 2);
    expect(first).toBe(expected);
    // Not again on the same day, and the next day by the new clock.
    expect(iso(wallAt(utc(second ?? ''), timeZone))).toBe(iso(midnightOf(from) + DAY + 150 * MINUTE));
  });

  test.each([
    ['Australia/Lord_Howe', '2026-10-04', '02:15', '2026-10-03T15:45Z'],
    ['Australia/Lord_Howe', '2027-04-04', '01:45', '2027-04-03T14:45Z'],
    ['America/New_York', '2026-11-01', '01:30', '2026-11-01T05:30Z'],
    ['America/Havana', '2027-03-14', '00:00', '2027-03-14T05:00Z'],
  ])('%s on %s: %s is %s', (timeZone, from, time, expected) => {
    expect(next({ every: 'day', time, timeZone, from }, '2026-01-01T00:00Z', 1)).toEqual([expected]);
  });
});

/** Clocks change at quarters of an hour only, and asking for a wall time takes long. */
const offsets = new Map<string, number>();
const clockAt = (atMs: number, timeZone: string): number => {
  const quarterMs = Math.floor(atMs / (15 * MINUTE)) * 15 * MINUTE;
  const known = offsets.get(timeZone + quarterMs) ?? wallAt(quarterMs, timeZone) - quarterMs;
  offsets.set(timeZone + quarterMs, known);
  return atMs + known;
};

/** Looks at the clock each minute. */
const plainOccurrences = (
  schedule: Recurrence,
  isDay: (dayMs: number) => boolean,
  fromMs: number,
  toMs: number,
): number[] => {
  const wanted = minutesOf(schedule.time) * MINUTE;
  const found = new Map<number, number>();
  let before = clockAt(fromMs - MINUTE, schedule.timeZone);
  for (let atMs = fromMs; atMs < toMs; atMs += MINUTE) {
    const wall = clockAt(atMs, schedule.timeZone);
    for (const day of new Set([before, wall].map((shown) => Math.floor(shown / DAY) * DAY))) {
      if (found.has(day) || !isDay(day)) continue;
      const shown = day + wanted;
      if (wall === shown) found.set(day, atMs);
      // The clock jumped over it: the old one would have shown it so much later.
      else if (before < shown && shown < wall) found.set(day, atMs + shown - before - MINUTE);
    }
    before = wall;
  }
  return [...found.values()].sort((a, b) => a - b);
};

const ZONES = ['America/New_York', 'Europe/Paris', 'Australia/Lord_Howe', 'America/Havana', 'Asia/Kolkata'];
/** Days around changes of clocks, and others. */
const STARTS = ['2026-03-07', '2026-03-28', '2026-04-04', '2026-10-03', '2026-10-24', '2026-10-31', '2027-02-27'];

test('as a walk from minute to minute finds them', () => {
  const days = 3;
  const schedules = fc.record({
    every: fc.constantFrom('day', 'week', 'month' as const),
    interval: fc.integer({ min: 1, max: 2 }),
    time: fc.constantFrom('00:00', '00:30', '01:30', '01:45', '02:00', '02:15', '02:30', '03:00', '23:45'),
    timeZone: fc.constantFrom(...ZONES),
    from: fc.constantFrom(...STARTS, '2026-02-28', '2025-12-31'),
    weekdays: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 }),
    day: fc.oneof(fc.constant('last' as const), fc.constantFrom(1, 7, 28, 29, 31)),
  });
  fc.assert(
    fc.property(schedules, fc.constantFrom(...STARTS), ({ weekdays, day, ...rest }, start) => {
      const schedule: Recurrence = {
        ...rest,
        ...(rest.every === 'week' && { weekdays }),
        ...(rest.every === 'month' && { day }),
      };
      const isDay = (dayMs: number): boolean => {
        const first = midnightOf(schedule.from);
        const [date, begin] = [new Date(dayMs), new Date(first)];
        if (dayMs < first) return false;
        if (schedule.every === 'day') return ((dayMs - first) / DAY) % schedule.interval! === 0;
        const monday = (ms: number) => ms - ((new Date(ms).getUTCDay() + 6) % 7) * DAY;
        if (schedule.every === 'week') {
          const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
          const week = (monday(dayMs) - monday(first)) / (7 * DAY);
          return week % schedule.interval! === 0 && weekdays.includes(names[date.getUTCDay()]!);
        }
        const months = (date.getUTCFullYear() - begin.getUTCFullYear()) * 12 + date.getUTCMonth() - begin.getUTCMonth();
        const isLast = new Date(dayMs + DAY).getUTCDate() === 1;
        const matches = isLast ? day === 'last' || day >= date.getUTCDate() : day === date.getUTCDate();
        return months % schedule.interval! === 0 && matches;
      };
      const fromMs = midnightOf(start);
      const toMs = fromMs + days * DAY;
      const found: number[] = [];
      let occurrence = nextOccurrence(schedule, fromMs - 1);
      while (occurrence && occurrence.atMs < toMs) {
        found.push(occurrence.atMs);
        occurrence = nextOccurrence(schedule, occurrence.atMs);
      }
      expect(found.map(iso)).toEqual(plainOccurrences(schedule, isDay, fromMs, toMs).map(iso));
    }),
    { numRuns: 150 },
  );
});

test('they are numbered one by one, wherever one begins to ask', () => {
  const schedules = fc.record({
    every: fc.constantFrom('day', 'week', 'month' as const),
    interval: fc.integer({ min: 1, max: 12 }),
    time: fc.constantFrom('00:00', '02:30', '23:59'),
    timeZone: fc.constantFrom(...ZONES),
    from: fc.constantFrom(...STARTS),
  });
  fc.assert(
    fc.property(schedules, fc.nat(40), (schedule, skipped) => {
      let atMs = utc('2026-01-01T00:00Z');
      for (let number = 1; number <= skipped + 1; number += 1) {
        const occurrence = nextOccurrence(schedule, atMs)!;
        expect(occurrence.number).toBe(number);
        // A millisecond before it is the same one.
        expect(nextOccurrence(schedule, occurrence.atMs - 1)).toEqual(occurrence);
        atMs = occurrence.atMs;
      }
    }),
    { numRuns: 30 },
  );
});

describe('what is refused when it is saved', () => {
  const daily = { every: 'day', time: '09:00', timeZone: 'Europe/Paris', from: '2026-12-01' };
  test.each<[string, object, string]>([
    ['a zone that does not exist', { timeZone: 'Atlantis/Port' }, 'timeZone'],
    ['an offset, which knows no summer', { timeZone: '+02:00' }, 'timeZone'],
    ['a time that no clock shows', { time: '24:00' }, 'time'],
    ['a day that no calendar has', { from: '2026-02-30' }, 'from'],
    ['an end before its beginning', { until: '2026-11-30' }, 'until'],
    ['weekdays of a daily one', { weekdays: ['mon'] }, 'weekdays'],
    ['a day of the month of a weekly one', { every: 'week', day: 3 }, 'day'],
    ['more than a year between two', { every: 'month', interval: 13 }, 'interval'],
    ['no weekday', { every: 'week', weekdays: [] }, 'weekdays'],
    ['a weekday twice', { every: 'week', weekdays: ['mon', 'mon'] }, 'weekdays'],
    ['the 32nd', { every: 'month', day: 32 }, 'day'],
  ])('%s', (_, change, path) => {
    expect(recurrenceInput.safeParse(daily).success).toBe(true);
    expect(recurrenceInput.safeParse({ ...daily, ...change }).error?.issues.map((issue) => issue.path[0])).toContain(
      path,
    );
  });

  test('a schedule is once or again and again', () => {
    expect(scheduleInput.safeParse(daily).success).toBe(true);
    expect(scheduleInput.safeParse({ at: '2026-12-01T09:00:00Z' }).success).toBe(true);
    expect(scheduleInput.safeParse({ at: '2026-12-01T09:00:00' }).success).toBe(false);
    expect(scheduleInput.safeParse({ ...daily, at: '2026-12-01T09:00:00Z' }).success).toBe(false);
  });
});
