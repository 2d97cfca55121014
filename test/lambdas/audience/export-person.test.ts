import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PersonalExport } from '../../../core/audience/personal-export.ts';
import { type PersonWorld, personWorld } from './person-world.ts';

type Task = { exportId: string; failure?: { Error?: string } };
let world: PersonWorld;
let run: (task: Task, context: { getRemainingTimeInMillis(): number }) => Promise<{ done: boolean }>;
let defs: Awaited<ReturnType<typeof loadDefinitions>>;
const loadDefinitions = async () =>
  (await import('../../../lambdas/adapters/definitions.ts')).definitions(process.env.DEFINITIONS_TABLE ?? '');
beforeAll(async () => {
  world = await personWorld();
  run = (await import('../../../lambdas/audience/export-person.ts')).handler;
  defs = await loadDefinitions();
});
afterAll(() => world.stop());

const timed = { getRemainingTimeInMillis: () => 120_000 };
let exports = 0;
/** An export as its call leaves it. */
const begun = async (profileId: string, outbox: Parameters<typeof defs.put>[5] = []): Promise<string> => {
  exports += 1;
  const id = `export-${String(exports).padStart(20, '0')}`;
  const body: PersonalExport = {
    ...{ id, version: 1, state: 'running', profileId, author: 'amir', createdMs: Date.now(), attempt: 1 },
    progress: { done: 0, of: 17 },
  };
  await defs.put('export', id, body, 0, Date.now(), outbox);
  return id;
};
const stateOf = async (id: string) => (await defs.get<PersonalExport>('export', id))?.body;
const documentOf = (id: string) =>
  world.lines('work', `exports/${id}/person.ndjson`).map((line) => JSON.parse(line) as Record<string, unknown>);
/** What it leaves beside its document. */
const leftovers = (id: string) =>
  world.s3
    .keys(process.env.WORK_BUCKET ?? '', '')
    .filter((key) => key.startsWith('asked/') || (key.startsWith(`exports/${id}/`) && !key.endsWith('/person.ndjson')));

test('gathers what every store holds, also of anonymous ids, and forgets whom it was about', async () => {
  for (const id of ['ada', 'bob']) {
    await world.inTables(id);
    await world.inWholeTables(id);
  }
  world.lakeRows('ada', 'bob');
  const exportId = await begun('ada');
  expect(await run({ exportId }, timed)).toEqual({ done: true });
  const [header, ...lines] = documentOf(exportId);
  expect(header).toMatchObject({ schema: 'herald.person.1', profileId: 'ada', ids: ['ada', 'anonymous:ada-device'] });
  const count = (store: string) => lines.filter((line) => line.store === store).length;
  expect(
    Object.fromEntries(['profiles', 'windows', 'leads', 'audit', 'timers'].map((one) => [one, count(one)])),
  ).toEqual({
    ...{ profiles: 1, windows: 4, leads: 2, audit: 2, timers: 3 },
  });
  // Of a row that several people wait in there is nobody else.
  expect(JSON.stringify(lines)).not.toContain('somebody-else');
  expect([count('lake.events'), count('lake.identities')]).toEqual([2, 1]);
  expect(JSON.stringify(lines)).not.toContain('bob');
  expect(await stateOf(exportId)).toEqual({
    ...{ id: exportId, version: 3, state: 'finished', author: 'amir', createdMs: expect.any(Number), attempt: 1 },
    ...{ progress: { done: 17, of: 17 }, records: lines.length, finishedMs: expect.any(Number) },
  });
  expect(leftovers(exportId)).toEqual([]);
  // Once more, and it finds itself done.
  expect(await run({ exportId }, timed)).toEqual({ done: true });
  expect(await stateOf(exportId)).toMatchObject({ version: 3 });
});

test('waits while its start is not cleared', async () => {
  const input = { exportId: 'x' };
  const exportId = await begun('ada', [{ effect: 'start-execution', machine: 'export-person', name: 'n', input }]);
  await expect(run({ exportId }, timed)).rejects.toMatchObject({ name: 'NotReady' });
  await expect(run({ exportId: 'none' }, timed)).rejects.toThrow('There is no export none');
});

test('records why it ended, once', async () => {
  const exportId = await begun('ada');
  expect(await run({ exportId, failure: { Error: 'Boom' } }, timed)).toEqual({ done: true });
  const ended = await stateOf(exportId);
  expect(ended).toMatchObject({ state: 'failed', reason: 'Stopped by an error on our side: Boom' });
  expect(ended?.profileId).toBeUndefined();
  await run({ exportId, failure: { Error: 'Bang' } }, timed);
  expect(await stateOf(exportId)).toEqual(ended);
});

test('asks the lake three times when its queries fail', async () => {
  const broken = world.inLake('events', [], 'broken');
  world.s3.put(process.env.LAKE_BUCKET ?? '', broken, 'no gzip');
  const exportId = await begun('ada');
  expect(await run({ exportId }, timed)).toEqual({ done: false });
  expect(await run({ exportId }, timed)).toEqual({ done: false });
  expect(await stateOf(exportId)).toMatchObject({ state: 'running', attempt: 3 });
  expect(await run({ exportId }, timed)).toEqual({ done: true });
  expect(await stateOf(exportId)).toMatchObject({ state: 'failed', reason: expect.any(String) });
  expect((await stateOf(exportId))?.profileId).toBeUndefined();
  world.inLake('events', [], 'broken');
});

test('a crash after any of its changes is made up for when it is run again', { timeout: 120_000 }, async () => {
  let changes = 0;
  for (let happened = true; happened; ) {
    changes += 1;
    const exportId = await begun('bob');
    happened = await world.crashed(changes, async () => {
      while (!(await run({ exportId }, timed)).done);
    });
    expect(await stateOf(exportId), `change ${changes}`).toMatchObject({ state: 'finished' });
    expect(documentOf(exportId).filter(({ store }) => store === 'windows')).toHaveLength(4);
    expect((await stateOf(exportId))?.profileId).toBeUndefined();
  }
  expect(changes).toBeGreaterThan(10);
});
