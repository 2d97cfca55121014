import { gzipSync } from 'node:zlib';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forgetUnloaded } from '../../../core/audience/forget-lines.ts';
import type { UnloadedRow } from '../../../core/audience/segment-queries.ts';
import type { HeldMessage } from '../../../core/delivery/held-message.ts';
import type { SnapshotMessage } from '../../../core/delivery/messages.ts';
import type { PlanVersion } from '../../../core/strategy/plan-version.ts';
import { plan } from './delivery-world.ts';
import { type Dispatching, startDispatching } from './dispatch-world.ts';

let world: Dispatching;
beforeAll(async () => {
  world = await startDispatching();
});
afterAll(() => world.stop());

describe('each at their time', () => {
  const HOUR = 3_600_000;
  /** The hour has just begun. */
  const startedMs = Math.floor(Date.now() / HOUR) * HOUR;
  const hour = (away: number) => new Date(startedMs + away * HOUR).toISOString().slice(11, 16);
  const zones = ['UTC', 'Etc/GMT-2', 'Etc/GMT-3', ''];
  const recipient = (n: number, more: object = {}) => ({
    ...{ profile_id: `p${n}`, email: `p${n}@example.com`, time_zone: zones[n % 4], attributes: '{}' },
    ...{ consents: ',email:yes,', ...more },
  });
  const file = (rows: readonly object[]) => gzipSync(rows.map((row) => JSON.stringify(row)).join('\n'));
  const prepare = async (runId: string, sendTime: PlanVersion['sendTime']) => {
    await world.defs.put('plan-version', `${runId}@h1`, plan({ planId: runId, ...(sendTime && { sendTime }) }), 0, 1);
    await world.defs.put(
      'campaign',
      runId,
      { id: runId, version: 1, state: 'preparing', run: { runId, startedMs } },
      0,
      1,
    );
  };
  /** What waits of a run, as text so that it can be compared. */
  const held = async (runId: string): Promise<{ dueMs: number; count: number; text: string }[]> => {
    const client = new DynamoDBClient({});
    const { Items = [] } = await client.send(new ScanCommand({ TableName: 'timers' }));
    client.destroy();
    return Items.map(({ body }) => (JSON.parse(body?.S ?? '') as HeldMessage).message as SnapshotMessage)
      .filter((message) => message.runId === runId)
      .map((message) => ({ dueMs: message.dueMs ?? 0, count: message.count, text: JSON.stringify(message) }))
      .sort((a, b) => (a.text < b.text ? -1 : 1));
  };
  const people = (some: readonly { count: number }[]) => some.reduce((sum, { count }) => sum + count, 0);

  test('by their clock: who is due now goes into the queue, the others wait, in batches of their own', async () => {
    await prepare('local', { local: hour(0) });
    const rows = Array.from({ length: 1_000 }, (_, n) => recipient(n));
    const first = await world.dispatch('local', { 'a.gz': file(rows) }, undefined, 'local');
    // In UTC it is that hour now; two and three hours east it was, and will be tomorrow.
    expect(first).toMatchObject({ parts: 3, lastDue: new Date(startedMs + 22 * HOUR).toISOString() });
    expect(people(world.pointers('EMAIL', 'local'))).toBe(500);
    expect(world.pointers('EMAIL', 'local').every((pointer) => pointer.dueMs === undefined)).toBe(true);
    const waiting = await held('local');
    expect([21, 22].map((away) => people(waiting.filter(({ dueMs }) => dueMs === startedMs + away * HOUR)))).toEqual([
      250, 250,
    ]);
    expect(waiting.map(({ count }) => count).sort()).toEqual([100, 100, 100, 100, 50, 50]);
    expect(world.services.schedules).toContain(
      `wake-${new Date(startedMs + 21 * HOUR).toISOString().slice(0, 19).replaceAll(':', '')}`,
    );
    expect(await world.recipientsOf('local')).toBe(1_000);

    // Again: what waits is the same, once.
    expect(await world.dispatch('local', { 'a.gz': file(rows) }, undefined, 'local')).toEqual(first);
    expect(await held('local')).toEqual(waiting);
  });

  test('in the best hour, of which rows about everybody tell; nobody is sent to because of those', async () => {
    await prepare('best', { best: { within: { hours: 24 } } });
    const all = { profile_id: '', time_zone: 'UTC', people: 90, hour: startedMs / HOUR - 24 + 5 };
    const early = {
      time_zone: 'UTC',
      active: Array.from({ length: 9 }, (_, n) => startedMs - n * 24 * HOUR + 9 * HOUR).join(),
    };
    const rows = [all, ...Array.from({ length: 200 }, (_, n) => recipient(n, n % 2 ? early : { time_zone: 'UTC' }))];
    const { lastDue } = await world.dispatch('best', { 'a.gz': file(rows), 'b.gz': file([all]) }, undefined, 'best');
    expect(Date.parse(lastDue)).toBeLessThan(startedMs + 24 * HOUR);
    const waiting = await held('best');
    for (const away of [5, 9]) {
      expect(people(waiting.filter(({ dueMs }) => dueMs === startedMs + away * HOUR))).toBeGreaterThan(80);
    }
    expect(people(waiting) + people(world.pointers('EMAIL', 'best'))).toBe(200);
  });

  test('what was settled stays: neither an erasure nor a setting moves anybody to another batch', async () => {
    const rows = Array.from({ length: 12_000 }, (_, n) => recipient(n));
    const nameless = (runId: string, text: string) => text.replaceAll(runId, 'run');
    await prepare('calm', { local: hour(4) });
    await world.dispatch('calm', { 'a.gz': file(rows) }, undefined, 'calm');

    await prepare('moved', { local: hour(4) });
    let asked = 0;
    const short = () => (asked++ < 1 ? 600_000 : 59_999);
    await expect(world.dispatch('moved', { 'a.gz': file(rows) }, short, 'moved')).rejects.toMatchObject({
      name: 'MoreToDispatch',
    });
    const settings = { frequencyCap: { touches: 5, hours: 168 }, fallbackTimeZone: 'Asia/Tokyo' };
    await world.defs.put('settings', 'delivery', settings, 0, 1);
    const forget = forgetUnloaded(new Set(['p3', 'p4001']));
    const erased = rows.map((row) => JSON.parse(forget(JSON.stringify(row)) ?? '') as object);
    await world.dispatch('moved', { 'a.gz': file(erased) }, undefined, 'moved');
    expect((await held('moved')).map(({ text }) => nameless('moved', text))).toEqual(
      (await held('calm')).map(({ text }) => nameless('calm', text)),
    );
  });

  test('of two who settle at once the first counts', async () => {
    const { settleDueTimes } = await import('../../../lambdas/delivery/settle-due-times.ts');
    async function* rows(time_zone: string) {
      for (let n = 0; n < 5; n += 1) yield { ...recipient(n), time_zone } as UnloadedRow;
    }
    const settle = (zone: string) =>
      settleDueTimes(
        { bucket: 'work', key: 'snapshots/race/due-times', rows: () => rows(zone) },
        { sendTime: { local: hour(4) }, runId: 'race', startMs: startedMs, channels: ['email'], settings: {} },
      );
    const [one, two] = await Promise.all([settle('UTC'), settle('Etc/GMT-2')]);
    expect(one).toEqual(two);
    expect(await settle('Etc/GMT-3')).toEqual(one);
    expect(one.indexes).toHaveLength(5);
  });
});
