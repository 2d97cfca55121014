import { describe, expect, test } from 'vitest';
import { barText } from '../../../bench/bar.ts';
import { barsOf, type Medians } from '../../../bench/matching/bars.ts';
import { measure } from '../../../bench/matching/measure.ts';
import { keyOf, plannedCells } from '../../../bench/matching/plan.ts';
import { overNpm, perParse, short, tableText } from '../../../bench/matching/table.ts';
import { median, quantile, spread } from '../../../bench/statistics.ts';

test('median, quantile and spread', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, Number.NaN]);
  expect([quantile([1, 2, 3, 4], 0.5), quantile([1, 2, 3, 4], 1), quantile([], 0.5)]).toEqual([3, 4, Number.NaN]);
  expect(spread([2.04, 1.01, 3.06])).toEqual({ median: 2, low: 1, high: 3.1 });
});

test('a step sees one document after the other, and every window has at least one event', async () => {
  const seen: number[] = [];
  const { us, yardstickUs } = await measure(
    (n) => seen.push(n),
    async () => {},
    { warmUpMs: 0, windowMs: 0, count: 5 },
  );
  expect(seen.length).toBeGreaterThanOrEqual(6);
  expect(seen).toEqual(seen.map((_, n) => n));
  expect([us.length, yardstickUs.length]).toEqual([5, 5]);
});

const cell = (us: number, parseUs = 10) => ({
  us: [us, us * 2, us / 2],
  parseUs: [parseUs, parseUs * 2, parseUs],
  matchesAnEvent: 1,
});

describe('the table', () => {
  const cells = new Map([
    ['herald/shared/100', cell(2)],
    ['sift/shared/100', cell(400)],
    ['filtrex/shared/100', cell(100)],
    ['closures/shared/100', cell(50)],
  ]);

  test('ratios compare each window with its own yardstick, and Herald with the best engine from npm', () => {
    expect(perParse(cells.get('herald/shared/100')!)).toBe(0.2);
    expect(overNpm(cells, 'herald', 'shared', 100)).toBe(50);
    expect(overNpm(cells, 'herald', 'mixed', 100)).toBeUndefined();
  });

  test('has a row for each engine that was measured', () => {
    expect(
      tableText(cells, 'shared', [10, 100])
        .split('\n')
        .map((line) => line.split(/\s{2,}/)),
    ).toEqual([
      ['shared', '10 rules', '100 rules'],
      ['filtrex', '-', '10k ±75% 10× 1×'],
      ['sift', '-', '2500 ±75% 40× 0.25×'],
      ['closures', '-', '20k ±75% 5× 2×'],
      ['herald', '-', '500k ±75% 0.2× 50×'],
    ]);
  });

  test.each([
    [1_234_567, '1.23M'],
    [999_700, '1M'],
    [67_890, '67.9k'],
    [9_999, '10k'],
    [1_234, '1230'],
    [0.0512, '0.051'],
  ])('%f reads %s', (value, text) => expect(short(value)).toBe(text));
});

describe('the bars', () => {
  const medians: Medians = {
    perParse: new Map([
      ['herald/mixed/1000', 0.4],
      ['herald/shared/10000', 1.51],
    ]),
    overNpm: new Map([
      ['shared/1000', 100],
      ['mixed/10', 0.99],
    ]),
    firstMatchMs: 30,
    addMs: 0.2,
    removeMs: 1.01,
    heapMB: 12,
    profileDecodePerParse: Number.NaN,
  };

  test('judge what was measured, limits included; what is no number misses', () => {
    const judged = barsOf(medians).map(({ name, ok }) => [name, ok]);
    expect(judged).toEqual([
      ['1000 rules, mixed', true],
      ['10000 rules, shared', false],
      ['10 rules, mixed', false],
      ['1000 rules, shared', true],
      ['10000 rules, load a snapshot and match', true],
      ['10000 rules, add one', true],
      ['10000 rules, remove one', false],
      ['10000 rules, heap', true],
      ['profile decode', false],
    ]);
  });

  test('say what they are', () => {
    expect(barsOf(medians).map(barText)[1]).toBe(
      'MISSED  10000 rules, shared                      1.51 × JSON.parse (≤ 1.5)',
    );
  });

  test('every cell that a bar asks for is planned', () => {
    const keys = new Set(plannedCells(false).map(keyOf));
    const all = barsOf({
      ...medians,
      perParse: new Map([...keys].map((key) => [key, 1])),
      overNpm: new Map([...keys].map((key) => [key.replace('herald/', ''), 1])),
    });
    expect(all).toHaveLength(19);
  });
});
