import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { environmentOf } from '../../bench/environment.ts';

test('a bench that does not exist is refused with the names of those that do', () => {
  const file = join(import.meta.dirname, '..', '..', 'bench', 'run.ts');
  const { status, stderr } = spawnSync(process.execPath, [file, 'maching'], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toBe(
    'There is no bench maching; there are campaign, matching, intake, audience, delivery, journeys, send-time.\n',
  );
});

test.each(['intake/match-events', 'delivery/send-email', 'delivery/send-push', 'delivery/send-sms'])(
  'the tables that %s asks for are known where it is measured',
  async (entry) => {
    const { tables } = await environmentOf(`${entry}.env.ts`);
    expect(Object.keys(tables)).toContain('DEFINITIONS_TABLE');
  },
);
