import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine, machineText } from '../statistics.ts';
import type { ImportCell } from './import-cell.ts';

/**
 * `node bench/audience/imports.ts [--rows N] [--json]`: rows a second of an import, and the peak memory of the process that
 * runs its handlers. Tables, files and streams are another process on the same machine and take most of the time: the
 * figures compare versions of Herald, they are not those of AWS.
 */
const { values: options } = parseArgs({
  options: { rows: { type: 'string', default: '100000' }, json: { type: 'boolean', default: false } },
});

const measure = async (rows: number): Promise<ImportCell> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'import-cell.ts'), String(rows)], {
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

const cell = await measure(Number(options.rows));
const figures = {
  machine: machine(),
  ...cell,
  readRowsPerSecond: Math.round(cell.rows / cell.readSeconds),
  writeRowsPerSecond: Math.round(cell.rows / cell.writeSeconds),
  rowsPerSecond: Math.round(cell.rows / (cell.readSeconds + cell.writeSeconds)),
};
if (options.json) console.log(JSON.stringify(figures, null, 2));
else {
  console.log(`${machineText(figures.machine)}; ${cell.rows} rows, ${(cell.bytes / 1e6).toFixed(1)} MB, one run`);
  console.log(`read     ${figures.readRowsPerSecond} rows a second, checked and left for the lanes`);
  console.log(`written  ${figures.writeRowsPerSecond} rows a second, two lanes at a time`);
  console.log(`import   ${figures.rowsPerSecond} rows a second, peak memory ${cell.peakMemoryMB} MB`);
}
