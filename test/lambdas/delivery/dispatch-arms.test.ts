import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { forgetUnloaded } from '../../../core/audience/forget-lines.ts';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';
import { plan } from './delivery-world.ts';
import { type Dispatching, startDispatching } from './dispatch-world.ts';

let world: Dispatching;
beforeAll(async () => {
  world = await startDispatching();
});
afterAll(() => world.stop());

const recipient = (n: number, arm?: number) => ({
  ...{ profile_id: `p${n}`, email: `p${n}@example.com`, attributes: '{}', consents: ',email:yes,' },
  ...(arm !== undefined && { arm }),
});
const linesOf = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row));
const file = (lines: readonly string[]) => gzipSync(lines.join('\n'));
const prepare = async (id: string, state = 'preparing') => {
  await world.defs.put('plan-version', `${id}@h1`, plan({ planId: id }), 0, 1);
  await world.defs.put('campaign', id, { id, version: 1, state, run: { runId: id, startedMs: Date.now() } }, 0, 1);
};
const outcomesOf = (runId: string) =>
  ((world.services.streams.get('outcomes') ?? []) as OutcomeRow[]).filter((row) => row.run_id === runId);

test('who is held out gets an outcome and no pointer, and their part is done', async () => {
  await prepare('held');
  const rows = Array.from({ length: 300 }, (_, n) => recipient(n, n % 3 === 0 ? -1 : undefined));
  expect(await world.dispatch('held', { 'a.gz': file(linesOf(rows)) }, undefined, 'held')).toMatchObject({ parts: 2 });
  const sent = world.pointers('EMAIL', 'held');
  expect(sent.reduce((sum, { count }) => sum + count, 0)).toBe(200);
  const out = outcomesOf('held');
  expect(new Set(out.map(({ profile_id }) => profile_id)).size).toBe(100);
  expect(out[0]).toMatchObject({
    ...{ outcome_id: 'held#p0#holdout', plan_kind: 'campaign', plan_id: 'held', profile_id: 'p0', channel: 'none' },
    ...{ outcome: 'skipped', reason: 'holdout', final: true },
  });
  expect(await world.recipientsOf('held')).toBe(300);
  const parts = await world.progress.parts('held');
  expect(parts.filter(({ batches, done }) => batches === done).map(({ recipients }) => recipients)).toEqual([100]);
});

test('dispatched again, all is as before: the same outcomes, of nobody who was erased meanwhile', async () => {
  await prepare('again');
  const lines = linesOf(Array.from({ length: 30 }, (_, n) => recipient(n, n % 3 === 0 ? -1 : undefined)));
  await world.dispatch('again', { 'a.gz': file(lines) }, undefined, 'again');
  const before = outcomesOf('again').length;
  const pointers = world.pointers('EMAIL', 'again').length;
  const erased = lines.flatMap((line) => forgetUnloaded(new Set(['p0', 'p1']))(line) ?? []);
  await world.dispatch('again', { 'a.gz': file(erased) }, undefined, 'again');
  // The last part goes out again: it is that of the others.
  expect(world.pointers('EMAIL', 'again').slice(pointers)).toEqual(world.pointers('EMAIL', 'again').slice(0, pointers));
  expect(outcomesOf('again').length).toBe(before);

  await prepare('only');
  const all = linesOf(Array.from({ length: 4 }, (_, n) => recipient(n, -1)));
  await world.dispatch('only', { 'a.gz': file(all) }, undefined, 'only');
  await world.dispatch(
    'only',
    { 'a.gz': file(all.flatMap((line) => forgetUnloaded(new Set(['p0']))(line) ?? [])) },
    undefined,
    'only',
  );
  const ids = outcomesOf('only').map(({ outcome_id }) => outcome_id);
  expect(ids.slice(4)).toEqual(ids.slice(1, 4));
  expect(await world.recipientsOf('only')).toBe(4);
});

test('each variant has parts of its own, whose pointers name its version; the rest follows with the one that was chosen', async () => {
  const id = 'variants';
  const variants = [
    { name: 'A', percent: 50, hash: 'ha' },
    { name: 'B', percent: 50, hash: 'hb' },
  ];
  const experiment = {
    ...{ metric: 'clicked' as const, minimumSample: 1, minimumHours: 2, defaultVariant: 'A', testPercent: 50 },
  };
  const version = plan({ planId: id, variants, experiment, deadline: { hours: 3 } });
  await world.defs.put('plan-version', `${id}@h1`, version, 0, 1);
  const startedMs = Date.now() - 7_200_000;
  const campaign = { id, version: 1, state: 'preparing', run: { runId: id, startedMs } };
  await world.defs.put('campaign', id, campaign, 0, 1);
  const lines = linesOf(Array.from({ length: 400 }, (_, n) => recipient(n, (n % 4) - 1)));
  const first = await world.dispatch(id, { 'a.gz': file(lines) }, undefined, id);
  expect(first).toMatchObject({ parts: 3, testSeconds: 7_200 });
  const hashes = (pointers: ReturnType<typeof world.pointers>) => pointers.map(({ plan: { hash } }) => hash);
  const tested = world.pointers('EMAIL', id);
  expect(hashes(tested).sort()).toEqual(['ha', 'hb']);
  expect(tested.map(({ count }) => count)).toEqual([100, 100]);
  expect(outcomesOf(id)).toHaveLength(100);

  const decision = { atMs: startedMs + 3_600_000, variant: 'B', because: 'winner', figures: [] };
  const stored = await world.defs.get<object>('campaign', id);
  const decided = { ...stored?.body, run: { runId: id, startedMs, decision } };
  await world.defs.put('campaign', id, decided, stored?.version ?? 0, 1);
  const rest = { hash: 'hb', parts: first.parts };
  const task = { campaignId: id, hash: 'h1', runId: id, manifest: `s3://work/athena/${id}.csv`, rest };
  expect(await world.dispatchNothing(task)).toMatchObject({ parts: 4 });
  const [last] = world.pointers('EMAIL', id).slice(2);
  expect(last).toMatchObject({ plan: { id, hash: 'hb' }, count: 100, part: `snapshots/${id}/parts/3.ndjson` });
  // Its time counts from the decision on.
  expect(last?.deadlineMs).toBe(decision.atMs + 3 * 3_600_000);
  expect(outcomesOf(id)).toHaveLength(100);
  expect(await world.recipientsOf(id)).toBe(400);
  // Asked again, it sends the same once more.
  await world.dispatchNothing(task);
  expect(world.pointers('EMAIL', id).slice(3)).toEqual([last]);
});
