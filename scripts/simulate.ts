import { fork } from 'node:child_process';
import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { addTo, emptySummary, lines, replayOf, type Summary } from '../test/simulate/report.ts';
import { runSeed, type SeedResult } from '../test/simulate/run-seed.ts';
import type { Without } from '../test/simulate/tables.ts';

/**
 * `npm run simulate -- [--seeds N] [--from N] [--seed N [--trace]] [--without cap|ledger|redrive] [--json]`
 * Seeded fault runs of the delivery pipeline (docs/simulation.md). Exit code 1 when a promise is broken, 2 for options that it does
 * not know.
 */
const PROCESSES = 2;
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
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count) || count < 1) refuse('--seed, --seeds and --from are whole numbers');
if (without !== undefined && !WITHOUT.includes(without)) refuse(`--without takes ${WITHOUT.join(', ')}`);

function refuse(why: string): never {
  console.error(why);
  process.exit(2);
}

const seeds = Array.from({ length: count }, (_, n) => from + n);
const onTrace = trace ? (line: string) => void writeSync(1, `${line}\n`) : undefined;

/** Runs its share of the seeds, and tells the parent of each. */
const child = async (share: number) => {
  for (const seed of seeds.filter((_, n) => n % PROCESSES === share)) process.send?.(await runSeed(seed, { without }));
  process.disconnect?.();
};

/** Resolves when all processes have ended. With a switch the first violation is what is looked for. */
const inProcesses = async (tell: (result: SeedResult) => void): Promise<void> => {
  const children = Array.from({ length: Math.min(PROCESSES, seeds.length) }, (_, share) =>
    fork(import.meta.filename, process.argv.slice(2), { env: { ...process.env, SIMULATED_SHARE: String(share) } }),
  );
  await Promise.all(
    children.map(
      (one) =>
        new Promise<void>((resolve, reject) => {
          one.on('message', (result: SeedResult) => {
            tell(result);
            if (without && result.violations.length > 0) for (const other of children) other.kill();
          });
          one.on('exit', (code, signal) => (code === 0 || signal ? resolve() : reject(new Error(`It ended with ${code}`))));
        }),
    ),
  );
};

const share = process.env.SIMULATED_SHARE;
if (share !== undefined) await child(Number(share));
else {
  const startedMs = performance.now();
  const summary: Summary = emptySummary();
  const tell = (result: SeedResult) => {
    addTo(summary, result, without);
    if (json) return;
    for (const { invariant, plan = '', person = '', detail } of result.violations.slice(0, 5)) {
      console.log(`seed ${result.seed}: ${invariant} ${plan} ${person} ${detail}`);
    }
    if (result.violations.length > 0) console.log(`  replay: ${replayOf(result.seed, without)}`);
  };
  if (seeds.length === 1) tell(await runSeed(from, { without, onTrace }));
  else await inProcesses(tell);
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  if (json) console.log(JSON.stringify({ ...summary, seconds }, null, 2));
  else for (const line of lines(summary, seconds)) console.log(line);
  if (summary.failing.length > 0) process.exitCode = 1;
}
