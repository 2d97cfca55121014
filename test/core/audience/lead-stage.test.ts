import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LeadStage } from '../../../core/audience/lead-model.ts';
import { handedOver, movesAt, stageFor } from '../../../core/audience/lead-stage.ts';

const DAY = 86_400_000;
const stages: LeadStage[] = [
  { name: 'subscriber' },
  { name: 'engaged', from: 10, fallsBelow: 6, handOver: ['crm'] },
  { name: 'qualified', from: 30, fallsBelow: 20, handOver: ['sales', 'crm'] },
  { name: 'customer', handOver: ['billing'] },
];

describe('where a lead stands', () => {
  test.each([
    ['subscriber', 0, 'subscriber'],
    ['subscriber', 9.99, 'subscriber'],
    // What is shown as 10 is 10.
    ['subscriber', 9.996, 'engaged'],
    ['engaged', 5.996, 'engaged'],
    ['subscriber', 10, 'engaged'],
    ['subscriber', 30, 'qualified'],
    ['engaged', 6, 'engaged'],
    ['engaged', 5.99, 'subscriber'],
    ['engaged', 29.99, 'engaged'],
    ['qualified', 20, 'qualified'],
    ['qualified', 19.99, 'engaged'],
    ['qualified', 5, 'subscriber'],
    ['qualified', 1_000, 'qualified'],
    ['customer', -1_000, 'customer'],
    ['subscriber', -1_000, 'subscriber'],
  ])('%s with %d points: %s', (from, score, to) => {
    const index = stages.findIndex(({ name }) => name === from);
    expect(stages[stageFor(stages, index, score)]?.name).toBe(to);
  });

  test('a score that wavers around a threshold moves nobody to and fro', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 20.001, max: 40, noNaN: true }), { minLength: 2 }), (scores) => {
        let [index, moves] = [2, 0];
        for (const score of scores) {
          const next = stageFor(stages, index, score);
          if (next !== index) moves += 1;
          index = next;
        }
        expect(moves).toBe(0);
      }),
    );
  });

  test('a stage that is where it belongs stays there', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 }), fc.double({ min: -50, max: 50, noNaN: true }), (index, score) => {
        const to = stageFor(stages, index, score);
        expect(stageFor(stages, to, score)).toBe(to);
      }),
    );
  });
});

test.each([
  [0, 1, ['crm']],
  [0, 2, ['crm', 'sales']],
  [1, 2, ['sales', 'crm']],
  [1, 3, ['sales', 'crm', 'billing']],
  [2, 1, []],
])('from stage %d to %d, %j are told', (from, to, told) => {
  expect(handedOver(stages, from, to)).toEqual(told);
});

describe('when the fading alone moves a lead', () => {
  const at = (index: number, parts: [number, number][], steady = 0) => {
    const moved = movesAt(
      stages,
      index,
      { parts: parts.map(([value, days]) => ({ value, halfLifeMs: days * DAY })), steady },
      0,
    );
    return moved === undefined ? undefined : moved / DAY;
  };

  test.each<[string, number, [number, number][], number, number | undefined]>([
    ['40 of 10 days are 20 after 10 days', 2, [[40, 10]], 0, 10],
    ['12 of 10 days are 6 after 10 days', 1, [[12, 10]], 0, 10],
    ['what is steady does not fade', 1, [[12, 10]], 6, undefined],
    ['above what is steady only the rest fades', 1, [[8, 10]], 4, 20],
    [
      'two half-lives: 8 of 1 day and 4 of 100 days',
      1,
      [
        [8, 1],
        [4, 100],
      ],
      0,
      1.96,
    ],
    ['the first stage is not fallen out of', 0, [[5, 10]], 0, undefined],
    ['what only people set is not fallen out of', 3, [[5, 10]], 0, undefined],
    ['deductions fade, so a score rises by itself', 0, [[-10, 10]], 15, 10],
    [
      'deductions that fade faster than the points',
      1,
      [
        [38, 100],
        [-10, 10],
      ],
      0,
      6.72,
    ],
  ])('%s', (_, index, parts, steady, days) => {
    const found = at(index, parts, steady);
    if (days === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(days, 1);
  });

  test('is never late, and at most early: against a twin that looks every hour', () => {
    const part = fc.tuple(fc.double({ min: -60, max: 60, noNaN: true }), fc.integer({ min: 1, max: 60 }));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 }),
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.double({ min: -20, max: 20, noNaN: true }),
        (from, drawn, steady) => {
          const parts = drawn.map(([value, days]) => ({ value, halfLifeMs: days * DAY }));
          const scoreAt = (ms: number) =>
            parts.reduce((sum, { value, halfLifeMs }) => sum + value * 2 ** (-ms / halfLifeMs), steady);
          const index = stageFor(stages, from, scoreAt(0));
          const moves = movesAt(stages, index, { parts, steady }, 0);
          const hours = Array.from({ length: 24 * 60 }, (__, n) => n * 3_600_000);
          const first = hours.find((ms) => stageFor(stages, index, scoreAt(ms)) !== index);
          // Before the moment that is told nobody moves.
          if (first !== undefined) expect(moves).toBeLessThanOrEqual(first + 2_000);
          // Without deductions it is the moment itself.
          if (moves !== undefined && parts.every(({ value }) => value >= 0)) {
            // A crossing that is flatter than a double can tell is met all the same.
            const score = scoreAt(moves);
            const isAtLimit = stages.some(({ fallsBelow = Number.NaN }) => Math.abs(score + 0.005 - fallsBelow) < 1e-9);
            expect(isAtLimit || stageFor(stages, index, score) !== index).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
