import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleHandlers } from '../../lib/kit/bundle.ts';
import { machine, machineText } from '../statistics.ts';
import type { ImportCell } from './import-cell.ts';

/**
 * `npm run bench -- imports [--rows N] [--json]`: rows a second of an import, and the peak memory of the process that
 * runs its handlers. Tables, files and streams are another process on the same machine and take most of the clock's time;
 * of a core that is never idle, which is how eight lanes on AWS come close to running, only the handlers' own work counts.
 */
const { values: options } = parseArgs({
  options: { rows: { type: 'string', default: '100000' }, json: { type: 'boolean', default: false } },
});

/** V8 lets its young generation grow with the machine's memory; at 8 MB it costs a tenth more time and 130 MB less. */
const YOUNG = '--max-semi-space-size=8';

const measure = async (rows: number): Promise<ImportCell> => {
  const child = spawn(process.execPath, [YOUNG, join(import.meta.dirname, 'import-cell.ts'), String(rows)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`import-cell.ts ended with ${code}`);
  return JSON.parse(output) as ImportCell;
};

await bundleHandlers(
  ['manage', 'read', 'write', 'finish'].map((verb) => `audience/${verb}-import${verb === 'manage' ? 's' : ''}`),
);
const cell = await measure(Number(options.rows));
const rate = ({ clock, processor }: ImportCell['read']) => ({
  rowsPerSecond: Math.round(cell.rows / clock),
  rowsPerCoreSecond: Math.round(cell.rows / processor),
});
const figures = { machine: machine(), ...cell, reading: rate(cell.read), writing: rate(cell.write) };
if (options.json) console.log(JSON.stringify(figures, null, 2));
else {
  const { reading, writing } = figures;
  console.log(`${machineText(figures.machine)}; ${cell.rows} rows, ${(cell.bytes / 1e6).toFixed(1)} MB, one run`);
  console.log(`read     ${reading.rowsPerSecond} rows a second, ${reading.rowsPerCoreSecond} a second of one core`);
  console.log(`written  ${writing.rowsPerSecond} rows a second, ${writing.rowsPerCoreSecond} a second of one core`);
  console.log(`peak memory ${cell.peakMemoryMB} MB, with node ${YOUNG}`);
}
