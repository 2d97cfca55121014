import { fork } from 'node:child_process';
import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { addTo, emptySummary, lines, replayOf } from '../test/simulate/report.ts';
import type { SeedResult } from '../test/simulate/run-seed.ts';
import type { Without } from '../test/simulate/tables.ts';

/**
 * `npm run simulate -- [--seeds N] [--from N] [--seed N [--trace]] [--without cap|ledger|redrive] [--json]`
 * Seeded fault runs of the delivery pipeline (docs/simulation.md). Exit code 1 when a promise is broken, 2 for options that it does
 * not know.
 */
const PROCESSES = 2;
/** Seeds of one process: modules that were loaded for a seed are never unloaded. */
const SLICE = 40;
const WITHOUT: readonly string[] = ['cap', 'ledger', 'redrive'];

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    without: { type: 'string' },
    trace: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const { json, trace } = values;
const without = values.without as Without | undefined;
const from = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count) || count < 1)
  refuse('--seed, --seeds and --from are whole numbers');
if (without !== undefined && !WITHOUT.includes(without)) refuse(`--without takes ${WITHOUT.join(', ')}`);

function refuse(why: string): never {
  console.error(why);
  process.exit(2);
}

const onTrace = trace ? (line: string) => void writeSync(1, `${line}\n`) : undefined;

/** What runs a seed loads every handler: processes that only wait for others leave it. */
const runSeed = async (seed: number): Promise<SeedResult> =>
  (await import('../test/simulate/run-seed.ts')).runSeed(seed, { without, onTrace });

/** Runs seeds in a process of their own, and tells of each, until that is enough. */
const inProcess = (first: number, some: number, tell: (result: SeedResult) => void, enough: AbortSignal) => {
  const env = { ...process.env, SIMULATED_SEEDS: `${first} ${some}` };
  const child = fork(import.meta.filename, process.argv.slice(2), { env });
  enough.addEventListener('abort', () => child.kill());
  return new Promise<void>((resolve, reject) => {
    child.on('message', (result: SeedResult) => {
      if (!enough.aborted) tell(result);
    });
    child.on('exit', (code) =>
      code === 0 || enough.aborted ? resolve() : reject(new Error(`Seeds from ${first} on: exit code ${code}`)),
    );
  });
};

const told = (result: SeedResult) => new Promise((resolve) => process.send?.(result, resolve));

const own = process.env.SIMULATED_SEEDS?.split(' ').map(Number);
if (own) {
  const [first = 0, some = 0] = own;
  // Whoever wanted to know is gone.
  process.on('disconnect', () => process.exit());
  for (let seed = first; seed < first + some; seed += 1) await told(await runSeed(seed));
  process.exit();
} else {
  const startedMs = performance.now();
  const summary = emptySummary();
  const enough = new AbortController();
  const tell = (result: SeedResult) => {
    addTo(summary, result, without);
    // What a switch takes away is missed in some seed: the first is enough.
    if (without !== undefined && result.violations.length > 0) enough.abort();
    if (json || result.violations.length === 0) return;
    for (const { invariant, plan = '', person = '', detail } of result.violations.slice(0, 5)) {
      console.log(`seed ${result.seed}: ${invariant} ${plan} ${person} ${detail}`);
    }
    console.log(`  replay: ${replayOf(result.seed, without)}`);
  };
  if (count === 1) tell(await runSeed(from));
  else {
    const slice = Math.min(SLICE, Math.ceil(count / PROCESSES));
    const firsts = Array.from({ length: Math.ceil(count / slice) }, (_, n) => n * slice).values();
    const work = async () => {
      for (const first of firsts) {
        if (enough.signal.aborted) return;
        await inProcess(from + first, Math.min(slice, count - first), tell, enough.signal);
      }
    };
    await Promise.all(Array.from({ length: PROCESSES }, work));
  }
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  if (json) console.log(JSON.stringify({ ...summary, seconds }, null, 2));
  else for (const line of lines(summary, seconds)) console.log(line);
  if (summary.failing.length > 0) process.exitCode = 1;
}
