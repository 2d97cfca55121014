import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runningEmulator } from '../../scripts/emulator.ts';
import { NoPythonTools, pythonTools } from '../../scripts/python-tools.ts';

const root = join(import.meta.dirname, '..', '..');
const missing = await pythonTools().then(
  () => undefined,
  (error: unknown) => (error instanceof NoPythonTools ? error.message : Promise.reject(error)),
);
if (missing) console.warn(`SKIPPED: the deployment to the emulator, for ${missing}`);

const run = (script: string) => {
  const startedAt = performance.now();
  const env = { ...process.env, NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts', script)], {
    cwd: root,
    encoding: 'utf8',
    env,
  });
  console.log(`${stdout}\n${script}: ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
  return { status, text: stdout + stderr };
};

test.skipIf(missing)(
  'the real cdk deploys to a third-party emulator, and the same scenarios pass there',
  { timeout: 540_000 },
  async () => {
    const deployed = run('deploy-emulator.ts');
    expect(deployed.status, deployed.text).toBe(0);
    const emulator = runningEmulator();
    expect(emulator?.outputs['HeraldApi-emulator']).toHaveProperty('ApiUrl');
    const tested = run('test-emulator.ts');
    expect(tested.status, tested.text).toBe(0);
    // Nothing is left behind.
    expect(runningEmulator()).toBeUndefined();
    for (const url of [emulator?.url, emulator?.inboxUrl]) await expect(fetch(String(url))).rejects.toThrow();
  },
);
