import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ListChange } from '../../../core/audience/list.ts';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';

let world: AudienceWorld;
let handler: ApiLambda;
let defs: Definitions;
let savePerson: (profileId: string) => Promise<unknown>;
let part: (task: object, context: { getRemainingTimeInMillis(): number }) => Promise<{ done: boolean }>;
beforeAll(async () => {
  world = await audienceWorld();
  handler = (await import('../../../lambdas/audience/manage-lists.ts')).handler;
  part = (await import('../../../lambdas/audience/change-list-part.ts')).handler as typeof part;
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions(process.env.DEFINITIONS_TABLE ?? '');
  const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
  const people = profiles(process.env.PROFILES_TABLE ?? '');
  savePerson = (profileId) =>
    people.save({ profile: { profileId, version: 1, updatedMs: 1, attributes: {} }, outbox: [] });
  for (let n = 0; n < 30; n += 1) await savePerson(`p${n}`);
});
afterAll(() => world.stop());
beforeEach(() => {
  world.broken.clear();
  world.started.length = 0;
});

const forever = { getRemainingTimeInMillis: () => 60_000 };
const create = async (name: string) =>
  ((await call(handler, { route: 'POST /v1/lists', body: { name } })).body as { id: string }).id;
const get = async (listId: string) => call(handler, { route: 'GET /v1/lists/{listId}', params: { listId } });
const sizeOf = async (listId: string) => ((await get(listId)).body as { size: number }).size;
const add = (listId: string, profileIds: string[]) =>
  call(handler, { route: 'POST /v1/lists/{listId}/members', params: { listId }, body: { profileIds } });
const remove = (listId: string, profileIds: string[]) =>
  call(handler, { route: 'POST /v1/lists/{listId}/members/remove', params: { listId }, body: { profileIds } });
const membersOf = async (listId: string) => {
  const page = await call(handler, {
    route: 'GET /v1/lists/{listId}/members',
    params: { listId },
    query: { limit: '100' },
  });
  return (page.body as { items: { profileId: string }[] }).items.map(({ profileId }) => profileId);
};
const inLake = async (listId: string) =>
  (
    await world.ask(`SELECT profile_id FROM (SELECT profile_id, member,
      row_number() OVER (PARTITION BY profile_id ORDER BY at_ms DESC, member) AS newest
      FROM list_members WHERE list_id = '${listId}') AS said WHERE newest = 1 AND member ORDER BY profile_id`)
  ).map(({ profile_id }) => profile_id);
const change = async (changeId: string) =>
  (await call(handler, { route: 'GET /v1/list-changes/{changeId}', params: { changeId } })).body as ListChange;
const start = (changeId: string) =>
  call(handler, { route: 'POST /v1/list-changes/{changeId}/start', params: { changeId }, body: {} });
/** A change from a file, with the file uploaded. */
const upload = async (listId: string, file: string, action = 'add') => {
  const made = await call(handler, { route: 'POST /v1/lists/{listId}/uploads', params: { listId }, body: { action } });
  const { id, uploadUrl } = made.body as { id: string; uploadUrl: string };
  expect((await fetch(uploadUrl, { method: 'PUT', body: file })).status).toBe(200);
  return { id, uploadUrl };
};
const workOff = async (changeId: string) => {
  while (!(await part({ changeId }, forever)).done);
  return change(changeId);
};

describe('a list', () => {
  it('is made, renamed, listed and read with its size', async () => {
    const made = await call(handler, { route: 'POST /v1/lists', body: { name: 'VIP' } });
    const { id: listId } = made.body as { id: string };
    expect(made).toMatchObject({
      status: 201,
      headers: { location: `/v1/lists/${listId}` },
      body: { version: 1, author: 'mia' },
    });
    const rename = (version: number) =>
      call(handler, { route: 'PUT /v1/lists/{listId}', params: { listId }, body: { name: 'Very important', version } });
    expect((await rename(1)).body).toMatchObject({ version: 2, name: 'Very important' });
    expect(await rename(1)).toMatchObject({ status: 409, body: { type: '/problems/version-conflict' } });
    expect((await get(listId)).body).toMatchObject({ name: 'Very important', size: 0 });
    const { body } = await call(handler, { route: 'GET /v1/lists', query: { limit: '1' } });
    expect(body).toMatchObject({ items: [{ id: listId, name: 'Very important' }] });
  });

  it.each([
    ['GET /v1/lists/{listId}', undefined],
    ['PUT /v1/lists/{listId}', { name: 'x', version: 1 }],
    ['DELETE /v1/lists/{listId}', undefined],
    ['GET /v1/lists/{listId}/uses', undefined],
    ['POST /v1/lists/{listId}/members', { profileIds: ['p1'] }],
    ['GET /v1/lists/{listId}/members', undefined],
    ['POST /v1/lists/{listId}/uploads', {}],
  ])('that does not exist is not found: %s', async (route, body) =>
    expect(await call(handler, { route, params: { listId: 'none' }, body })).toMatchObject({ status: 404 }),
  );
});

describe('members', () => {
  it('are accepted or refused each on its own, in the table and in the lake', async () => {
    const listId = await create('Members');
    const answer = await add(listId, ['p1', 'p2', 'nobody', '', 'p1']);
    expect(answer).toMatchObject({ status: 200, body: { accepted: 3, refused: 2 } });
    expect((answer.body as { results: object[] }).results).toEqual([
      { index: 0, profileId: 'p1', status: 'accepted' },
      { index: 1, profileId: 'p2', status: 'accepted' },
      { index: 2, profileId: 'nobody', status: 'refused', reason: 'no-profile' },
      { index: 3, profileId: '', status: 'refused', reason: 'not-an-id' },
      { index: 4, profileId: 'p1', status: 'accepted' },
    ]);
    expect(await membersOf(listId)).toEqual(['p1', 'p2']);
    expect(await inLake(listId)).toEqual(['p1', 'p2']);
    expect(await sizeOf(listId)).toBe(2);
    expect(await change((answer.body as { changeId: string }).changeId)).toMatchObject({
      source: 'call',
      state: 'finished',
      accepted: 3,
      refused: 2,
    });
  });

  it('none of whom is accepted leave no change', async () => {
    const { body } = await add(await create('Nobody'), ['nobody']);
    expect(body).toEqual({ accepted: 0, refused: 1, results: [expect.objectContaining({ reason: 'no-profile' })] });
  });

  it('added again and again are counted once; removed they are gone from both', async () => {
    const listId = await create('Again');
    for (let n = 0; n < 3; n += 1) await add(listId, ['p1', 'p2', 'p3']);
    expect(await sizeOf(listId)).toBe(3);
    for (let n = 0; n < 2; n += 1) await remove(listId, ['p2', 'p9']);
    expect(await sizeOf(listId)).toBe(2);
    expect(await inLake(listId)).toEqual(['p1', 'p3']);
  });

  it('come page by page', async () => {
    const listId = await create('Pages');
    await add(listId, ['p1', 'p2', 'p3']);
    const page = (cursor?: string) =>
      call(handler, {
        route: 'GET /v1/lists/{listId}/members',
        params: { listId },
        query: { limit: '2', ...(cursor && { cursor }) },
      });
    const first = (await page()).body as { items: object[]; cursor: string };
    expect(first.items).toEqual([
      { profileId: 'p1', sinceMs: expect.any(Number) },
      { profileId: 'p2', sinceMs: expect.any(Number) },
    ]);
    expect((await page(first.cursor)).body).toEqual({ items: [{ profileId: 'p3', sinceMs: expect.any(Number) }] });
  });

  it('are taken 1,000 at a time, and not more', async () => {
    const listId = await create('Many');
    const answer = await add(
      listId,
      Array.from({ length: 1_000 }, (_, n) => `p${n}`),
    );
    expect(answer).toMatchObject({ status: 200, body: { accepted: 30, refused: 970 } });
    expect((await add(listId, Array(1_001).fill('p1'))).status).toBe(400);
    expect(await add(listId, Array(1_000).fill('\u0001'.repeat(128)))).toMatchObject({ status: 413 });
    expect(await sizeOf(listId)).toBe(30);
  });

  it.each(['firehose', 'dynamodb'])('that %s refused may be stated again later, and undo nothing', async (service) => {
    const listId = await create('Crash');
    const atMs = Date.now() - 120_000;
    const { publishOutbox } = await import('../../../lambdas/adapters/outbox.ts');
    const { listMembers } = await import('../../../lambdas/adapters/list-members.ts');
    const changeMembers = listMembers({
      table: process.env.MEMBERSHIPS_TABLE ?? '',
      stream: process.env.LIST_MEMBERS_STREAM ?? '',
    });
    const effect = { effect: 'list-members' as const, change: { listId, member: true, profileIds: ['p1'], atMs } };
    world.broken.add(service);
    await expect(
      publishOutbox([effect], { auditTable: '', changeMembers, intakeQueueUrl: process.env.INTAKE_QUEUE_URL ?? '' }),
    ).rejects.toThrow('broken');
    world.broken.clear();
    // Somebody was faster: what the sweep brings late is older, and does not undo it.
    await remove(listId, ['p1']);
    await publishOutbox([effect], {
      auditTable: '',
      changeMembers,
      intakeQueueUrl: process.env.INTAKE_QUEUE_URL ?? '',
    });
    expect(await membersOf(listId)).toEqual([]);
    expect(await inLake(listId)).toEqual([]);
  });

  it('stay accepted when the lake does not answer, with what is to be done in the outbox', async () => {
    const listId = await create('Lake down');
    world.broken.add('firehose');
    const answer = await add(listId, ['p1']);
    expect(answer).toMatchObject({ status: 200, body: { accepted: 1 } });
    const { changeId } = answer.body as { changeId: string };
    expect((await defs.get('list-change', changeId))?.outbox.map(({ effect }) => effect)).toEqual([
      'audit',
      'list-members',
    ]);
  });

  it('tell in which lists a person is', async () => {
    const [one, two] = [await create('One'), await create('Two')];
    await savePerson('joiner');
    await add(one, ['joiner']);
    await add(two, ['joiner']);
    await remove(one, ['joiner']);
    const lists = async (profileId: string) =>
      (await call(handler, { route: 'GET /v1/profiles/{profileId}/lists', params: { profileId } })).body;
    expect(await lists('joiner')).toEqual({ items: [{ id: two, name: 'Two', sinceMs: expect.any(Number) }] });
    expect(await lists('nobody')).toMatchObject({ type: '/problems/not-found' });
  });
});

describe('a file of ids', () => {
  it('is worked off, and tells what it refused', async () => {
    const listId = await create('File');
    const { id } = await upload(listId, 'p1\r\np2\nnobody\n\np3\n');
    expect(await change(id)).toMatchObject({ state: 'created', source: 'upload' });
    expect((await start(id)).body).toMatchObject({ state: 'running' });
    expect(world.started).toEqual([{ name: `${id}-2`, input: { changeId: id } }]);
    expect(await workOff(id)).toMatchObject({
      state: 'finished',
      rows: 5,
      accepted: 3,
      refused: 2,
      refusals: [
        { row: 3, profileId: 'nobody', reason: 'no-profile' },
        { row: 4, profileId: '', reason: 'not-an-id' },
      ],
    });
    expect(await membersOf(listId)).toEqual(['p1', 'p2', 'p3']);
    expect(await inLake(listId)).toEqual(['p1', 'p2', 'p3']);
    expect(await part({ changeId: id }, forever)).toEqual({ done: true });
  });

  it('larger than a window goes on where time ran out, and a repeated part counts once', async () => {
    const listId = await create('Large');
    const lines = Array.from({ length: 20_000 }, (_, n) => `p${n % 40}`);
    const { id } = await upload(listId, lines.join('\n'));
    await start(id);
    let calls = 0;
    // Time is short at once: one window a call.
    const short = { getRemainingTimeInMillis: () => (calls++ % 2 === 0 ? 60_000 : 10_000) };
    let parts = 1;
    while (!(await part({ changeId: id }, short)).done) parts += 1;
    expect(parts).toBeGreaterThan(1);
    expect(await change(id)).toMatchObject({ state: 'finished', rows: 20_000, accepted: 15_000, refused: 5_000 });
    expect(await sizeOf(listId)).toBe(30);
  });

  it('removes, but nobody who was added by hand since it began', async () => {
    const listId = await create('Removing');
    await add(listId, ['p1', 'p2', 'p3']);
    const { id } = await upload(listId, 'p1\np2', 'remove');
    await start(id);
    const stored = await defs.get<ListChange>('list-change', id);
    await expect.poll(() => Date.now()).toBeGreaterThan(stored?.body.atMs ?? 0);
    await add(listId, ['p2']);
    await workOff(id);
    expect(await membersOf(listId)).toEqual(['p2', 'p3']);
    expect(await inLake(listId)).toEqual(['p2', 'p3']);
  });

  it.each<[string, string, RegExp]>([
    ['is empty', '', /empty/],
    ['is something else', 'x'.repeat(80_000), /one id a line/],
  ])('that %s fails with the reason, and another one can be started', async (_, file, reason) => {
    const listId = await create('Bad');
    const { id, uploadUrl } = await upload(listId, file);
    await start(id);
    expect(await workOff(id)).toMatchObject({ state: 'failed', reason: expect.stringMatching(reason) });
    await fetch(uploadUrl, { method: 'PUT', body: 'p1' });
    expect((await start(id)).body).toMatchObject({ state: 'running', rows: 0 });
    expect(await workOff(id)).toMatchObject({ state: 'finished', accepted: 1 });
  });

  it('that was replaced after the start is not mixed with the first', async () => {
    const { id, uploadUrl } = await upload(await create('Replaced'), 'p1');
    await start(id);
    await fetch(uploadUrl, { method: 'PUT', body: 'p2' });
    expect(await workOff(id)).toMatchObject({ state: 'failed', reason: expect.stringMatching(/replaced/) });
  });

  it('must be there, and is started once', async () => {
    const listId = await create('Nothing');
    const made = await call(handler, { route: 'POST /v1/lists/{listId}/uploads', params: { listId }, body: {} });
    const { id } = made.body as { id: string };
    expect(await start(id)).toMatchObject({ status: 409, body: { type: '/problems/state-conflict' } });
    const whole = await upload(listId, 'p1');
    await start(whole.id);
    expect((await start(whole.id)).status).toBe(409);
    expect((await start('none')).status).toBe(404);
  });

  it('waits while its start is not cleared, and fails with what broke', async () => {
    const listId = await create('Busy');
    const body = {
      ...(await change((await upload(listId, 'p1')).id)),
      id: 'busy',
      key: 'lists/busy.txt',
      state: 'running',
    };
    await defs.put('list-change', 'busy', body, 0, 1, [
      { effect: 'start-execution', machine: 'change-list', name: 'busy-1', input: {} },
    ]);
    await expect(part({ changeId: 'busy' }, forever)).rejects.toThrow('being started');
    await defs.clearOutbox('list-change', 'busy', 1);
    expect(await part({ changeId: 'busy', failure: { Error: 'Boom' } }, forever)).toEqual({ done: true });
    expect(await change('busy')).toMatchObject({ state: 'failed', reason: expect.stringContaining('Boom') });
  });
});

describe('a snapshot', () => {
  it('is copied into a list', async () => {
    const listId = await create('Copy');
    const files = ['snapshots/s1/unload/a.gz', 'snapshots/s1/unload/b.gz'];
    const lines = (ids: string[]) => gzipSync(ids.map((profile_id) => `${JSON.stringify({ profile_id })}\n`).join(''));
    world.put(files[0] as string, lines(['p1', 'p2']));
    world.put(files[1] as string, lines(['p3', 'erased']));
    await defs.put('snapshot', 's1', { id: 's1', state: 'finished', files, count: 4 }, 0, 1);
    await defs.put('snapshot', 's2', { id: 's2', state: 'running' }, 0, 1);
    const copy = (snapshotId: string) =>
      call(handler, { route: 'POST /v1/lists/{listId}/copies', params: { listId }, body: { snapshotId } });
    const started = await copy('s1');
    expect(started).toMatchObject({ status: 201, body: { state: 'running', source: 'snapshot', total: 4 } });
    expect(await workOff((started.body as { id: string }).id)).toMatchObject({
      state: 'finished',
      accepted: 3,
      refused: 1,
    });
    expect(await membersOf(listId)).toEqual(['p1', 'p2', 'p3']);
    expect((await copy('s2')).status).toBe(409);
    expect((await copy('s3')).status).toBe(404);
  });
});

describe('a list that is deleted', () => {
  const del = (listId: string) => call(handler, { route: 'DELETE /v1/lists/{listId}', params: { listId } });

  it('is gone at once, and everybody leaves it', async () => {
    const listId = await create('Gone');
    await add(listId, ['p1', 'p2']);
    expect((await del(listId)).status).toBe(204);
    expect((await get(listId)).status).toBe(404);
    expect((await del(listId)).status).toBe(404);
    const { body } = await call(handler, { route: 'GET /v1/lists', query: { limit: '1' } });
    expect(body).toMatchObject({ items: [] });
    const [{ input } = { input: {} }] = world.started;
    expect(await workOff((input as { changeId: string }).changeId)).toMatchObject({
      state: 'finished',
      source: 'deletion',
      accepted: 2,
    });
    expect(await inLake(listId)).toEqual([]);
  });

  it('takes nobody any more, also of a file that is being worked off', async () => {
    const listId = await create('Late');
    const { id } = await upload(listId, 'p1');
    await start(id);
    await del(listId);
    expect(await workOff(id)).toMatchObject({ state: 'failed', reason: 'The list was deleted' });
    expect(await inLake(listId)).toEqual([]);
  });

  it('is refused while something uses it, naming where', async () => {
    const listId = await create('Used');
    const campaign = { id: 'c1', name: 'Sale', state: 'draft', audience: { segmentId: 's' } };
    await defs.put('segment', 'u1', { name: 'In VIP', segment: { all: [{ not: { list: listId } }] } }, 0, 1);
    await defs.put(
      'audience',
      'u2',
      { name: 'VIP and more', audience: { union: [{ list: listId }, { segment: 's' }] } },
      0,
      1,
    );
    await defs.put('audience', 'u3', { name: 'Gone', audience: { list: listId }, deletedMs: 1 }, 0, 1);
    await defs.put('campaign', 'c1', { ...campaign, audience: { listId } }, 0, 1);
    await defs.put('campaign', 'c2', { ...campaign, id: 'c2', audience: { listId }, state: 'finished' }, 0, 1);
    // Its segment has dropped the list since it was submitted; what was approved still names it.
    await defs.put(
      'campaign',
      'c3',
      { ...campaign, id: 'c3', name: 'Frozen', state: 'scheduled', approval: { hash: 'h' } },
      0,
      1,
    );
    await defs.put('plan-version', 'c3@h', { segment: { any: [{ list: listId }] } }, 0, 1);
    const uses = [
      { kind: 'segment', id: 'u1', name: 'In VIP' },
      { kind: 'audience', id: 'u2', name: 'VIP and more' },
      { kind: 'campaign', id: 'c3', name: 'Frozen' },
      { kind: 'campaign', id: 'c1', name: 'Sale' },
    ];
    const refused = await del(listId);
    expect(refused).toMatchObject({ status: 409, body: { type: '/problems/in-use', uses } });
    expect((refused.body as { detail: string }).detail).toContain('segment “In VIP”');
    const answer = await call(handler, { route: 'GET /v1/lists/{listId}/uses', params: { listId } });
    expect(answer.body).toEqual({ items: uses });
    expect((await get(listId)).status).toBe(200);
  });
});
