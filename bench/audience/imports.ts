import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bundleHandlers } from '../../lib/kit/bundle.ts';
import { bar } from '../bar.ts';
import type { Part } from '../part.ts';
import type { ImportCell } from './import-cell.ts';

/** What the process that runs the handlers may take. */
const PEAK_MB = 400;
/** V8 lets its young generation grow with the machine's memory; at 8 MB it costs a tenth more time and 130 MB less. */
const YOUNG = '--max-semi-space-size=8';

/**
 * Rows a second of an import, and the peak memory of the process that runs its handlers. Tables, files and streams are
 * another process on the same machine and take most of the clock's time; of a core that is never idle, which is how eight
 * lanes on AWS come close to running, only the handlers' own work counts.
 */
export const measureImport = async (rows: number): Promise<Part> => {
  await bundleHandlers(
    ['manage', 'read', 'write', 'finish'].map((verb) => `audience/${verb}-import${verb === 'manage' ? 's' : ''}`),
  );
  const cell = await inProcess(rows);
  const rate = ({ clock, processor }: ImportCell['read']) => ({
    rowsPerSecond: Math.round(cell.rows / clock),
    rowsPerCoreSecond: Math.round(cell.rows / processor),
  });
  const [reading, writing] = [rate(cell.read), rate(cell.write)];
  return {
    figures: { ...cell, reading, writing },
    text: `Import of ${cell.rows.toLocaleString('en')} rows, ${(cell.bytes / 1e6).toFixed(1)} MB, one run
  read     ${reading.rowsPerSecond} rows a second, ${reading.rowsPerCoreSecond} a second of one core
  written  ${writing.rowsPerSecond} rows a second, ${writing.rowsPerCoreSecond} a second of one core
  peak memory ${cell.peakMemoryMB} MB, with node ${YOUNG}`,
    bars: bar(`import of ${cell.rows} rows, peak memory`, cell.peakMemoryMB, PEAK_MB, 'MB'),
  };
};

const inProcess = async (rows: number): Promise<ImportCell> => {
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
