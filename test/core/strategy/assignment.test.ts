import { expect, test } from 'vitest';
import { armAt, bucketOf } from '../../../core/strategy/assignment.ts';

const people = Array.from({ length: 20_000 }, (_, n) => `person-${n}`);

test('a bucket is sticky, between 0 and 1, and written down: another hash would move everybody', () => {
  expect(bucketOf('welcome', 'ada')).toBe(bucketOf('welcome', 'ada'));
  expect(bucketOf('welcome', 'ada')).toBeCloseTo(0.9637452278114793, 12);
  expect(bucketOf('other', 'ada')).not.toBe(bucketOf('welcome', 'ada'));
});

test('people are spread evenly, in each split apart from any other', () => {
  const tenths = (salt: string) => people.map((id) => Math.floor(bucketOf(salt, id) * 10));
  const first = tenths('one');
  const second = tenths('two');
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const own = people.filter((_, n) => first[n] === tenth);
    // Five standard deviations: 5 × √(20,000 × 0.1 × 0.9) = 212.
    expect(Math.abs(own.length - 2_000)).toBeLessThan(212);
    // Of 2,000 a tenth, five standard deviations: 67.
    const both = people.filter((_, n) => first[n] === tenth && second[n] === tenth);
    expect(Math.abs(both.length - 200)).toBeLessThan(67 + 22);
  }
});

test.each([
  [[50, 50], 0, 0],
  [[50, 50], 0.4999, 0],
  [[50, 50], 0.5, 1],
  [[50, 50], 0.999_999, 1],
  [[10, 20], 0.05, 0],
  [[10, 20], 0.1, 1],
  [[10, 20], 0.3, -1],
  [[0, 100], 0, 1],
  [[100 / 3, 100 / 3, 100 / 3], 0.999_999_999_999, 2],
  [[], 0.5, -1],
])('shares %j at %d: arm %i', (percents, bucket, arm) => {
  expect(armAt(percents, bucket)).toBe(arm);
});
