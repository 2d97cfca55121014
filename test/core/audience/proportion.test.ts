import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { agrestiCoull, estimateOf } from '../../../core/audience/proportion.ts';

describe('the interval of a share', () => {
  // Worked by hand from the formula; without a correction, for the base is so large that it is none.
  it.each([
    [0, 10, 0, 0.3209],
    [1, 10, 0.0, 0.426],
    [5, 10, 0.2366, 0.7634],
    [81, 263, 0.2552, 0.3663],
    [15, 148, 0.0614, 0.1615],
    [10, 10, 0.6791, 1],
  ])('%i of %i is %f to %f', (hits, sampled, low, high) => {
    const found = agrestiCoull(hits, sampled, 1e12);
    expect(found.low).toBeCloseTo(low, 4);
    expect(found.high).toBeCloseTo(high, 4);
  });

  it('of everybody is no interval, and of nobody says nothing', () => {
    expect(estimateOf(3, 7, 7)).toEqual({ size: 3, low: 3, high: 3 });
    expect(estimateOf(0, 0, 900)).toEqual({ size: 0, low: 0, high: 900 });
    expect(estimateOf(0, 0, 0)).toEqual({ size: 0, low: 0, high: 0 });
  });

  it('holds what was seen, lies within the base, and grows narrower with the sample', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.nat(10_000), fc.nat(100), (sampled, more, percent) => {
        const of = sampled + more;
        const hits = Math.floor((sampled * percent) / 100);
        const { size, low, high } = estimateOf(hits, sampled, of);
        expect(low).toBeGreaterThanOrEqual(hits);
        expect(high).toBeLessThanOrEqual(of - (sampled - hits));
        expect(low <= size && size <= high).toBe(true);
        const narrower = estimateOf(hits * 2, sampled * 2, of * 2);
        expect((narrower.high - narrower.low) / 2).toBeLessThanOrEqual(high - low + 2);
      }),
    ));
});

/** A repeatable stream of numbers in [0, 1): mulberry32. */
const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

test.each([
  [50_000, 0.5],
  [50_000, 0.1],
  [50_000, 0.01],
  [50_000, 0.002],
  [6_000, 0.03],
  [2_500, 0.3],
])(
  'of samples of 2,000 from %i people at least 93 %% have an interval with the true number, %f of them',
  (of, share) => {
    const random = seeded(of + share * 1_000);
    const truth = Math.round(of * share);
    const trials = 400;
    let covered = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      // Drawing without replacement: each person of the sample is a hit with the share of hits among those left.
      let hits = 0;
      for (let drawn = 0; drawn < 2_000; drawn += 1) if (random() < (truth - hits) / (of - drawn)) hits += 1;
      const { low, high } = estimateOf(hits, 2_000, of);
      if (low <= truth && truth <= high) covered += 1;
    }
    expect(covered / trials).toBeGreaterThanOrEqual(0.93);
  },
);
