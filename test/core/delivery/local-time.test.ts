import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instantOf, knownZone, periodStart, wallAt } from '../../../core/delivery/local-time.ts';

const utc = Date.parse;

describe('what the clock on the wall shows', () => {
  test.each([
    ['2026-07-01T12:00:00Z', 'Europe/Paris', '2026-07-01T14:00:00Z'],
    ['2026-12-01T12:00:00Z', 'Europe/Paris', '2026-12-01T13:00:00Z'],
    ['2026-12-01T23:59:59Z', 'Asia/Kathmandu', '2026-12-02T05:44:59Z'],
    ['2026-12-01T05:00:00Z', 'Pacific/Honolulu', '2026-11-30T19:00:00Z'],
    ['2026-12-01T00:00:00Z', 'UTC', '2026-12-01T00:00:00Z'],
  ])('at %s in %s: %s', (instant, zone, wall) => {
    expect(wallAt(utc(instant), zone)).toBe(utc(wall));
    expect(instantOf(utc(wall), zone)).toBe(utc(instant));
  });

  test('a time that there is twice is the first one, one that is left out comes later', () => {
    // 25 October 2026, 03:00 is 02:00 again; 29 March 2026, 02:00 is 03:00 at once.
    expect(instantOf(utc('2026-10-25T02:30:00Z'), 'Europe/Paris')).toBe(utc('2026-10-25T00:30:00Z'));
    expect(instantOf(utc('2026-03-29T02:30:00Z'), 'Europe/Paris')).toBe(utc('2026-03-29T01:30:00Z'));
    // Midnight itself is left out in Cuba.
    expect(instantOf(utc('2026-03-08T00:00:00Z'), 'America/Havana')).toBe(utc('2026-03-08T05:00:00Z'));
  });

  test('the first name that is known counts, else UTC', () => {
    expect(knownZone(undefined, 'Atlantis/Port', 'Asia/Tokyo', 'Europe/Paris')).toBe('Asia/Tokyo');
    expect(knownZone('Atlantis/Port')).toBe('UTC');
    expect(() => wallAt(0, 'Atlantis/Port')).toThrow(RangeError);
  });
});

const ZONES = [
  'Europe/Paris',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/Havana',
];
const printed = (atMs: number, timeZone: string, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone, ...options }).format(atMs);
const MINUTE = 60_000;

/** Found by walking back minute by minute as long as the calendar prints the same. */
test('a period begins where the calendar begins to print the same', () => {
  const instant = fc.integer({ min: utc('2024-01-01T00:00Z') / MINUTE, max: utc('2028-01-01T00:00Z') / MINUTE });
  fc.assert(
    fc.property(
      instant,
      fc.constantFrom(...ZONES),
      fc.constantFrom('day', 'month' as const),
      (minute, zone, period) => {
        const atMs = minute * MINUTE;
        const options: Intl.DateTimeFormatOptions =
          period === 'day' ? { dateStyle: 'short' } : { year: 'numeric', month: '2-digit' };
        const start = periodStart(atMs, zone, period === 'day' ? 'day' : 'month');
        expect(start).toBeLessThanOrEqual(atMs);
        expect(printed(start, zone, options)).toBe(printed(atMs, zone, options));
        expect(printed(start - MINUTE, zone, options)).not.toBe(printed(atMs, zone, options));
      },
    ),
    { numRuns: 500 },
  );
});

test('a week begins with Monday', () => {
  const hour = fc.integer({ min: utc('2024-01-01T00:00Z') / 3_600_000, max: utc('2028-01-01T00:00Z') / 3_600_000 });
  fc.assert(
    fc.property(hour, fc.constantFrom(...ZONES), (hours, zone) => {
      const atMs = hours * 3_600_000;
      const start = periodStart(atMs, zone, 'week');
      expect(printed(start, zone, { weekday: 'long' })).toBe('Monday');
      expect(printed(start - MINUTE, zone, { weekday: 'long' })).toBe('Sunday');
      expect(atMs - start).toBeGreaterThanOrEqual(0);
      expect(atMs - start).toBeLessThan(7 * 86_400_000 + 3_600_000);
    }),
    { numRuns: 300 },
  );
});
