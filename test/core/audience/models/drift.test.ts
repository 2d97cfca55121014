import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distributionOf, driftOf, stabilityIndex } from '../../../../core/audience/models/drift.ts';
import { lowestHashes, unitHash } from '../../../../core/audience/models/sample.ts';
import { scaleOf, standardised } from '../../../../core/audience/models/standardise.ts';

describe('the population stability index', () => {
  test('of a worked example', () => {
    // Two groups: half and half became a quarter and three quarters: 0.25 ln 2 + 0.25 ln 1.5.
    const before = { cuts: [10], shares: [0.5, 0.5] };
    expect(stabilityIndex(before, [1, 20, 20, 20])).toBeCloseTo(0.25 * Math.log(2) + 0.25 * Math.log(1.5), 12);
  });

  const values = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 100 });
  test('is 0 against itself, never negative, and shares add up to 1', () => {
    fc.assert(
      fc.property(values, values, (one, two) => {
        const before = distributionOf(one);
        expect(before.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
        expect(stabilityIndex(before, one)).toBeCloseTo(0, 9);
        expect(stabilityIndex(before, two)).toBeGreaterThanOrEqual(-1e-12);
      }),
    );
  });

  test.each([
    [0, 0, 'stable'],
    // −0.05 ln 0.5 + 0.05 ln 1.5
    [50, 0.05493, 'stable'],
    // −0.08 ln 0.2 + 0.08 ln 1.8
    [80, 0.17578, 'moved'],
    // The empty tenth counts as one in ten thousand: −0.0999 ln 0.001 + 0.1 ln 2
    [100, 0.7594, 'shifted'],
  ])('%d of a thousand go from the lowest tenth to the highest: %d, %s', (moving, index, verdict) => {
    const values = Array.from({ length: 1_000 }, (_, n) => n);
    const found = stabilityIndex(
      distributionOf(values),
      values.map((value) => (value < moving ? 999 : value)),
    );
    expect(found).toBeCloseTo(index, 4);
    expect(driftOf(found)).toBe(verdict);
  });

  test('the thresholds are Siddiqi’s', () => {
    expect([0, 0.0999, 0.1, 0.2499, 0.25, 3].map(driftOf)).toEqual([
      ...['stable', 'stable', 'moved', 'moved', 'shifted', 'shifted'],
    ]);
  });
});

describe('a sample', () => {
  const ids = Array.from({ length: 5_000 }, (_, n) => `customer-${n}`);
  const draw = (some: readonly string[], limit: number, seed = 1) => {
    const sample = lowestHashes<string>(limit, seed);
    for (const id of some) sample.add(id, id);
    return sample.rows();
  };

  test('is the same whatever the order, and everybody where there are no more', () => {
    expect(draw(ids.toReversed(), 300)).toEqual(draw(ids, 300));
    expect(draw(ids, 300)).toEqual(ids.toSorted((a, b) => unitHash(a, 1) - unitHash(b, 1)).slice(0, 300));
    expect(draw(ids.slice(0, 20), 300).toSorted()).toEqual(ids.slice(0, 20).toSorted());
    expect(draw(ids, 0)).toEqual([]);
  });

  test('is uniform: a fifth of ids is a fifth, whatever their last digits and whatever the seed', () => {
    for (const seed of [1, 2, 20_260_101]) {
      const hashes = ids.map((id) => unitHash(id, seed));
      for (let fifth = 0; fifth < 5; fifth += 1) {
        const inside = hashes.filter((hash) => hash >= fifth / 5 && hash < (fifth + 1) / 5).length;
        // Five standard deviations of a binomial of 5,000 × 0.2.
        expect(Math.abs(inside - 1_000)).toBeLessThan(142);
      }
    }
  });
});

test('standardised features have mean 0 and deviation 1; one that is the same for all becomes 0', () => {
  const rows = [
    [1, 5, 7],
    [2, 9, 7],
    [6, 1, 7],
  ];
  const scaled = rows.map((row) => standardised(scaleOf(rows), row));
  for (const column of [0, 1]) {
    expect(scaled.reduce((sum, row) => sum + row[column]!, 0)).toBeCloseTo(0, 12);
    expect(scaled.reduce((sum, row) => sum + row[column]! ** 2, 0) / 3).toBeCloseTo(1, 12);
  }
  expect(scaled.map((row) => row[2])).toEqual([0, 0, 0]);
});
