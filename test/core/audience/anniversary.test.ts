import fc from 'fast-check';
import { expect, it } from 'vitest';
import { daysOfYear, isOnDays } from '../../../core/audience/anniversary.ts';

const DAY = 86_400_000;
const iso = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** Day by day from today on: some day is the anniversary; 29 February is on the 28th where there is no 29th. */
const twin = (birthday: string, nowMs: number, days: number): boolean =>
  Array.from({ length: days + 1 }, (_, n) => iso(nowMs + n * DAY)).some((day) => {
    const isLeap = iso(Date.UTC(Number(day.slice(0, 4)), 1, 29)).endsWith('02-29');
    const anniversary = birthday.slice(5) === '02-29' && !isLeap ? '02-28' : birthday.slice(5);
    return day.slice(5) === anniversary;
  });

const day = fc.integer({ min: Date.UTC(1950, 0, 1) / DAY, max: Date.UTC(2035, 0, 1) / DAY }).map((n) => n * DAY);
const nearLeapDay = fc
  .tuple(fc.integer({ min: 1952, max: 2032 }), fc.integer({ min: -3, max: 3 }))
  .map(([year, n]) => Date.UTC(year, 1, 28) + n * DAY);

it('an anniversary is found as by a calendar', () => {
  const when = fc.oneof(day, nearLeapDay);
  fc.assert(
    fc.property(when, when, fc.integer({ min: 0, max: 365 }), fc.nat(DAY - 1), (birth, today, days, ms) => {
      const birthday = iso(birth);
      const expected = days === 365 || twin(birthday, today, days);
      expect(isOnDays(birthday, daysOfYear(today + ms, days))).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});
