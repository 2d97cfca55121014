import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CountAsked, experimentCountQuery, visitsOf } from '../../../core/measurement/experiment-sql.ts';
import { roundOf } from '../../../core/strategy/experiment/experiment-words.ts';
import type { VisitCount } from '../../../core/strategy/experiment/look-at-experiment.ts';
import { type Settled, settledCounts, withSettled } from '../../../core/strategy/experiment/settled.ts';
import { HAD_BEFORE, HAD_NOTHING_LEFT } from '../../../core/strategy/journey/choices.ts';
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
  ...{ time: { from, ms: 24 * HOUR }, settledMs: T0 - HOUR, settlesMs: T0 - HOUR, nowMs },
});
const counted = async (rows: readonly StepRow[], what: CountAsked) => {
  lake.participantSteps(rows);
  return visitsOf(await lake.query(experimentCountQuery(what)));
};
/** Each arm, round and fate once, in order. */
const summed = (counts: readonly VisitCount[]): VisitCount[] => {
  const groups = Map.groupBy(counts, ({ arm, round, fate }) => JSON.stringify([arm, round, fate]));
  return [...groups]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([, [first, ...others]]) => {
      const { arm, round, fate, people } = first as VisitCount;
      return { arm, round, fate, people: others.reduce((sum, one) => sum + one.people, people) };
    });
};

/** The same, one person after the other, of all that was ever written. */
const twin = (rows: readonly StepRow[], { journeyId, node, versions, goal, time, nowMs }: CountAsked): VisitCount[] => {
  const own = rows.filter((row) => row.journey_id === journeyId);
  const counts: VisitCount[] = [];
  for (const steps of Map.groupBy(own, ({ profile_id }) => profile_id).values()) {
    const inOrder = steps.toSorted((a, b) => a.entry - b.entry || a.step - b.step || a.at_ms - b.at_ms);
    const first = inOrder.find((row) => row.node === node && ['split', 'experiment'].includes(row.kind));
    if (first?.kind !== 'experiment' || !versions.includes(first.version)) continue;
    const entered = inOrder.find(({ kind, entry }) => kind === 'entry' && entry === first.entry);
    if (!entered) continue;
    const reached = inOrder.filter(({ kind, way, entry }) => kind === 'goal' && way === goal && entry === first.entry);
    const reachedMs = Math.min(...reached.map(({ at_ms }) => at_ms));
    const closes = (time.from === 'entry' ? entered.at_ms : first.at_ms) + time.ms;
    const isBefore = closes < first.at_ms || reachedMs < first.at_ms || reached.some(({ step }) => step < first.step);
    const fate = isBefore ? 'before' : closes > nowMs ? 'open' : reachedMs <= closes ? 'success' : 'failure';
    counts.push({ arm: first.way, round: roundOf(first.why), fate, people: 1 });
  }
  return summed(counts);
};

const CHANCE = '1.00 of 100 by chance; arms of 50 %, 50 %';
const row = (profile_id: string, step: number, atHours: number, more: Partial<StepRow>): StepRow => ({
  ...{ journey_id: "j'1", profile_id, entry: 1, step, version: 'v1', node: '', kind: 'entry', way: 'event', why: '' },
  ...{ at_ms: T0 + atHours * HOUR, ...more },
});
const comes = (id: string, atHours: number, more: Partial<StepRow> = {}) =>
  row(id, 2, atHours, { node: 'x', kind: 'experiment', way: 'A', why: CHANCE, ...more });
const reaches = (id: string, atHours: number, more: Partial<StepRow> = {}) =>
  row(id, 3, atHours, { kind: 'goal', way: "o'rder", ...more });
const again = { why: `${HAD_BEFORE}this arm before` };

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
  [
    'when their time was over before they came',
    [comes('p', 30, { why: CHANCE + HAD_NOTHING_LEFT })],
    'entry',
    { fate: 'before' },
  ],
  ['another goal', [comes('p', 10), reaches('p', 11, { way: 'other' })], 'node', { fate: 'failure' }],
  ['in another entry', [comes('p', 10), reaches('p', 11, { entry: 2 })], 'node', { fate: 'failure' }],
  ['told twice', [comes('p', 10), comes('p', 10), reaches('p', 11), reaches('p', 11)], 'node', { fate: 'success' }],
  ['in a round', [comes('p', 10, { why: `${CHANCE}: round 12, by what` })], 'node', { round: 12 }],
  ['of a version that goes on with it', [comes('p', 10, { version: "v'2" })], 'node', { fate: 'failure' }],
  ['of another version', [comes('p', 10, { version: 'v3' })], 'node', undefined],
  ['of another journey', [comes('p', 10, { journey_id: 'j2' })], 'node', undefined],
  [
    'who had an arm from another version',
    [comes('p', 9, { version: 'v3' }), comes('p', 10, { step: 5, ...again })],
    'node',
    undefined,
  ],
  [
    'who had one that is no more',
    [comes('p', 9, { version: 'v3' }), comes('p', 10, { step: 5, why: `${HAD_BEFORE}another arm before; ${CHANCE}` })],
    'node',
    undefined,
  ],
  [
    'who had one from a split',
    [comes('p', 9, { kind: 'split' }), comes('p', 10, { step: 5, ...again })],
    'node',
    undefined,
  ],
  [
    'who came again: by the first time',
    [comes('p', 10), comes('p', 60, { entry: 2, ...again }), reaches('p', 61, { entry: 2 })],
    'node',
    { arm: 'A', fate: 'failure' },
  ],
])('%s', async (_, steps, from, found) => {
  const rows = [row('p', 1, 0, {}), ...steps];
  const expected = found ? [{ arm: 'A', round: 0, fate: 'failure', people: 1, ...found }] : [];
  expect(summed(await counted(rows, asked(from)))).toEqual(expected);
  expect(twin(rows, asked(from))).toEqual(expected);
});

const PEOPLE = ['p', "q'", 'r'];
const hours = fc.integer({ min: 0, max: 400 });
/** What somebody does in one entry: visits of the node, and events of the goal, in the order in which they are handled. */
const acts = fc.array(
  fc.record({
    ...{
      kind: fc.constantFrom('experiment', 'experiment', 'split', 'goal', 'goal'),
      afterHours: fc.integer({ min: 0, max: 40 }),
    },
    ...{ version: fc.constantFrom('v1', "v'2", 'v3'), way: fc.constantFrom('A', "B'"), round: fc.constantFrom(0, 3) },
    /** An event that was heard late. */
    lateHours: fc.constantFrom(0, 0, 0, 5),
  }),
  { maxLength: 5 },
);
const lives = fc.tuple(...PEOPLE.map(() => fc.array(fc.record({ startHours: hours, acts }), { maxLength: 2 })));
type Lives = typeof lives extends fc.Arbitrary<infer T> ? T : never;
type Told = StepRow & { arrivedMs: number };

/** The steps that such people leave, as `advance` numbers them and says why; each goal is reached once in an entry. */
const stepsOf = (all: Lives, from: 'entry' | 'node'): Told[] =>
  all.flatMap((entries, n) => {
    const id = PEOPLE[n] ?? '';
    const rows: Told[] = [];
    let arm: string | undefined;
    let atMs = T0;
    for (const [e, { startHours, acts: own }] of entries.entries()) {
      atMs += startHours * HOUR;
      const enteredMs = atMs;
      let [step, reached] = [1, false];
      const add = (more: Partial<StepRow>, at = atMs) =>
        rows.push({ ...row(id, step++, 0, { entry: e + 1, at_ms: at, ...more }), arrivedMs: atMs });
      add({});
      for (const { kind, afterHours, lateHours, version, way, round } of own) {
        atMs += afterHours * HOUR;
        if (kind === 'goal') {
          if (!reached) add({ kind, way: "o'rder" }, Math.max(enteredMs, atMs - lateHours * HOUR));
          reached = true;
          continue;
        }
        const isOver = from === 'entry' && enteredMs + 24 * HOUR < atMs;
        const nothing = kind === 'experiment' && (reached || isOver) ? HAD_NOTHING_LEFT : '';
        const had = arm === undefined ? '' : `${HAD_BEFORE}another arm before; `;
        const why = arm === way ? again.why : `${had}${CHANCE}${round ? `: round ${round}, by` : ''}${nothing}`;
        arm = way;
        add({ node: 'x', kind, version, way, why });
      }
    }
    return rows;
  });

test('counted day by day, it is what it is when everything that was ever written is looked at', async () => {
  await fc.assert(
    fc.asyncProperty(
      ...([lives, fc.boolean(), fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 })] as const),
      fc.array(fc.nat(), { maxLength: 3 }),
      async (all, atEntry, pauses, twice) => {
        const from = atEntry ? 'entry' : 'node';
        const steps = stepsOf(all, from);
        // Some come twice, the second time much later, as after a crash.
        const copies = twice.flatMap((n) => {
          const step = steps[n % steps.length];
          return step ? [{ ...step, arrivedMs: Math.max(step.arrivedMs, T0 + 300 * HOUR) }] : [];
        });
        const rounds = [0, 3].map((number) => ({ number, percents: [50, 50], sinceMs: T0 }));
        let settled: Settled | undefined;
        let nowMs = T0;
        for (const pause of pauses) {
          nowMs += pause * HOUR;
          const there = [...steps, ...copies].filter(({ arrivedMs }) => arrivedMs <= nowMs);
          const settledMs = settled?.toMs ?? T0 - HOUR;
          // Nobody is heard more than five hours late.
          const settlesMs = Math.max(settledMs, nowMs - 6 * HOUR);
          const what = { ...asked(from, nowMs), settledMs, settlesMs };
          lake.participantStepsAt(there.map(({ arrivedMs, ...one }) => [one, arrivedMs]));
          const visits = visitsOf(await lake.query(experimentCountQuery(what)));
          const counts = summed([...settledCounts(settled), ...visits]);
          expect(counts).toEqual(
            twin(
              steps.filter(({ arrivedMs }) => arrivedMs <= nowMs),
              what,
            ),
          );
          settled = withSettled(settled, visits, rounds, settlesMs);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('nothing is read that is older than what somebody may need whose time is not over', async () => {
  const day = 24 * HOUR;
  const what = { ...asked('entry', T0 + 60 * day), settledMs: T0 + 52 * day, settlesMs: T0 + 53 * day };
  expect(experimentCountQuery(what)).toContain(`dt >= '${new Date(T0 + 50 * day).toISOString().slice(0, 10)}'`);
});
