import { expect, test } from 'vitest';
import { settledCounts, type Visits, withSettled } from '../../../../core/strategy/experiment/settled.ts';

const rounds = [
  { number: 7, percents: [50, 50], sinceMs: 0 },
  { number: 8, percents: [20, 80], sinceMs: 1 },
];
const visit = (arm: string, round: number, fate: Visits['fate'], people: number, isSettled = true): Visits => ({
  ...{ arm, round, fate, people, isSettled },
});

test('who is settled is added to who was; the others wait', () => {
  const first = withSettled(undefined, [visit('a', 7, 'success', 3), visit('a', 7, 'open', 9, false)], rounds, 10);
  expect(first).toEqual({ toMs: 10, arms: { a: [[7, 3, 0, 0]] } });
  const then = withSettled(
    first,
    [
      visit('a', 7, 'failure', 2),
      visit('a', 8, 'before', 1),
      visit('b', 8, 'success', 4),
      visit('b', 8, 'success', 5, false),
    ],
    rounds,
    20,
  );
  expect(then).toEqual({
    toMs: 20,
    arms: {
      a: [
        [7, 3, 2, 0],
        [8, 0, 0, 1],
      ],
      b: [[8, 4, 0, 0]],
    },
  });
  expect(settledCounts(then)).toEqual([
    { arm: 'a', round: 7, fate: 'success', people: 3 },
    { arm: 'a', round: 7, fate: 'failure', people: 2 },
    { arm: 'a', round: 8, fate: 'before', people: 1 },
    { arm: 'b', round: 8, fate: 'success', people: 4 },
  ]);
  expect(withSettled(then, [], rounds, 30)).toEqual({ ...then, toMs: 30 });
});

test('of rounds that are forgotten only people and successes are kept, together', () => {
  const many = Array.from({ length: 5 }, (_, n) => visit('a', n, 'success', 1));
  const kept = withSettled(undefined, [...many, visit('a', 7, 'failure', 2)], rounds, 10);
  expect(kept.arms).toEqual({
    a: [
      [-1, 5, 0, 0],
      [7, 0, 2, 0],
    ],
  });
  expect(withSettled(kept, [visit('a', 3, 'failure', 1)], rounds, 20).arms.a?.[0]).toEqual([-1, 5, 1, 0]);
});
