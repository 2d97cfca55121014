import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lock } from './lock.ts';

const root = join(import.meta.dirname, '..');
const requirements = join(root, 'scripts', 'python-requirements.txt');
/** Why the Python tools cannot be had on this machine. */
export class NoPythonTools extends Error {
  override name = 'NoPythonTools';
}

/**
 * Folder of the executables of scripts/python-requirements.txt, in a virtual environment of the project's own, which is
 * made the first time and whenever the requirements change. Throws NoPythonTools where there is no Python of 3.10 or newer
 * with venv, or where the packages cannot be fetched.
 */
export const pythonTools = async (say: (line: string) => void = () => {}): Promise<string> => {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const venv = join(root, '.herald', `python-${hash}`);
  const bin = join(venv, 'bin');
  const stamp = join(venv, 'installed');
  mkdirSync(join(root, '.herald'), { recursive: true });
  const unlock = await lock(`${venv}.lock`);
  try {
    if (existsSync(stamp)) return bin;
    rmSync(venv, { recursive: true, force: true });
    const { status, stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.version_info >= (3, 10))']);
    if (status !== 0) throw new NoPythonTools('there is no python3 on this machine');
    if (stdout.toString().trim() !== 'True') throw new NoPythonTools('python3 is older than 3.10');
    say('Installing the Python tools (once, about half a minute) …');
    run('python3', ['-m', 'venv', venv]);
    run(join(bin, 'pip'), [
      ...['install', '--quiet', '--disable-pip-version-check', '--retries', '2', '--timeout', '20', '--no-compile'],
      ...['--requirement', requirements],
    ]);
    writeFileSync(stamp, '');
    return bin;
  } finally {
    unlock();
  }
};

const run = (command: string, args: string[]) => {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  const [reason = ''] = (stderr || String(error)).trim().split('\n').slice(-1);
  throw new NoPythonTools(`${command} ${args[0] === '-m' ? args[1] : args[0]} failed: ${reason}`);
};
