import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { personHours, populationHours, WEEK_HOURS, weekHourOf } from '../../../core/measurement/weekly-hours.ts';

const utc = Date.parse;
const cells = Array.from({ length: WEEK_HOURS }, (_, cell) => cell);
const bestOf = (scores: (cell: number) => number, among: readonly number[] = cells) =>
  among.reduce((best, cell) => (scores(cell) > scores(best) ? cell : best));
const MONDAY_8 = 8;
const THURSDAY_8 = 3 * 24 + 8;

test.each([
  ['Monday, first hour', '2026-11-16T00:00:00Z', 0],
  ['its last second', '2026-11-16T00:59:59Z', 0],
  ['Wednesday noon', '2026-11-18T12:00:00Z', 2 * 24 + 12],
  ['Sunday, last hour', '2026-11-22T23:30:00Z', 167],
  ['the first hour of 1970, a Thursday', '1970-01-01T00:00:00Z', 3 * 24],
])('%s: %s is cell %d', (_, wall, cell) => expect(weekHourOf(utc(wall))).toBe(cell));

const population = populationHours(cells.map((cell) => (cell % 24 >= 17 && cell % 24 <= 21 ? 10 : 1)));
const counts = fc.array(fc.nat(50), { minLength: WEEK_HOURS, maxLength: WEEK_HOURS });
const seenOf = (all: readonly number[]) => new Map(all.flatMap((count, cell) => (count > 0 ? [[cell, count]] : [])));

describe('a population', () => {
  test('without any history has no hours', () => expect(populationHours(new Float64Array(WEEK_HOURS))).toBeUndefined());

  test('its profile is a distribution in which no hour is impossible, by cells and by hours', () => {
    fc.assert(
      fc.property(counts, (all) => {
        const found = populationHours(all);
        if (!found) return expect(Math.max(...all)).toBe(0);
        for (const profile of [found.byCell, found.byHour]) {
          expect(profile.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
          expect(Math.min(...profile)).toBeGreaterThan(0);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('a day on which nobody was seen is like the others, until there is much that says otherwise', () => {
    const weekdays = (each: number) => cells.map((cell) => (cell < 120 && cell % 24 === 19 ? each : 0));
    const saturday = cells.slice(120, 144);
    const profile = (each: number) => populationHours(weekdays(each))?.byCell ?? [];
    expect(bestOf((cell) => profile(1)[cell] ?? 0, saturday) % 24).toBe(19);
    expect(profile(10_000)[143 - 4]).toBeLessThan((profile(10_000)[19] ?? 0) / 20);
  });

  test('an hour is beside the one after it, also from Sunday to Monday', () => {
    const found = populationHours(cells.map((cell) => (cell === 0 ? 1 : 0)));
    expect(found?.byCell[167]).toBeCloseTo(found?.byCell[1] ?? 0, 12);
    expect(found?.byCell[167]).toBeGreaterThan(found?.byCell[100] ?? 1);
  });
});

describe('a person', () => {
  if (!population) throw new Error('no population');

  /** The two formulas in plain words, without any of the tables. */
  const twin = (all: readonly number[], cell: number, [k1, k2]: [number, number]): number => {
    const at = (hour: number) => all.filter((_, one) => one % 24 === (hour + 24) % 24).reduce((a, b) => a + b, 0);
    const n = all.reduce((a, b) => a + b, 0);
    const hour = cell % 24;
    const share = population.byCell.filter((_, one) => one % 24 === hour).reduce((a, b) => a + b, 0);
    const near = 0.25 * at(hour - 1) + 0.5 * at(hour) + 0.25 * at(hour + 1);
    const ofDay = (near + k1 * share) / (n + k1);
    return ((all[cell] ?? 0) + k2 * ofDay * ((population.byCell[cell] ?? 0) / share)) / (n + k2);
  };

  test('agrees with its twin, and is a distribution', () => {
    const weights = fc.tuple(
      fc.double({ min: 0.1, max: 100, noNaN: true }),
      fc.double({ min: 0.1, max: 500, noNaN: true }),
    );
    fc.assert(
      fc.property(counts, weights, (all, by) => {
        const scores = personHours(seenOf(all), population, by as [number, number]);
        expect(cells.reduce((sum, cell) => sum + scores(cell), 0)).toBeCloseTo(1, 9);
        for (const cell of [0, 23, 100, 167])
          expect(scores(cell)).toBeCloseTo(twin(all, cell, by as [number, number]), 12);
      }),
      { numRuns: 50 },
    );
  });

  test('without history is the population', () => {
    const scores = personHours(new Map(), population);
    for (const cell of cells) expect(scores(cell)).toBeCloseTo(population.byCell[cell] ?? 0, 12);
  });

  test.each([
    ['seen once at eight on Monday, is still looked for when most are', new Map([[MONDAY_8, 1]]), 18],
    ['seen five times at eight on Mondays, is looked for at eight', new Map([[MONDAY_8, 5]]), 8],
    ['seen at eight and nine, at the one that was more often', new Map([[8, 4], [9, 6]]), 9], // biome-ignore format: one row
  ])('%s', (_, seen, hour) => expect(bestOf(personHours(seen, population), cells.slice(0, 24))).toBe(hour));

  test('who was seen at eight on Mondays is looked for at eight on Thursday, too', () => {
    const thursday = cells.slice(3 * 24, 4 * 24);
    expect(bestOf(personHours(new Map([[MONDAY_8, 5]]), population), thursday)).toBe(THURSDAY_8);
  });

  test('much history outweighs the population: of two days the one on which they were seen', () => {
    const scores = personHours(new Map([[THURSDAY_8, 40]]), population);
    expect(scores(THURSDAY_8)).toBeGreaterThan(2 * scores(MONDAY_8));
  });
});
