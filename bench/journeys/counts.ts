import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { experimentCountQuery, visitsOf } from '../../core/measurement/experiment-sql.ts';
import { type Settled, settledCounts, withSettled } from '../../core/strategy/experiment/settled.ts';
import type { StepRow } from '../../core/strategy/journey/step-row.ts';
import { LAKE_TABLES } from '../../lib/lake-tables.ts';
import { createDuck, type LakeTable } from '../../local/duck.ts';
import { bar } from '../bar.ts';
import type { Part } from '../part.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 2, 1);
/** They have a week for the goal, and what is heard of them another week later still counts. */
const TIME_MS = 7 * DAY_MS;
const SETTLES_MS = 7 * DAY_MS;

/** Of so many who come each day to an experiment of two arms, every fifth reaches the goal, two days later. */
const stepsOf = (day: number, people: number): StepRow[] =>
  Array.from({ length: people }, (_, n): StepRow[] => {
    const atMs = START_MS + day * DAY_MS + n * 1_000;
    const own = { journey_id: 'j', profile_id: `p${day}-${n}`, entry: 1, version: 'v', node: '' };
    const why = `${(n % 100).toFixed(2)} of 100 by chance; arms of 50 %, 50 %`;
    const steps: StepRow[] = [
      { ...own, step: 1, kind: 'entry', way: 'event', why: 'account.created', at_ms: atMs },
      { ...own, step: 2, node: 'x', kind: 'experiment', way: n % 2 ? 'b' : 'a', why, at_ms: atMs },
    ];
    const reached = { ...own, step: 3, kind: 'goal', way: 'order', why: 'order.placed', at_ms: atMs + 2 * DAY_MS };
    return n % 5 ? steps : [...steps, reached];
  }).flat();

/**
 * What the daily count of an experiment reads in its `days`-th day, by the meter of the local cloud: as it is done, and as if nobody were ever
 * counted for good.
 */
export const measureCounts = async (days: number, people: number): Promise<Part> => {
  const root = mkdtempSync(join(tmpdir(), 'herald-counts-'));
  const duck = await createDuck(root);
  try {
    const byDay = Map.groupBy(Array.from({ length: days }, (_, day) => stepsOf(day, people)).flat(), ({ at_ms }) =>
      new Date(at_ms).toISOString().slice(0, 10),
    );
    const files: string[] = [];
    const query = async (settledMs: number, settlesMs: number, nowMs: number) => {
      const today = new Date(nowMs).toISOString().slice(0, 10);
      const columns = LAKE_TABLES.participant_steps.map(({ name, type }): [string, string] => [name, type]);
      const there = files.filter((file) => file.slice(-20) < `${today}/rows.json`);
      const table: LakeTable = { database: 'herald', name: 'participant_steps', columns, files: there };
      const asked = { journeyId: 'j', node: 'x', versions: ['v'], goal: 'order', settledMs, settlesMs, nowMs };
      const time = { from: 'node' as const, ms: TIME_MS };
      const { result, bytes } = await duck.select(experimentCountQuery({ ...asked, time }), 'herald', [table]);
      const rows = result.rows.map((row) => Object.fromEntries(row.map((one, n) => [result.columns[n] ?? '', one])));
      return { visits: visitsOf(rows), bytes };
    };
    for (const [day, rows] of byDay) {
      mkdirSync(join(root, `dt=${day}`));
      const file = join(root, `dt=${day}`, 'rows.json');
      writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      files.push(file);
    }
    let settled: Settled | undefined;
    const read: { day: number; bytes: number; all: number }[] = [];
    for (let day = 1; day <= days; day += 1) {
      const nowMs = START_MS + day * DAY_MS;
      const settledMs = settled?.toMs ?? START_MS - DAY_MS;
      const settlesMs = Math.max(settledMs, nowMs - SETTLES_MS);
      const { visits, bytes } = await query(settledMs, settlesMs, nowMs);
      const whole = await query(START_MS - DAY_MS, START_MS - DAY_MS, nowMs);
      const sum = (all: readonly { people: number }[]) => all.reduce((total, one) => total + one.people, 0);
      const found = [sum([...settledCounts(settled), ...visits]), sum(whole.visits)];
      if (found[0] !== found[1]) throw new Error(`On day ${day} ${found[0]} people were counted, of ${found[1]}`);
      settled = withSettled(settled, visits, [{ number: 0, percents: [50, 50], sinceMs: START_MS }], settlesMs);
      read.push({ day, bytes, all: whole.bytes });
    }
    const at = (day: number) => read[Math.min(day, days) - 1] ?? { day, bytes: 0, all: 0 };
    const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
    const total = (of: 'bytes' | 'all') => read.reduce((sum, one) => sum + one[of], 0);
    const lines = [...new Set([20, Math.floor((20 + days) / 2), days])].map(
      (day) => `  day ${day}: ${mb(at(day).bytes)} MB; from the beginning it would be ${mb(at(day).all)} MB`,
    );
    return {
      figures: { counts: { days, people, read } },
      text: [
        `What the daily count of an experiment reads, ${people} people a day, a week for the goal:`,
        ...lines,
        `  in ${days} days: ${mb(total('bytes'))} MB; from the beginning each time ${mb(total('all'))} MB`,
      ].join('\n'),
      bars: bar('the last count, by that of day 20', at(days).bytes / at(20).bytes, 1.05, 'times'),
    };
  } finally {
    duck.close();
    rmSync(root, { recursive: true, force: true });
  }
};
