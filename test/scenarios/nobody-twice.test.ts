import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const CUSTOMERS = 1_500;

type Figures = {
  imported: { profiles: number; events: number };
  audience: { size: number };
  campaign: { recipients: number; sent: number; skipped: Record<string, number>; failed: Record<string, number> };
};

/** Tells the demo's story in a process of its own; resolves with what it printed, or with undefined when it was killed. */
const demo = (persist: string, watch?: (child: ChildProcess) => void): Promise<Figures | undefined> =>
  new Promise((resolve, reject) => {
    const args = [
      '--disable-warning=ExperimentalWarning',
      'scripts/demo.ts',
      '--customers',
      String(CUSTOMERS),
      '--json',
      '--persist',
      persist,
    ];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (err += data));
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(undefined);
      else if (code === 0) resolve(JSON.parse(out));
      else reject(new Error(`the demo ended with ${code}: ${err}`));
    });
    watch?.(child);
  });

const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'herald-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

/** Reads the inbox of a cloud that may be running: SQLite lets others read. */
const inboxOf = (persist: string) => {
  const store = new DatabaseSync(join(persist, 'state.db'), { readOnly: true });
  try {
    return store.prepare('SELECT channel, recipient, title, body FROM inbox').all() as Record<string, string>[];
  } finally {
    store.close();
  }
};
const winBack = (persist: string) =>
  inboxOf(persist).filter(({ title, body }) => /miss you|15/.test(`${title} ${body}`));
const addresses = (messages: Record<string, string>[]) =>
  messages.map(({ channel, recipient }) => `${channel} ${recipient}`);

const everybodyOnce = (figures: Figures, persist: string) => {
  const { recipients, sent, skipped, failed } = figures.campaign;
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
  expect(figures.imported.profiles).toBe(CUSTOMERS);
  // Nobody is lost: each has one final outcome, and says why when it is not a message.
  expect(sent + sum(skipped) + sum(failed)).toBe(recipients);
  const got = addresses(winBack(persist));
  // Nobody twice. A message that was out when the process died is reported as unknown, and was sent at most once.
  expect(new Set(got).size).toBe(got.length);
  expect(got.length).toBeGreaterThanOrEqual(sent);
  expect(got.length).toBeLessThanOrEqual(sent + (failed['unknown-after-crash'] ?? 0));
};

test('the story told twice sends nobody twice', { timeout: 180_000 }, async () => {
  const persist = folder();
  const first = await demo(persist);
  everybodyOnce(first!, persist);
  expect(first!.campaign.recipients).toBe(first!.audience.size);
  const before = addresses(inboxOf(persist));
  const second = await demo(persist);
  everybodyOnce(second!, persist);
  expect(second!.campaign).toMatchObject({ sent: first!.campaign.sent, recipients: first!.campaign.recipients });
  expect(addresses(inboxOf(persist))).toEqual(before);
});

test('killed in the middle of sending and started again: nobody twice, nobody lost', { timeout: 180_000 }, async () => {
  const persist = folder();
  let sentBeforeKill = 0;
  const killed = await demo(persist, (child) => {
    const look = setInterval(() => {
      try {
        sentBeforeKill = winBack(persist).length;
      } catch {
        return; // not there yet
      }
      if (sentBeforeKill < 100) return;
      clearInterval(look);
      child.kill('SIGKILL');
    }, 5);
    child.on('exit', () => clearInterval(look));
  });
  expect(killed).toBeUndefined();
  const again = await demo(persist);
  everybodyOnce(again!, persist);
  // It was indeed the middle: there was more to send after the kill.
  expect(again!.campaign.sent).toBeGreaterThan(sentBeforeKill);
});
