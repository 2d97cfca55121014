// Runs under whatever Node the machine has (20 or newer): installs the dependencies when they are missing or older
// than the lock file. Afterwards Node 24 is in node_modules/.bin, which npm put on PATH: `env node` finds it, while the
// shell would run a plain `node` of the same line from where it found the first one.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const installed = join(root, 'node_modules', '.package-lock.json');
const lock = join(root, 'package-lock.json');
const fresh = existsSync(installed) && (!existsSync(lock) || statSync(installed).mtimeMs >= statSync(lock).mtimeMs);
if (!fresh) {
  console.error('Installing dependencies (once, about half a minute) …');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) {
    console.error(
      '`npm ci` failed: see the lines above. Herald needs only Node (20 or newer) and npm to get this far.',
    );
    process.exit(status ?? 1);
  }
}
