import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  RFM_SEGMENTS,
  type RfmScores,
  rfmCuts,
  rfmScores,
  rfmSegment,
  transitionsOf,
} from '../../../../core/audience/models/rfm.ts';

const FIVE = [1, 2, 3, 4, 5];
const ALL = FIVE.flatMap((recency) =>
  FIVE.flatMap((frequency) => FIVE.map((monetary): RfmScores => ({ recency, frequency, monetary }))),
);

describe('the named segments', () => {
  test('are a name for each of the 125 scores, and no name is never used', () => {
    expect(new Set(ALL.map(rfmSegment))).toEqual(new Set(RFM_SEGMENTS));
  });

  test.each<[string, RfmScores[]]>([
    [
      'champions',
      [
        { recency: 5, frequency: 5, monetary: 5 },
        { recency: 5, frequency: 4, monetary: 3 },
      ],
    ],
    [
      'loyal',
      [
        { recency: 3, frequency: 4, monetary: 4 },
        { recency: 4, frequency: 5, monetary: 5 },
      ],
    ],
    [
      'potential_loyal',
      [
        { recency: 5, frequency: 2, monetary: 2 },
        { recency: 4, frequency: 3, monetary: 3 },
      ],
    ],
    ['new', [{ recency: 5, frequency: 1, monetary: 1 }]],
    ['promising', [{ recency: 4, frequency: 1, monetary: 1 }]],
    ['need_attention', [{ recency: 3, frequency: 3, monetary: 3 }]],
    [
      'about_to_sleep',
      [
        { recency: 3, frequency: 1, monetary: 1 },
        { recency: 3, frequency: 2, monetary: 1 },
      ],
    ],
    [
      'at_risk',
      [
        { recency: 2, frequency: 4, monetary: 4 },
        { recency: 1, frequency: 3, monetary: 3 },
      ],
    ],
    [
      'cannot_lose',
      [
        { recency: 1, frequency: 5, monetary: 5 },
        { recency: 2, frequency: 4, monetary: 5 },
      ],
    ],
    [
      'hibernating',
      [
        { recency: 1, frequency: 2, monetary: 2 },
        { recency: 2, frequency: 1, monetary: 1 },
      ],
    ],
    ['lost', [{ recency: 1, frequency: 1, monetary: 1 }]],
  ])('%s', (name, scores) => {
    expect(scores.map(rfmSegment)).toEqual(scores.map(() => name));
  });

  test('stand in the documentation as they are', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/models.md'), 'utf8');
    const rows = [...page.matchAll(/^\| ([1-5]) \| (.+) \|$/gm)].map(([, recency, names = '']) => [
      recency,
      names.split(' | '),
    ]);
    const wanted = FIVE.toReversed().map((recency) => [
      String(recency),
      FIVE.map((value) => rfmSegment({ recency, frequency: value, monetary: value })),
    ]);
    expect(rows).toEqual(wanted);
  });

  test('halves of frequency and monetary go upwards', () => {
    expect(rfmSegment({ recency: 5, frequency: 1, monetary: 2 })).toBe('potential_loyal');
  });

  test.each([0, 6, 1.5, Number.NaN])('there is none of a score %d', (score) => {
    expect(() => rfmSegment({ recency: score, frequency: 1, monetary: 1 })).toThrow(RangeError);
  });
});

const value = fc.record({
  lastMs: fc.integer({ min: 0, max: 20 }),
  purchases: fc.integer({ min: 1, max: 4 }),
  amount: fc.integer({ min: 0, max: 1_000 }),
});

test('scores grow with what they score, and equal values have equal scores', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 5, maxLength: 60 }), (people) => {
      const cuts = rfmCuts(people);
      const scored = people.map((one) => ({ ...one, scores: rfmScores(cuts, one) }));
      for (const [a, b] of scored.slice(1).map((one, n) => [one, scored[n]!] as const)) {
        for (const [raw, score] of [
          ['lastMs', 'recency'],
          ['purchases', 'frequency'],
          ['amount', 'monetary'],
        ] as const) {
          const [x, y] = a[raw] < b[raw] ? [a, b] : [b, a];
          expect(x.scores[score]).toBeLessThanOrEqual(y.scores[score]);
          if (x[raw] === y[raw]) expect(x.scores[score]).toBe(y.scores[score]);
        }
      }
    }),
  );
});

describe('transitions', () => {
  test('count who went where, who came and who went away', () => {
    const before = new Map([
      ['a', 'loyal'],
      ['b', 'loyal'],
      ['c', 'new'],
      ['d', 'lost'],
    ]);
    const after = new Map([
      ['a', 'loyal'],
      ['b', 'at_risk'],
      ['c', 'loyal'],
      ['e', 'new'],
    ]);
    expect(transitionsOf(before, after)).toEqual({
      loyal: { loyal: 1, at_risk: 1 },
      new: { loyal: 1 },
      lost: { none: 1 },
      none: { new: 1 },
    });
  });

  test('rows and columns add up to the snapshots', () => {
    const snapshot = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constantFrom(...RFM_SEGMENTS));
    fc.assert(
      fc.property(snapshot, snapshot, (one, two) => {
        const counts = transitionsOf(new Map(Object.entries(one)), new Map(Object.entries(two)));
        for (const name of RFM_SEGMENTS) {
          const row = Object.values(counts[name] ?? {}).reduce((sum, n) => sum + n, 0);
          const column = Object.values(counts).reduce((sum, to) => sum + (to[name] ?? 0), 0);
          expect(row).toBe(Object.values(one).filter((own) => own === name).length);
          expect(column).toBe(Object.values(two).filter((own) => own === name).length);
        }
      }),
    );
  });
});
