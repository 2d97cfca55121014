import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Summary } from './report.ts';

const root = join(import.meta.dirname, '..', '..');
const PATIENCE = { timeout: 180_000 };

/** `npm run simulate -- …`, in a process of its own: it changes the machine that it runs on. */
const simulate = (...options: string[]): Promise<{ code: number | null; out: string; err: string }> =>
  new Promise((resolve) => {
    const args = ['--disable-warning=ExperimentalWarning', 'scripts/simulate.ts', ...options];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (err += data));
    child.on('exit', (code) => resolve({ code, out, err }));
  });
const summaryOf = ({ out, err }: { out: string; err: string }): Summary => {
  expect(err).toBe('');
  return JSON.parse(out) as Summary;
};

test('seeds keep every promise, under faults of every kind; and a seed replays', PATIENCE, async () => {
  const run = await simulate('--seeds', '12', '--json');
  const { seeds, failing, faults, traces, messages, outcomes } = summaryOf(run);
  expect(failing).toEqual([]);
  expect(run.code).toBe(0);
  expect(seeds).toBe(12);
  expect(messages).toBeGreaterThanOrEqual(outcomes.sent ?? 0);
  for (const kind of ['crash', 'answer-lost', 'delivered-twice', 'delivered-again-after-success', 'throttled', 'slow'])
    expect(faults[kind], kind).toBeGreaterThan(0);

  // In another process, where nothing ran before it.
  const again = summaryOf(await simulate('--seed', '9', '--json'));
  expect(again.traces[9]).toBe(traces[9]);
  expect(traces[9]).not.toBe(traces[8]);
});

test.each([
  ['cap', /^(cap|channel-cap|minimum-gap)$/, 1],
  ['ledger', /^(promotional-once|one-final-outcome|rows-agree)$/, 1],
  // Few letters die: most seeds know no outage of an hour. Beginning later only saves the time of those before.
  ['redrive', /^dead-letters-empty$/, 24],
])(
  'without the %s it finds within 50 seeds what is missing, and tells how to see it again',
  PATIENCE,
  async (without, invariant, from) => {
    const run = await simulate('--seeds', '50', '--from', String(from), '--without', without, '--json');
    expect(run.code).toBe(1);
    const isMeant = ({ violations }: Summary['failing'][number]) =>
      violations.some((one) => invariant.test(one.invariant));
    const first = summaryOf(run).failing.find(isMeant);
    expect(first?.replay).toBe(`npm run simulate -- --seed ${first?.seed} --without ${without}`);
    const [, options = ''] = first?.replay.split(' -- ') ?? [];
    const again = await simulate(...options.split(' '), '--json');
    expect(again.code).toBe(1);
    expect(summaryOf(again).failing).toEqual([first]);
  },
);

test('options that it does not know are told', PATIENCE, async () => {
  expect(await simulate('--without', 'love')).toMatchObject({ code: 2, err: '--without takes cap, ledger, redrive\n' });
  expect(await simulate('--seeds', 'all')).toMatchObject({ code: 2 });
});
