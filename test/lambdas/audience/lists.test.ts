import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ListChange } from '../../../core/audience/list.ts';
import { type ListWorld, listWorld } from './list-world.ts';

let lists: ListWorld;
beforeAll(async () => {
  lists = await listWorld();
});
afterAll(() => lists.stop());
beforeEach(() => {
  lists.broken.clear();
  lists.started.length = 0;
});

describe('a list', () => {
  it('is made, renamed, listed and read with its size', async () => {
    const made = await lists.request('POST /v1/lists', {}, { name: 'VIP' });
    const { id: listId } = made.body as { id: string };
    expect(made).toMatchObject({
      status: 201,
      headers: { location: `/v1/lists/${listId}` },
      body: { version: 1, author: 'mia' },
    });
    const rename = (version: number) =>
      lists.request('PUT /v1/lists/{listId}', { listId }, { name: 'Very important', version });
    expect((await rename(1)).body).toMatchObject({ version: 2, name: 'Very important' });
    expect(await rename(1)).toMatchObject({ status: 409, body: { type: '/problems/version-conflict' } });
    expect((await lists.get(listId)).body).toMatchObject({ name: 'Very important', size: 0 });
    const { body } = await lists.request('GET /v1/lists', {}, undefined, { limit: '1' });
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
    expect(await lists.request(route, { listId: 'none' }, body)).toMatchObject({ status: 404 }),
  );
});

describe('a list that is deleted', () => {
  it('is gone at once, and everybody leaves it', async () => {
    const listId = await lists.create('Gone');
    await lists.add(listId, ['p1', 'p2']);
    expect((await lists.del(listId)).status).toBe(204);
    expect((await lists.get(listId)).status).toBe(404);
    expect((await lists.del(listId)).status).toBe(404);
    const { body } = await lists.request('GET /v1/lists', {}, undefined, { limit: '1' });
    expect(body).toMatchObject({ items: [] });
    const [{ input } = { input: {} }] = lists.started;
    expect(await lists.workOff((input as { changeId: string }).changeId)).toMatchObject({
      state: 'finished',
      source: 'deletion',
      accepted: 2,
    });
    expect(await lists.inLake(listId)).toEqual([]);
  });

  it('lets go also of those who were added in the moment of its deletion', async () => {
    const listId = await lists.create('Crowded');
    await lists.add(listId, ['p1']);
    await lists.del(listId);
    const [{ input } = { input: {} }] = lists.started;
    const { changeId } = input as { changeId: string };
    const atMs = ((await lists.defs.get<ListChange>('list-change', changeId))?.body.atMs ?? 0) + 1;
    await lists.changeMembers({ listId, member: true, profileIds: ['p1', 'p2'], atMs });
    await expect.poll(() => Date.now()).toBeGreaterThan(atMs);
    // Were somebody left, it would be asked for parts for ever.
    let parts = 0;
    while (parts < 5 && !(await lists.part({ changeId }, lists.onePage())).done) parts += 1;
    expect(await lists.change(changeId)).toMatchObject({ state: 'finished', accepted: 2 });
    expect(await lists.inLake(listId)).toEqual([]);
  });

  it('goes on emptying it after an error on our side', async () => {
    const listId = await lists.create('Stuck');
    await lists.add(listId, ['p1']);
    await lists.del(listId);
    const [{ input } = { input: {} }] = lists.started;
    const { changeId } = input as { changeId: string };
    await lists.part({ changeId, failure: { Error: 'Boom' } }, lists.forever);
    expect((await lists.start(changeId)).body).toMatchObject({ state: 'running' });
    expect(await lists.workOff(changeId)).toMatchObject({ state: 'finished', accepted: 1 });
  });

  it('takes nobody any more, also of a file that is being worked off', async () => {
    const listId = await lists.create('Late');
    const { id } = await lists.upload(listId, 'p1');
    await lists.start(id);
    await lists.del(listId);
    expect(await lists.workOff(id)).toMatchObject({ state: 'failed', reason: 'The list was deleted' });
    expect(await lists.inLake(listId)).toEqual([]);
  });

  it('is refused while something uses it, naming where', async () => {
    const listId = await lists.create('Used');
    const campaign = { id: 'c1', name: 'Sale', state: 'draft', audience: { segmentId: 's' } };
    await lists.defs.put('segment', 'u1', { name: 'In VIP', segment: { all: [{ not: { list: listId } }] } }, 0, 1);
    await lists.defs.put(
      'audience',
      'u2',
      { name: 'VIP and more', audience: { union: [{ list: listId }, { segment: 's' }] } },
      0,
      1,
    );
    await lists.defs.put('audience', 'u3', { name: 'Gone', audience: { list: listId }, deletedMs: 1 }, 0, 1);
    await lists.defs.put('campaign', 'c1', { ...campaign, audience: { listId } }, 0, 1);
    await lists.defs.put('campaign', 'c2', { ...campaign, id: 'c2', audience: { listId }, state: 'finished' }, 0, 1);
    // Its segment has dropped the list since it was submitted; what was approved still names it.
    await lists.defs.put(
      'campaign',
      'c3',
      { ...campaign, id: 'c3', name: 'Frozen', state: 'scheduled', approval: { hash: 'h' } },
      0,
      1,
    );
    await lists.defs.put('plan-version', 'c3@h', { segment: { any: [{ list: listId }] } }, 0, 1);
    const uses = [
      { kind: 'segment', id: 'u1', name: 'In VIP' },
      { kind: 'audience', id: 'u2', name: 'VIP and more' },
      { kind: 'campaign', id: 'c3', name: 'Frozen' },
      { kind: 'campaign', id: 'c1', name: 'Sale' },
    ];
    const refused = await lists.del(listId);
    expect(refused).toMatchObject({ status: 409, body: { type: '/problems/in-use', uses } });
    expect((refused.body as { detail: string }).detail).toContain('segment “In VIP”');
    const answer = await lists.request('GET /v1/lists/{listId}/uses', { listId });
    expect(answer.body).toEqual({ items: uses });
    expect((await lists.get(listId)).status).toBe(200);
  });
});
