import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutsOf, groupOf, medianOf } from '../../../../core/audience/models/quantiles.ts';

/** The rule as it is written: 1 + floor(groups × share of strictly smaller values). */
const byTheRule = (value: number, values: readonly number[], groups: number): number =>
  1 + Math.floor((groups * values.filter((other) => other < value).length) / values.length);

const numbers = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 60 }),
  fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 }),
);

describe('quantile groups', () => {
  test.each<[string, number[], number, number[]]>([
    ['ten different values are two in each fifth', [10, 1, 2, 3, 4, 5, 6, 7, 8, 9], 5, [5, 1, 1, 2, 2, 3, 3, 4, 4, 5]],
    [
      'half of them one value: all of that are lowest',
      [1, 1, 1, 1, 1, 2, 2, 3, 4, 5],
      5,
      [1, 1, 1, 1, 1, 3, 3, 4, 5, 5],
    ],
    ['all the same', [7, 7, 7], 5, [1, 1, 1]],
    ['one', [3], 5, [1]],
    ['the highest value is many people’s', [1, 2, 2, 2], 2, [1, 1, 1, 1]],
  ])('%s', (_, values, groups, wanted) => {
    const cuts = cutsOf(values, groups);
    expect(values.map((value) => groupOf(value, cuts))).toEqual(wanted);
  });

  test('follow the rule for every value, so equal values are in one group', () => {
    fc.assert(
      fc.property(numbers, fc.constantFrom(2, 5, 10), (values, groups) => {
        const cuts = cutsOf(values, groups);
        for (const value of values) expect(groupOf(value, cuts)).toBe(byTheRule(value, values, groups));
      }),
    );
  });

  test('are of one size, give or take one, when no two values are equal', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { minLength: 5, maxLength: 80 }), (values) => {
        const cuts = cutsOf(values, 5);
        const sizes = [1, 2, 3, 4, 5].map((group) => values.filter((value) => groupOf(value, cuts) === group).length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('the median of an even number is the mean of the two in the middle', () => {
    expect([medianOf([4, 1, 3, 2]), medianOf([5, 1, 3]), medianOf([])]).toEqual([2.5, 3, Number.NaN]);
  });
});
