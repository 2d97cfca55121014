import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CountAsked, experimentCountQuery, visitCountsOf } from '../../../core/measurement/experiment-sql.ts';
import { roundOf } from '../../../core/strategy/experiment/experiment-words.ts';
import type { VisitCount } from '../../../core/strategy/experiment/look-at-experiment.ts';
import type { StepRow } from '../../../core/strategy/journey/step-row.ts';
import { createLake, type Lake } from '../lake.ts';

const T0 = Date.parse('2026-03-15T00:00:00Z');
const HOUR = 3_600_000;
let lake: Lake;
beforeAll(async () => {
  lake = await createLake();
});
afterAll(() => lake.close());

const asked = (from: 'entry' | 'node', nowMs = T0 + 100 * HOUR): CountAsked => ({
  ...{ journeyId: "j'1", node: 'x', versions: ['v1', "v'2"], goal: "o'rder" },
  ...{ time: { from, ms: 24 * HOUR }, fromMs: T0, nowMs },
});
const counted = async (rows: readonly StepRow[], what: CountAsked) => {
  lake.participantSteps(rows);
  return ordered(visitCountsOf(await lake.query(experimentCountQuery(what))));
};
const ordered = (counts: VisitCount[]) =>
  counts.toSorted((a, b) =>
    JSON.stringify([a.arm, a.round, a.fate]).localeCompare(JSON.stringify([b.arm, b.round, b.fate])),
  );

/** The same, one person after the other. */
const twin = (rows: readonly StepRow[], { journeyId, node, versions, goal, time, nowMs }: CountAsked): VisitCount[] => {
  const own = rows.filter((row) => row.journey_id === journeyId);
  const counts = new Map<string, VisitCount>();
  for (const steps of Map.groupBy(own, ({ profile_id }) => profile_id).values()) {
    const inOrder = steps.toSorted((a, b) => a.entry - b.entry || a.step - b.step || a.at_ms - b.at_ms);
    const first = inOrder.find((row) => row.node === node && ['split', 'experiment'].includes(row.kind));
    if (first?.kind !== 'experiment' || !versions.includes(first.version)) continue;
    const entered = inOrder.find(({ kind, entry }) => kind === 'entry' && entry === first.entry);
    if (!entered) continue;
    const reached = inOrder.filter(({ kind, way, entry }) => kind === 'goal' && way === goal && entry === first.entry);
    const reachedMs = Math.min(...reached.map(({ at_ms }) => at_ms));
    const closes = (time.from === 'entry' ? entered.at_ms : first.at_ms) + time.ms;
    const isBefore = reachedMs < first.at_ms || reached.some(({ step }) => step < first.step);
    const fate = isBefore ? 'before' : closes > nowMs ? 'open' : reachedMs <= closes ? 'success' : 'failure';
    const round = roundOf(first.why);
    const key = JSON.stringify([first.way, round, fate]);
    const before = counts.get(key) ?? { arm: first.way, round, fate, people: 0 };
    counts.set(key, { ...before, people: before.people + 1 });
  }
  return ordered([...counts.values()]);
};

const row = (profile_id: string, step: number, atHours: number, more: Partial<StepRow>): StepRow => ({
  ...{ journey_id: "j'1", profile_id, entry: 1, step, version: 'v1', node: '', kind: 'entry', way: 'event', why: '' },
  ...{ at_ms: T0 + atHours * HOUR, ...more },
});
const comes = (id: string, atHours: number, more: Partial<StepRow> = {}) =>
  row(id, 2, atHours, {
    node: 'x',
    kind: 'experiment',
    way: 'A',
    why: '1.00 of 100 by chance; arms of 50 %, 50 %',
    ...more,
  });
const reaches = (id: string, atHours: number, more: Partial<StepRow> = {}) =>
  row(id, 3, atHours, { kind: 'goal', way: "o'rder", ...more });

test.each<[string, StepRow[], 'entry' | 'node', Partial<VisitCount> | undefined]>([
  ['in time after the node', [comes('p', 10), reaches('p', 34)], 'node', { fate: 'success' }],
  ['too late after the node', [comes('p', 10), reaches('p', 34.1)], 'node', { fate: 'failure' }],
  ['too late after the entry', [comes('p', 10), reaches('p', 24.1)], 'entry', { fate: 'failure' }],
  ['never', [comes('p', 10)], 'entry', { fate: 'failure' }],
  ['at once', [comes('p', 10), reaches('p', 10)], 'node', { fate: 'success' }],
  ['before it came to the node', [comes('p', 10), reaches('p', 9)], 'node', { fate: 'before' }],
  [
    'by the event that has led to the node',
    [comes('p', 10, { step: 3 }), reaches('p', 10, { step: 2 })],
    'node',
    { fate: 'before' },
  ],
  [
    'after their timer was due, and before it rang',
    [comes('p', 10, { step: 3 }), reaches('p', 10.02, { step: 2 })],
    'node',
    { fate: 'before' },
  ],
  ['when there is time yet', [comes('p', 90), reaches('p', 91)], 'node', { fate: 'open' }],
  ['another goal', [comes('p', 10), reaches('p', 11, { way: 'other' })], 'node', { fate: 'failure' }],
  ['in another entry', [comes('p', 10), reaches('p', 11, { entry: 2 })], 'node', { fate: 'failure' }],
  ['told twice', [comes('p', 10), comes('p', 10), reaches('p', 11), reaches('p', 11)], 'node', { fate: 'success' }],
  [
    'in a round',
    [comes('p', 10, { why: '1.00 of 100 by chance; arms of 5 %, 95 %: round 12, by what' })],
    'node',
    { round: 12 },
  ],
  ['of a version that goes on with it', [comes('p', 10, { version: "v'2" })], 'node', { fate: 'failure' }],
  ['of another version', [comes('p', 10, { version: 'v3' })], 'node', undefined],
  ['of another journey', [comes('p', 10, { journey_id: 'j2' })], 'node', undefined],
  [
    'who had an arm from another version',
    [comes('p', 9, { version: 'v3' }), comes('p', 10, { step: 5 })],
    'node',
    undefined,
  ],
  ['who had one from a split', [comes('p', 9, { kind: 'split' }), comes('p', 10, { step: 5 })], 'node', undefined],
  [
    'who came again: by the first time',
    [comes('p', 10), comes('p', 60, { entry: 2, way: 'B' }), reaches('p', 61, { entry: 2 })],
    'node',
    { arm: 'A', fate: 'failure' },
  ],
])('%s', async (_, steps, from, found) => {
  const rows = [row('p', 1, 0, {}), ...steps];
  const expected = found ? [{ arm: 'A', round: 0, fate: 'failure', people: 1, ...found }] : [];
  expect(await counted(rows, asked(from))).toEqual(expected);
  expect(twin(rows, asked(from))).toEqual(expected);
});

test('it counts as one does who looks at each person', async () => {
  const step = fc.record({
    journey_id: fc.constantFrom("j'1", "j'1", "j'1", 'j2'),
    profile_id: fc.constantFrom('p', "q'", 'r'),
    entry: fc.integer({ min: 1, max: 2 }),
    step: fc.integer({ min: 1, max: 4 }),
    version: fc.constantFrom('v1', "v'2", 'v3'),
    ...{ node: fc.constantFrom('x', 'x', 'y'), kind: fc.constantFrom('experiment', 'experiment', 'split', 'message') },
    way: fc.constantFrom('A', "B'"),
    why: fc.constantFrom('by chance', 'by chance: round 3, by what'),
    at_ms: fc.integer({ min: 0, max: 100 }).map((hours) => T0 + hours * HOUR),
  });
  const goal = fc.record({
    ...{ profile_id: fc.constantFrom('p', "q'", 'r'), entry: fc.integer({ min: 1, max: 2 }) },
    at_ms: fc.integer({ min: 0, max: 100 }).map((hours) => T0 + hours * HOUR),
    // Between those at nodes, which are even.
    step: fc.constantFrom(3, 5, 7, 9, 11),
  });
  const everybody = ['p', "q'", 'r'].flatMap((id) => [1, 2].map((entry) => row(id, 1, entry, { entry })));
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 8 }),
      fc.array(goal, { maxLength: 4 }),
      fc.boolean(),
      async (some, goals, atEntry) => {
        // Of one step all copies are the same; 1 is the entry.
        const steps = [...new Map(some.map((one) => [`${one.profile_id} ${one.entry} ${one.step}`, one])).values()];
        const rows = [
          ...everybody,
          ...steps.map((one) => ({ ...one, step: 2 * one.step })),
          ...goals.map((one) => reaches(one.profile_id, 0, one)),
        ];
        const what = asked(atEntry ? 'entry' : 'node', T0 + 70 * HOUR);
        expect(await counted([...rows, ...rows.slice(0, 3)], what)).toEqual(twin(rows, what));
      },
    ),
    { numRuns: 60 },
  );
});
