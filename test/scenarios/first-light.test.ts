import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Purchase, readPurchases } from '../../scripts/purchases.ts';

const root = join(import.meta.dirname, '..', '..');
const history = join(root, '..', 'shared', 'data', 'cdnow-purchases.txt.gz');
const present = existsSync(history);
if (!present) console.warn(`SKIPPED: the purchase history ${history} is not on this machine`);

const DAY_MS = 86_400_000;
const NOW = Date.UTC(1998, 6, 1);

/** Plain code over the file, independent of Herald's: who bought at least twice, last more than 180 days before now. */
const lapsedBuyers = (purchases: readonly Purchase[]) =>
  [...Map.groupBy(purchases, ({ customer }) => customer).values()].filter(
    (own) => own.length >= 2 && Math.max(...own.map(({ timeMs }) => timeMs)) < NOW - 180 * DAY_MS,
  ).length;

/** The same for repurchase within 90 days of the first purchase. */
const repurchase = (purchases: readonly Purchase[]) => {
  const people = [...Map.groupBy(purchases, ({ customer }) => customer).values()].map((own) =>
    own.map(({ timeMs }) => timeMs).sort((a, b) => a - b),
  );
  const repeat = people.filter((times) => times.length >= 2);
  return {
    buyers: people.length,
    purchases: purchases.length,
    repeatBuyers: repeat.length,
    repeatedWithin: repeat.filter(([first = 0, second = 0]) => second - first <= 90 * DAY_MS).length,
  };
};

describe.skipIf(!present)(
  'A real purchase history goes in, an approved campaign and a real-time reminder come out',
  () => {
    test('npm run demo -- --purchases … --json', { timeout: 300_000 }, () => {
      const run = spawnSync(process.execPath, ['scripts/demo.ts', '--purchases', history, '--json'], {
        cwd: root,
        encoding: 'utf8',
      });
      expect(run.stderr).toBe('');
      const figures = JSON.parse(run.stdout);
      const purchases = readPurchases(history);

      expect(figures.imported).toEqual({ profiles: 23_570, refused: 0, events: 69_659 });
      expect(figures.audience.size).toBe(lapsedBuyers(purchases));
      expect(figures.approval).toEqual({ selfStatus: 403, otherStatus: 200 });

      const { recipients, sent, skipped, failed, byChannel } = figures.campaign;
      const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
      expect(recipients).toBe(figures.audience.size);
      expect(sent + sum(skipped) + sum(failed)).toBe(recipients);
      expect(sum(byChannel)).toBe(sent);
      expect(figures.reports.reach.people).toBeGreaterThanOrEqual(sent);
      expect(figures.reports.repurchase).toMatchObject(repurchase(purchases));

      expect(figures.reminder.latencyMs).toBeLessThan(1_000);
      // On a busy machine senders run out of time and come back, which counts a few requests more: 0.78 when it is idle. Lambda's
      // seconds depend on nothing else, and are left to the bench.
      const { 'lambda-gb-second-arm64': seconds, ...counted } = figures.costByItem;
      const charges = Object.entries<number>(counted).filter(([item]) => !item.startsWith('channel-'));
      expect(seconds).toBeGreaterThan(0);
      expect(sum(Object.fromEntries(charges))).toBeLessThanOrEqual(0.84);
      expect(figures.peakMemoryMB).toBeLessThanOrEqual(1_500);
    });
  },
);
