import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startCloud } from '../../local/cloud.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/importing-profiles.md'), 'utf8');
const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code = '']) => code);
const hasTools = ['bash', 'curl'].every((tool) => spawnSync(tool, ['--version']).status === 0);
if (!hasTools) console.warn('SKIPPED: the commands of docs/importing-profiles.md need bash and curl');

test.skipIf(!hasTools || inject('emulator'))('the commands of docs/importing-profiles.md do what it says', async () => {
  const cloud = await startCloud({ assembly: inject('assembly'), clock: 'real' });
  onTestFinished(() => cloud.stop());
  // The page says to ask again: a command that looks for a state is repeated until it finds it.
  const script = blocks.map((code) => (/grep '"state"/.test(code) ? `until { ${code} }; do :; done` : code)).join('\n');
  const folder = mkdtempSync(join(tmpdir(), 'herald-docs-'));
  const env = { ...process.env, API: cloud.url, TOKEN: await cloud.tokens.demo('marketer-mia') };
  const run = promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder, env, timeout: 25_000 });
  const { stdout } = await run;
  const file = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));

  expect(file('inspection.json')).toMatchObject({
    file: { format: 'csv', encoding: 'utf-8', delimiter: ';', header: true },
    mapping: { customer_id: 'profileId', 'E-Mail': 'email', Handy: 'phone', unsubscribed_at: 'unsubscribed' },
  });
  expect(file('checked.json')).toMatchObject({
    progress: { rows: 3, refused: 1, imported: 0 },
    check: {
      errors: [{ line: 3, column: 'E-Mail', value: 'bob@example' }],
      sample: [{ profileId: 'c-1' }, { profileId: 'c-3' }],
    },
  });
  expect(file('done.json')).toMatchObject({ progress: { rows: 3, imported: 2, created: 2, refused: 1 } });
  expect(stdout).toContain('not an email address');
});
