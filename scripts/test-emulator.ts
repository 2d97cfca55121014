import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cdk, emulatorLogs, runningEmulator, stopEmulator } from './emulator.ts';

/**
 * `npm run test:emulator`: the scenarios, and what only a deployment can show, on what `npm run deploy:emulator` left
 * running. Afterwards it removes the stacks and ends the processes, whatever the outcome; `--keep` leaves them.
 */
const emulator = runningEmulator();
if (!emulator) throw new Error('There is no emulator: run npm run deploy:emulator first');
const root = join(import.meta.dirname, '..');
const args = process.argv.slice(2).filter((argument) => argument !== '--keep');
const vitest = [
  join(root, 'node_modules', 'vitest', 'vitest.mjs'),
  'run',
  '--config',
  'test/emulator/vitest.config.ts',
];
let status: number | null = 1;
try {
  ({ status } = spawnSync(process.execPath, [...vitest, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, HERALD_PLACE: 'emulator' },
  }));
} finally {
  if (status !== 0) console.log(emulatorLogs());
  if (!process.argv.includes('--keep')) {
    cdk(emulator, ['destroy', '--all', '--force']);
    stopEmulator();
    console.log('The stacks are removed, MiniStack and the inbox are ended.');
  }
}
process.exitCode = status ?? 1;
