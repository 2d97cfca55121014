import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Beyond this an engine has failed: the slowest takes about 20 s with 10,000 rules. */
const TIMEOUT_MS = 180_000;

/** Runs a file of this folder in a process of its own and reads the line of JSON that it prints. Throws what it wrote. */
export const inProcess = async <T>(file: string, ...args: string[]): Promise<T> => {
  const path = join(import.meta.dirname, file);
  const options = { timeout: TIMEOUT_MS, maxBuffer: 1e8 };
  try {
    const { stdout } = await run(process.execPath, ['--expose-gc', path, ...args], options);
    return JSON.parse(stdout) as T;
  } catch (error) {
    const { killed, stderr } = error as { killed?: boolean; stderr?: string };
    const why = killed ? `took more than ${TIMEOUT_MS / 1_000} s` : (stderr ?? String(error));
    throw new Error(`${file} ${args.join(' ')}: ${why}`);
  }
};
