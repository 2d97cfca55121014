import { expect, test } from 'vitest';
import { DEFAULT_HOLDOUT, holdoutOf, isHeldOut, shuffled } from '../../../core/strategy/holdout.ts';

const DAY = 86_400_000;
const people = Array.from({ length: 20_000 }, (_, n) => `person-${n}`);

test('a share of all, the same people in a greater one, others for another plan', () => {
  const held = (planId: string, percent: number) =>
    people.filter((id) => isHeldOut(id, holdoutOf(planId, { percent })));
  const [ten, twenty, other] = [held('a', 10), held('a', 20), held('b', 10)];
  // Five standard deviations: 212.
  expect(Math.abs(ten.length - 2_000)).toBeLessThan(212);
  expect(ten.every((id) => twenty.includes(id))).toBe(true);
  expect(Math.abs(other.filter((id) => ten.includes(id)).length - 200)).toBeLessThan(89);
  expect(held('a', 0)).toEqual([]);
});

test('people are shuffled when they are first held out, and then a month later at the earliest', () => {
  const ask = (percent: number, reshuffle: boolean, newSalt: string, nowMs: number) => ({
    ...{ percent, reshuffle, newSalt, nowMs },
  });
  const first = shuffled(DEFAULT_HOLDOUT, ask(5, false, 'one', 100));
  expect(first).toEqual({ percent: 5, salt: 'one', shuffledMs: 100 });
  if (first === 'too-soon') return;
  expect(shuffled(first, ask(8, false, 'two', 200))).toEqual({ percent: 8, salt: 'one', shuffledMs: 100 });
  expect(shuffled(first, ask(8, true, 'two', 100 + 30 * DAY - 1))).toBe('too-soon');
  expect(shuffled(first, ask(8, true, 'two', 100 + 30 * DAY))).toEqual({
    ...{ percent: 8, salt: 'two', shuffledMs: 100 + 30 * DAY },
  });
});
