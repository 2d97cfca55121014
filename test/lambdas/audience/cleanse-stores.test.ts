import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PersonWorld, personWorld } from './person-world.ts';

type Task = { passId: string; step: string; next: number };
let world: PersonWorld;
let cleanse: (task: Task, context: { getRemainingTimeInMillis(): number }) => Promise<Task>;
beforeAll(async () => {
  world = await personWorld();
  cleanse = (await import('../../../lambdas/audience/cleanse-stores.ts')).handler as never;
});
afterAll(() => world.stop());

const timed = { getRemainingTimeInMillis: () => 120_000 };
/** Time for one round of files only. */
const hurried = () => {
  const left = [120_000, 0];
  return { getRemainingTimeInMillis: () => left.shift() ?? 0 };
};
let passes = 0;
const newPass = (): Task => {
  passes += 1;
  return { passId: `pass-${passes}`, step: 'begin', next: 0 };
};
/** Does steps as the state machine does, until one is due, or the end. Gives the steps that were done. */
const walk = async (task: Task, until = 'done') => {
  const done: string[] = [];
  let at = task;
  while (at.step !== until && at.step !== 'done') {
    done.push(at.step);
    at = await cleanse(at, timed);
  }
  return { done, at };
};
const STEPS = ['begin', 'find', 'rewrite', 'tables', 'finish'];
const recipient = (profileId: string) => ({ profileId, email: `${profileId}@example.com`, attributes: {} });

describe('a pass', () => {
  test('has nothing to do while nobody waits, or not long enough for every worker to know', async () => {
    expect(await walk(newPass())).toMatchObject({ done: ['begin'] });
    const id = await world.store.hash('early');
    const begun = { id, requestedMs: Date.now() };
    await world.store.begin(
      { ...begun, reason: 'objection', actor: 'amir', state: 'running', passes: 0 },
      { ...begun, profileId: 'early', aliases: [], addresses: [] },
    );
    expect(await walk(newPass())).toMatchObject({ done: ['begin'] });
    await world.store.forgetPerson(id);
  });

  test('removes rows, recipients and items; the next one finds nothing and finishes', async () => {
    await world.inTables('ada');
    await world.inWholeTables('ada');
    await world.inWholeTables('bob');
    const keys = world.lakeRows('ada', 'bob');
    world.inWork('snapshots/s1/part-0.ndjson', [recipient('ada'), recipient('bob')]);
    const erasure = await world.waiting('ada');
    const before = world.lines('work', 'snapshots/s1/part-0.ndjson');

    expect(await walk(newPass())).toMatchObject({ done: STEPS });
    const texts = ['"ada"', 'ada-device', 'ada@'];
    expect(await world.placesOf(texts)).toEqual(['Erasures']);
    expect(keys.map((key) => world.lines('lake', key))).toEqual([['{"id":"e2","profile_id":"bob"}'], ['']]);
    const [blank = '', ...others] = world.lines('work', 'snapshots/s1/part-0.ndjson');
    expect([blank.trim(), blank.length, others]).toEqual(['{}', before[0]?.length, [before[1]]]);
    expect(await world.placesOf(['#bob', '"bob"'])).toEqual(
      expect.arrayContaining(['Timers', 'Ledger', 'Idempotency']),
    );
    expect(await world.store.get(erasure)).toMatchObject({ state: 'running', passes: 1 });

    expect(await walk(newPass())).toMatchObject({ done: STEPS });
    expect(await world.store.get(erasure)).toMatchObject({ state: 'finished', passes: 2 });
    expect(await world.placesOf(texts)).toEqual([]);
  });

  test('that found somebody in files alone looks once more, for who read them may have copied them meanwhile', async () => {
    world.inWork('snapshots/s2/unload/1.gz', [{ profile_id: 'cleo', email: 'cleo@example.com' }]);
    world.inWork('samples/s.ndjson', [{ profile: { profileId: 'dora' } }, { profile: { profileId: 'bob' } }]);
    const [cleo, dora, eva] = [await world.waiting('cleo'), await world.waiting('dora'), await world.waiting('eva')];
    await walk(newPass());
    expect(world.lines('work', 'samples/s.ndjson')).toEqual(['{"profile":{"profileId":"bob"}}']);
    expect(JSON.parse(world.lines('work', 'snapshots/s2/unload/1.gz')[0] ?? '')).toMatchObject({ profile_id: '' });
    const statesOf = async () => Promise.all([cleo, dora, eva].map(async (id) => (await world.store.get(id))?.state));
    expect(await statesOf()).toEqual(['running', 'running', 'finished']);
    await walk(newPass());
    expect(await statesOf()).toEqual(['finished', 'finished', 'finished']);
  });

  test('does not finish whose further id it has found at its end only', async () => {
    const erasure = await world.waiting('finn');
    const { at } = await walk(newPass(), 'finish');
    await world.put('IDENTITIES', { alias: 'late-device', profileId: 'finn', atMs: 1 });
    await cleanse(at, timed);
    expect(await world.store.get(erasure)).toMatchObject({ state: 'running', passes: 1 });
    world.inLake('events', [{ id: 'e9', profile_id: 'anonymous:late-device' }]);
    await walk(newPass());
    await walk(newPass());
    expect(await world.store.get(erasure)).toMatchObject({ state: 'finished', passes: 3 });
    expect(await world.placesOf(['late-device'])).toEqual([]);
  });

  test('goes on with the files where its time ended', async () => {
    for (let n = 0; n < 20; n += 1) world.inWork(`samples/many-${n}.ndjson`, [{ profile: { profileId: 'gus' } }]);
    await world.waiting('gus');
    const { at } = await walk(newPass(), 'rewrite');
    const next = await cleanse(at, hurried());
    expect(next).toEqual({ ...at, next: 8 });
    await walk(next);
    expect(await world.placesOf(['"gus"'])).toEqual(['Erasures']);
    await walk(newPass());
  });

  test('asks the lake again when a query failed, and gives up after three', async () => {
    const erasure = await world.waiting('hal');
    const { at } = await walk(newPass(), 'find');
    const broken = world.inLake('events', [{ profile_id: 'hal' }]);
    const good = world.s3.get(process.env.LAKE_BUCKET ?? '', broken) ?? '';
    world.s3.put(process.env.LAKE_BUCKET ?? '', broken, 'no gzip');
    expect(await cleanse(at, timed)).toEqual({ ...at, next: 1 });
    await expect(cleanse({ ...at, next: 2 }, timed)).rejects.toThrow(/^Query .* failed/);
    // The failed one stays failed for whoever asks for it again, the next one is another.
    world.s3.put(process.env.LAKE_BUCKET ?? '', broken, good);
    expect(await cleanse(at, timed)).toEqual({ ...at, next: 1 });
    await walk({ ...at, next: 1 });
    await walk(newPass());
    expect(await world.store.get(erasure)).toMatchObject({ state: 'finished' });
  });

  test('whose last answer was lost is done; any other one without its worklist fails', async () => {
    const task = { passId: 'gone', next: 0 };
    expect(await cleanse({ ...task, step: 'finish' }, timed)).toEqual({ ...task, step: 'done' });
    await expect(cleanse({ ...task, step: 'rewrite' }, timed)).rejects.toThrow(/worklist of pass gone/);
  });
});

describe('two passes at once', () => {
  test('leave nothing when one begins again after the other has finished everybody', async () => {
    const begun = newPass();
    await world.waiting('jan');
    await cleanse(begun, timed);
    await walk(newPass());
    expect(await cleanse(begun, timed)).toMatchObject({ step: 'done' });
    expect(await world.placesOf(['"jan"'])).toEqual([]);
  });
  test('finish a person once, and the id stays forgotten', async () => {
    const erasure = await world.waiting('ida');
    const first = await walk(newPass(), 'finish');
    const second = await walk(newPass(), 'finish');
    await cleanse(first.at, timed);
    await cleanse(second.at, timed);
    expect(await world.store.get(erasure)).toMatchObject({ state: 'finished', passes: 1 });
    expect(await world.store.person(erasure)).toBeUndefined();
  });
});

describe('uploads', () => {
  const definition = async (id: string, body: object) => {
    const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
    await definitions(process.env.DEFINITIONS_TABLE ?? '').put('import', id, { id, version: 1, ...body }, 0, 1);
  };
  const importOf = async (id: string) => {
    const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
    return (await definitions(process.env.DEFINITIONS_TABLE ?? '').get('import', id))?.body;
  };
  test('that name the person go once their import is over, with what it quotes', async () => {
    const check = { errors: [{ line: 1, message: 'x', value: 'Jo', excerpt: 'Jo Doe, …' }], sample: [] };
    const source = { etag: '"jo"', bytes: 1, form: { encoding: 'utf-8' }, columns: ['id', 'jo@example.com'] };
    const told = { check, source, reason: 'The header lacks jo', createdMs: Date.now() };
    await definition('over', { ...told, state: 'failed', finishedMs: Date.now() });
    await definition('running', { ...told, state: 'running' });
    for (const id of ['over', 'running', 'nobodys']) {
      world.inWork(`imports/${id}/file`, [{ id: 'jo' }]);
      world.inWork(`imports/${id}/1/rows-0-0.ndjson`, [{ id: 'other' }]);
    }
    const erasure = await world.waiting('jo');
    await walk(newPass());
    expect(await importOf('over')).toMatchObject({
      ...{ version: 2, state: 'failed', reason: 'erased', check: { errors: [], sample: [] } },
      source: { etag: '"jo"', form: { encoding: 'utf-8' }, columns: ['id', 'erased'] },
    });
    expect(await importOf('running')).toMatchObject({ version: 1, ...told });
    expect(world.s3.keys(process.env.WORK_BUCKET ?? '', 'imports/')).toEqual([
      'imports/running/1/rows-0-0.ndjson',
      'imports/running/file',
    ]);
    // The running one keeps the erasure open.
    await walk(newPass());
    expect(await world.store.get(erasure)).toMatchObject({ state: 'running', passes: 2 });
    await world.store.forgetPerson(erasure);
  });
});

test('an export that was never finished forgets whom it is about', async () => {
  const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
  const defs = definitions(process.env.DEFINITIONS_TABLE ?? '');
  for (const profileId of ['kim', 'bob'])
    await defs.put(
      'export',
      `of-${profileId}`,
      { id: `of-${profileId}`, version: 1, state: 'running', profileId },
      0,
      1,
    );
  await world.waiting('kim');
  await walk(newPass());
  expect((await defs.get('export', 'of-kim'))?.body).toEqual({
    ...{ id: 'of-kim', version: 2, state: 'failed', reason: 'The person was erased', finishedMs: expect.any(Number) },
  });
  expect((await defs.get('export', 'of-bob'))?.body).toMatchObject({ state: 'running', profileId: 'bob' });
});

test('a crash after any of its changes is made up for when the step is run again', { timeout: 120_000 }, async () => {
  let changes = 0;
  let before: string | undefined;
  for (let happened = true; happened; ) {
    changes += 1;
    const id = `lee${changes}`;
    await world.inTables(id);
    await world.inWholeTables(id);
    const lake = world.lakeRows(id, 'bob', 'crash');
    world.inWork('snapshots/crash/part-0.ndjson', [recipient(id), recipient('bob')]);
    const erasure = await world.waiting(id);
    let task = newPass();
    happened = await world.crashed(changes, async () => {
      while (task.step !== 'done') task = await cleanse(task, timed);
    });
    expect(await world.store.get(erasure), `change ${changes}`).toMatchObject({ state: 'running' });
    const rows = [...lake.map((key) => world.lines('lake', key)), world.lines('work', 'snapshots/crash/part-0.ndjson')];
    expect(
      rows.flat().filter((line) => line.trim() !== '' && line.trim() !== '{}'),
      `change ${changes}`,
    ).toEqual([...[{ id: 'e2', profile_id: 'bob' }, recipient('bob')].map((row) => JSON.stringify(row))]);
    // Two wait at a time: this one, and the one before, of whom nothing is left. More of those would only be more changes.
    if (before) await world.store.forgetPerson(before);
    before = erasure;
  }
  expect(changes).toBeGreaterThan(30);
  expect(await world.placesOf(['"lee', '#lee', ':lee', '/lee'])).toEqual(['Erasures']);
  await walk(newPass());
  expect(await world.placesOf(['"lee', '#lee', ':lee', '/lee'])).toEqual([]);
  expect(await world.store.people()).toEqual([]);
});
