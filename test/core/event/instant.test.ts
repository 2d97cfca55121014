import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { instantOf } from '../../../core/event/instant.ts';

describe('dates', () => {
  test.each([
    ['2026-11-18', '2026-11-18T00:00:00.000Z'],
    ['2026-11-18T12:30Z', '2026-11-18T12:30:00.000Z'],
    ['2026-11-18T12:30:15Z', '2026-11-18T12:30:15.000Z'],
    ['2026-11-18T12:30:15.5Z', '2026-11-18T12:30:15.500Z'],
    ['2026-11-18T12:30:15.12Z', '2026-11-18T12:30:15.120Z'],
    ['2026-11-18T12:30:15.001Z', '2026-11-18T12:30:15.001Z'],
    ['2026-11-18T12:30:15.001999999Z', '2026-11-18T12:30:15.001Z'],
    ['2026-11-18T12:30:15.999999999Z', '2026-11-18T12:30:15.999Z'],
    ['2026-11-18T12:30:15.290Z', '2026-11-18T12:30:15.290Z'],
    ['2026-11-18T00:00:00+00:00', '2026-11-18T00:00:00.000Z'],
    ['2026-11-18T00:00:00-00:00', '2026-11-18T00:00:00.000Z'],
    ['2026-11-18T01:30+02:00', '2026-11-17T23:30:00.000Z'],
    ['2026-11-18T23:30-05:30', '2026-11-19T05:00:00.000Z'],
    ['2026-01-01T00:00:00+14:00', '2025-12-31T10:00:00.000Z'],
    ['2026-12-31T23:59:59.999-14:00', '2027-01-01T13:59:59.999Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z'],
    ['0100-01-01', '0100-01-01T00:00:00.000Z'],
    ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is %s', (text, iso) => expect(instantOf(text)).toBe(Date.parse(iso)));

  test.each([
    // The calendar.
    ['2026-02-29'],
    ['1900-02-29'],
    ['2026-02-30T12:00:00Z'],
    ['2026-04-31'],
    ['2026-00-10'],
    ['2026-13-01'],
    ['2026-11-00'],
    ['2026-11-32'],
    ['0000-01-01'],
    ['0001-01-01'],
    ['0099-12-31'],
    // The clock.
    ['2026-11-18T24:00:00Z'],
    ['2026-11-18T23:60:00Z'],
    ['2026-11-18T23:59:60Z'],
    // The zone.
    ['2026-11-18T12:00:00'],
    ['2026-11-18T12:00:00+15:00'],
    ['2026-11-18T12:00:00+14:01'],
    ['2026-11-18T12:00:00-14:01'],
    ['2026-11-18T12:00:00+01:60'],
    ['2026-11-18T12:00:00+0100'],
    ['2026-11-18T12:00:00+01'],
    ['2026-11-18Z'],
    ['2026-11-18+01:00'],
    // The form.
    ['2026-11-18T12Z'],
    ['2026-11-18T12:00:00.Z'],
    ['2026-11-18T12:00:00.0123456789Z'],
    ['2026-11-18T12:00:00,5Z'],
    ['2026-11-18t12:00:00z'],
    ['2026-11-18 12:00:00Z'],
    ['2026-11-18T12:00:00Z\n'],
    [' 2026-11-18'],
    ['2026-11-18 '],
    ['20261118'],
    ['2026-11'],
    ['2026'],
    ['2026-322'],
    ['2026-W47-3'],
    ['26-11-18'],
    ['+002026-11-18'],
    ['-000001-01-01T00:00:00Z'],
    ['11/18/2026'],
    ['18.11.2026'],
    ['Wed, 18 Nov 2026 12:00:00 GMT'],
    ['٢٠٢٦-١١-١٨'],
    ['２０２６-11-18'],
    ['now'],
    [''],
    [`2026-11-18${'0'.repeat(1_000_000)}`],
    [1_795_000_000_000],
    [new Date(0)],
    [true],
    [null],
    [undefined],
    [['2026-11-18']],
    [{ date: '2026-11-18' }],
  ])('%j is none', (value) => expect(instantOf(value)).toBeUndefined());
});

/** A day of the calendar in a plain way: a number of days for each month. */
const daysOf = (year: number, month: number): number => {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
};
const two = (number: number): string => String(number).padStart(2, '0');

it('knows exactly the days of the calendar', () => {
  const numbers = fc.tuple(
    fc.integer({ min: 100, max: 9_999 }),
    fc.integer({ min: 0, max: 14 }),
    fc.integer({ min: 0, max: 33 }),
  );
  fc.assert(
    fc.property(numbers, ([year, month, day]) => {
      const isDay = month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
      const ms = instantOf(`${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`);
      expect(ms !== undefined).toBe(isDay);
      if (ms !== undefined)
        expect(new Date(ms).toISOString().slice(0, 10)).toBe(
          `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`,
        );
    }),
    { numRuns: 2_000 },
  );
});

it('reads every instant that toISOString writes, in every zone', () => {
  const instants = fc.integer({ min: Date.UTC(1000, 0, 1), max: Date.UTC(9999, 11, 30) });
  fc.assert(
    fc.property(instants, fc.integer({ min: -840, max: 840 }), (ms, offset) => {
      expect(instantOf(new Date(ms).toISOString())).toBe(ms);
      const local = new Date(ms + offset * 60_000).toISOString().slice(0, -1);
      const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
      expect(instantOf(local + zone)).toBe(ms);
    }),
    { numRuns: 2_000 },
  );
});

it('never throws, and says nothing or a whole number of milliseconds', () => {
  const anything = fc.oneof(fc.anything(), fc.stringMatching(/^[\d\-T:.Z+ ]{8,32}$/), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(anything, (value) => {
      const ms = instantOf(value);
      expect(ms === undefined || Number.isSafeInteger(ms)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
