import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { barText } from '../bar.ts';
import { machine, machineText, median, type Spread, spread } from '../statistics.ts';
import { barsOf } from './bars.ts';
import type { Cell } from './cell.ts';
import { CHANGES } from './changes.ts';
import { inProcess } from './child.ts';
import type { Windows } from './measure.ts';
import { type Corpus, keyOf, type PlannedCell, plannedCells, SIZES } from './plan.ts';
import type { ProfileDecode } from './profile-cell.ts';
import { hardRules, makeRules } from './rules.ts';
import type { Build, Change, Heap, Load } from './snapshot-cell.ts';
import { overNpm, perParse, short, shortSpread, tableText } from './table.ts';

/**
 * `npm run bench -- matching [--quick] [--json]`
 * The matcher of triggers beside six engines from npm, plain closures and JSON.parse of the same event and profile, on one
 * core. Every cell has processes of its own and is checked against a reference before it is timed. Exit code 1 when a bar
 * is missed. --quick is for working on it: fewer repetitions, and no 10,000 rules for the engines from npm.
 */
const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const { quick } = options;
const PROCESSES = quick ? 1 : 3;
const FRESH_STARTS = quick ? 3 : 7;
const windows: Windows = quick ? { warmUpMs: 200, windowMs: 60, count: 5 } : { warmUpMs: 400, windowMs: 150, count: 5 };
/** An engine this slow runs few events a window however often it is started: one process is enough. */
const SLOW_US = 20_000;

const folder = mkdtempSync(join(tmpdir(), 'herald-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const tell = (text: string) => void process.stderr.write(`${text}\n`);

/** Files of rules, by corpus and size; `changing` has some more for the changes. */
const rulesFile = (corpus: string, rules: number) => join(folder, `${corpus}-${rules}.json`);
const writeRules = () => {
  const most = SIZES.at(-1)!;
  for (const variant of ['mixed', 'shared'] as const) {
    const all = makeRules(most + CHANGES, variant);
    // The first rules of a longer list are those of the shorter one.
    for (const size of SIZES) writeFileSync(rulesFile(variant, size), JSON.stringify(all.slice(0, size)));
    writeFileSync(rulesFile(`${variant}-changing`, most), JSON.stringify(all));
    if (variant === 'shared') writeFileSync(rulesFile('hard', most), JSON.stringify(hardRules(all.slice(0, most))));
  }
};

const measureCells = async (): Promise<Map<string, Cell>> => {
  const cells = new Map<string, Cell>();
  const planned = plannedCells(quick);
  const settings = JSON.stringify(windows);
  const one = async (plan: PlannedCell) => {
    const before = cells.get(keyOf(plan));
    if (before && median(before.us) > SLOW_US) return;
    const cell = await inProcess<Cell>('cell.ts', plan.engine, rulesFile(plan.corpus, plan.rules), settings);
    cells.set(keyOf(plan), {
      ...cell,
      us: [...(before?.us ?? []), ...cell.us],
      parseUs: [...(before?.parseUs ?? []), ...cell.parseUs],
    });
  };
  // In rounds over all cells, so that a noisy minute does not fall on one of them.
  for (let round = 1; round <= PROCESSES; round += 1) {
    for (const [n, plan] of planned.entries()) {
      await one(plan);
      if (n % 16 === 15) tell(`round ${round} of ${PROCESSES}: ${n + 1} of ${planned.length} cells`);
    }
  }
  return cells;
};

type Repeated<T> = { [K in keyof T]: Spread };
const repeated = async <T extends Record<string, number>>(run: () => Promise<T>): Promise<Repeated<T>> => {
  const runs: T[] = [];
  for (let n = 0; n < FRESH_STARTS; n += 1) runs.push(await run());
  const entries = Object.keys(runs[0]!).map((key) => [
    key,
    spread(
      runs.map((it) => it[key]!),
      3,
    ),
  ]);
  return Object.fromEntries(entries) as Repeated<T>;
};

const measureSnapshot = async (variant: Exclude<Corpus, 'hard'>) => {
  const snapshot = join(folder, `${variant}.snapshot`);
  const task = <T>(name: string) =>
    inProcess<T>('snapshot-cell.ts', name, rulesFile(`${variant}-changing`, SIZES.at(-1)!), snapshot);
  return {
    ...(await repeated(() => task<Build>('build'))),
    ...(await repeated(() => task<Load>('load'))),
    ...(await repeated(() => task<Heap>('heap'))),
    ...(await repeated(() => task<Change>('change'))),
  };
};

tell('Writing the rules …');
writeRules();
const cells = await measureCells();
tell('The snapshot …');
const snapshots = { mixed: await measureSnapshot('mixed'), shared: await measureSnapshot('shared') };
const decode = await repeated(() => inProcess<ProfileDecode>('profile-cell.ts'));

const worse = (figure: keyof typeof snapshots.mixed) =>
  Math.max(snapshots.mixed[figure].median, snapshots.shared[figure].median);
const herald = plannedCells(quick).filter(({ engine }) => engine === 'herald');
const bars = barsOf({
  perParse: new Map(herald.map((plan) => [keyOf(plan), perParse(cells.get(keyOf(plan))!)])),
  overNpm: new Map(
    herald.flatMap(({ corpus, rules }) => {
      const times = overNpm(cells, 'herald', corpus, rules);
      return times === undefined ? [] : [[`${corpus}/${rules}`, times] as const];
    }),
  ),
  firstMatchMs: worse('firstMatchMs'),
  addMs: worse('addMs'),
  removeMs: worse('removeMs'),
  heapMB: worse('heapMB'),
  profileDecodePerParse: decode.decodeUs.median / decode.parseUs.median,
});

const parseUs = [...cells.values()].flatMap((cell) => cell.parseUs);
if (options.json) {
  const figures = { machine: machine(), windows, cells: Object.fromEntries(cells), snapshots, decode, bars };
  console.log(JSON.stringify(figures, null, 2));
} else {
  console.log(machineText(machine()));
  console.log(
    `JSON.parse of event and profile: ${shortSpread(spread(parseUs))} µs, ${short(1e6 / median(parseUs))} events a second`,
  );
  console.log('Each cell: events a second ± noise, time × JSON.parse beside it, × as fast as the best engine on npm\n');
  for (const corpus of ['mixed', 'shared'] as const) console.log(`${tableText(cells, corpus, SIZES)}\n`);
  const hits = cells.get('herald/hard/10000')!.matchesAnEvent;
  console.log(
    `${tableText(cells, 'hard', [10_000])}\n(those of the 10,000 that are left without their equality conditions; ${Math.round(hits)} matches an event)\n`,
  );
  for (const [variant, it] of Object.entries(snapshots)) {
    console.log(
      `Snapshot of 10,000 rules, ${variant}: median (lowest … highest) of ${FRESH_STARTS} fresh processes
  build              ${shortSpread(it.buildMs)} ms, ${short(it.bytes.median / 1e6)} MB
  load               ${shortSpread(it.loadMs)} ms; with the first match ${shortSpread(it.firstMatchMs)} ms
  events 2 to 100    ${shortSpread(it.coldUs)} µs each
  add, remove a rule ${shortSpread(it.addMs)} ms, ${shortSpread(it.removeMs)} ms, the next match included; worst ${shortSpread(it.worstMs)} ms
  heap               ${shortSpread(it.heapMB)} MB, snapshot included\n`,
    );
  }
  console.log(
    `Profile decode ${shortSpread(decode.decodeUs)} µs; JSON.parse of the profile ${shortSpread(decode.parseUs)} µs, unmarshall ${shortSpread(decode.unmarshallUs)} µs\n`,
  );
  for (const bar of bars) console.log(barText(bar));
}
if (bars.some(({ ok }) => !ok)) process.exitCode = 1;
