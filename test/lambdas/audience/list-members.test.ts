import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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

describe('members', () => {
  it('are accepted or refused each on its own, in the table and in the lake', async () => {
    const listId = await lists.create('Members');
    const answer = await lists.add(listId, ['p1', 'p2', 'nobody', '', 'p1']);
    expect(answer).toMatchObject({ status: 200, body: { accepted: 3, refused: 2 } });
    expect((answer.body as { results: object[] }).results).toEqual([
      { index: 0, profileId: 'p1', status: 'accepted' },
      { index: 1, profileId: 'p2', status: 'accepted' },
      { index: 2, profileId: 'nobody', status: 'refused', reason: 'no-profile' },
      { index: 3, profileId: '', status: 'refused', reason: 'not-an-id' },
      { index: 4, profileId: 'p1', status: 'accepted' },
    ]);
    expect(await lists.membersOf(listId)).toEqual(['p1', 'p2']);
    expect(await lists.inLake(listId)).toEqual(['p1', 'p2']);
    expect(await lists.sizeOf(listId)).toBe(2);
    expect(await lists.change((answer.body as { changeId: string }).changeId)).toMatchObject({
      source: 'call',
      state: 'finished',
      accepted: 3,
      refused: 2,
    });
  });

  it('none of whom is accepted leave no change', async () => {
    const { body } = await lists.add(await lists.create('Nobody'), ['nobody']);
    expect(body).toEqual({ accepted: 0, refused: 1, results: [expect.objectContaining({ reason: 'no-profile' })] });
  });

  it('added again and again are counted once; removed they are gone from both', async () => {
    const listId = await lists.create('Again');
    for (let n = 0; n < 3; n += 1) await lists.add(listId, ['p1', 'p2', 'p3']);
    expect(await lists.sizeOf(listId)).toBe(3);
    for (let n = 0; n < 2; n += 1) await lists.remove(listId, ['p2', 'p9']);
    expect(await lists.sizeOf(listId)).toBe(2);
    expect(await lists.inLake(listId)).toEqual(['p1', 'p3']);
  });

  it('come page by page', async () => {
    const listId = await lists.create('Pages');
    await lists.add(listId, ['p1', 'p2', 'p3']);
    const page = (cursor?: string) =>
      lists.request('GET /v1/lists/{listId}/members', { listId }, undefined, { limit: '2', ...(cursor && { cursor }) });
    const first = (await page()).body as { items: object[]; cursor: string };
    expect(first.items).toEqual([
      { profileId: 'p1', sinceMs: expect.any(Number) },
      { profileId: 'p2', sinceMs: expect.any(Number) },
    ]);
    expect((await page(first.cursor)).body).toEqual({ items: [{ profileId: 'p3', sinceMs: expect.any(Number) }] });
  });

  it('are taken 1,000 at a time, and not more', async () => {
    const listId = await lists.create('Many');
    const answer = await lists.add(
      listId,
      Array.from({ length: 1_000 }, (_, n) => `p${n}`),
    );
    expect(answer).toMatchObject({ status: 200, body: { accepted: 30, refused: 970 } });
    expect((await lists.add(listId, Array(1_001).fill('p1'))).status).toBe(400);
    expect(await lists.add(listId, Array(1_000).fill('\u0001'.repeat(128)))).toMatchObject({ status: 413 });
    expect(await lists.sizeOf(listId)).toBe(30);
  });

  it.each(['firehose', 'dynamodb'])('that %s refused may be stated again later, and undo nothing', async (service) => {
    const listId = await lists.create('Crash');
    const atMs = Date.now() - 120_000;
    const { publishOutbox } = await import('../../../lambdas/adapters/outbox.ts');
    const { listMembers } = await import('../../../lambdas/adapters/list-members.ts');
    const changeMembers = listMembers({
      table: process.env.MEMBERSHIPS_TABLE ?? '',
      stream: process.env.LIST_MEMBERS_STREAM ?? '',
    });
    const effect = { effect: 'list-members' as const, change: { listId, member: true, profileIds: ['p1'], atMs } };
    lists.broken.add(service);
    await expect(
      publishOutbox([effect], { auditTable: '', changeMembers, intakeQueueUrl: process.env.INTAKE_QUEUE_URL ?? '' }),
    ).rejects.toThrow('broken');
    lists.broken.clear();
    // Somebody was faster: what the sweep brings late is older, and does not undo it.
    await lists.remove(listId, ['p1']);
    await publishOutbox([effect], {
      auditTable: '',
      changeMembers,
      intakeQueueUrl: process.env.INTAKE_QUEUE_URL ?? '',
    });
    expect(await lists.membersOf(listId)).toEqual([]);
    expect(await lists.inLake(listId)).toEqual([]);
  });

  it('stay accepted when the lake does not answer, with what is to be done in the outbox', async () => {
    const listId = await lists.create('Lake down');
    lists.broken.add('firehose');
    const answer = await lists.add(listId, ['p1']);
    expect(answer).toMatchObject({ status: 200, body: { accepted: 1 } });
    const { changeId } = answer.body as { changeId: string };
    expect((await lists.defs.get('list-change', changeId))?.outbox.map(({ effect }) => effect)).toEqual([
      'audit',
      'list-members',
    ]);
  });

  it('tell in which lists a person is', async () => {
    const [one, two] = [await lists.create('One'), await lists.create('Two')];
    await lists.savePerson('joiner');
    await lists.add(one, ['joiner']);
    await lists.add(two, ['joiner']);
    await lists.remove(one, ['joiner']);
    const listsOf = async (profileId: string) =>
      (await lists.request('GET /v1/profiles/{profileId}/lists', { profileId })).body;
    expect(await listsOf('joiner')).toEqual({ items: [{ id: two, name: 'Two', sinceMs: expect.any(Number) }] });
    expect(await listsOf('nobody')).toMatchObject({ type: '/problems/not-found' });
  });
});
