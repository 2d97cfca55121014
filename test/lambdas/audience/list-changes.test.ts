import { gzipSync } from 'node:zlib';
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

describe('a file of ids', () => {
  it('is worked off, and tells what it refused', async () => {
    const listId = await lists.create('File');
    const { id } = await lists.upload(listId, 'p1\r\np2\nnobody\n\np3\n');
    expect(await lists.change(id)).toMatchObject({ state: 'created', source: 'upload' });
    expect((await lists.start(id)).body).toMatchObject({ state: 'running' });
    expect(lists.started).toEqual([{ name: `${id}-2`, input: { changeId: id } }]);
    expect(await lists.workOff(id)).toMatchObject({
      state: 'finished',
      rows: 5,
      accepted: 3,
      refused: 2,
      refusals: [
        { row: 3, profileId: 'nobody', reason: 'no-profile' },
        { row: 4, profileId: '', reason: 'not-an-id' },
      ],
    });
    expect(await lists.membersOf(listId)).toEqual(['p1', 'p2', 'p3']);
    expect(await lists.inLake(listId)).toEqual(['p1', 'p2', 'p3']);
    expect(await lists.part({ changeId: id }, lists.forever)).toEqual({ done: true });
  });

  it('larger than a window goes on where time ran out, and a repeated part counts once', async () => {
    const listId = await lists.create('Large');
    const lines = Array.from({ length: 20_000 }, (_, n) => `p${n % 40}`);
    const { id } = await lists.upload(listId, lines.join('\n'));
    await lists.start(id);
    let parts = 1;
    while (!(await lists.part({ changeId: id }, lists.onePage())).done) parts += 1;
    expect(parts).toBeGreaterThan(1);
    expect(await lists.change(id)).toMatchObject({ state: 'finished', rows: 20_000, accepted: 15_000, refused: 5_000 });
    expect(await lists.sizeOf(listId)).toBe(30);
  });

  it('removes, but nobody who was added by hand since it began', async () => {
    const listId = await lists.create('Removing');
    await lists.add(listId, ['p1', 'p2', 'p3']);
    const { id } = await lists.upload(listId, 'p1\np2', 'remove');
    await lists.start(id);
    const stored = await lists.defs.get<ListChange>('list-change', id);
    await expect.poll(() => Date.now()).toBeGreaterThan(stored?.body.atMs ?? 0);
    await lists.add(listId, ['p2']);
    await lists.workOff(id);
    expect(await lists.membersOf(listId)).toEqual(['p2', 'p3']);
    expect(await lists.inLake(listId)).toEqual(['p2', 'p3']);
  });

  it.each<[string, string, RegExp]>([
    ['is empty', '', /empty/],
    ['is something else', 'x'.repeat(80_000), /one id a line/],
  ])('that %s fails with the reason, and another one can be started', async (_, file, reason) => {
    const listId = await lists.create('Bad');
    const { id, uploadUrl } = await lists.upload(listId, file);
    await lists.start(id);
    expect(await lists.workOff(id)).toMatchObject({ state: 'failed', reason: expect.stringMatching(reason) });
    await fetch(uploadUrl, { method: 'PUT', body: 'p1' });
    expect((await lists.start(id)).body).toMatchObject({ state: 'running', rows: 0 });
    expect(await lists.workOff(id)).toMatchObject({ state: 'finished', accepted: 1 });
  });

  it('that was replaced after the start is not mixed with the first', async () => {
    const { id, uploadUrl } = await lists.upload(await lists.create('Replaced'), 'p1');
    await lists.start(id);
    await fetch(uploadUrl, { method: 'PUT', body: 'p2' });
    expect(await lists.workOff(id)).toMatchObject({ state: 'failed', reason: expect.stringMatching(/replaced/) });
  });

  it('must be there, and is started once', async () => {
    const listId = await lists.create('Nothing');
    const made = await lists.request('POST /v1/lists/{listId}/uploads', { listId }, {});
    const { id } = made.body as { id: string };
    expect(await lists.start(id)).toMatchObject({ status: 409, body: { type: '/problems/state-conflict' } });
    const whole = await lists.upload(listId, 'p1');
    await lists.start(whole.id);
    expect((await lists.start(whole.id)).status).toBe(409);
    expect((await lists.start('none')).status).toBe(404);
  });

  it('waits while its start is not cleared, and fails with what broke', async () => {
    const listId = await lists.create('Busy');
    const body = {
      ...(await lists.change((await lists.upload(listId, 'p1')).id)),
      id: 'busy',
      key: 'lists/busy.txt',
      state: 'running',
    };
    await lists.defs.put('list-change', 'busy', body, 0, 1, [
      { effect: 'start-execution', machine: 'change-list', name: 'busy-1', input: {} },
    ]);
    await expect(lists.part({ changeId: 'busy' }, lists.forever)).rejects.toThrow('being started');
    await lists.defs.clearOutbox('list-change', 'busy', 1);
    expect(await lists.part({ changeId: 'busy', failure: { Error: 'Boom' } }, lists.forever)).toEqual({ done: true });
    expect(await lists.change('busy')).toMatchObject({ state: 'failed', reason: expect.stringContaining('Boom') });
  });
});

describe('a snapshot', () => {
  it('is copied into a list', async () => {
    const listId = await lists.create('Copy');
    const files = ['snapshots/s1/unload/a.gz', 'snapshots/s1/unload/b.gz'];
    const lines = (ids: string[]) => gzipSync(ids.map((profile_id) => `${JSON.stringify({ profile_id })}\n`).join(''));
    lists.put(files[0] as string, lines(['p1', 'p2']));
    lists.put(files[1] as string, lines(['p3', 'erased']));
    await lists.defs.put('snapshot', 's1', { id: 's1', state: 'finished', files, count: 4 }, 0, 1);
    await lists.defs.put('snapshot', 's2', { id: 's2', state: 'running' }, 0, 1);
    const copy = (snapshotId: string) => lists.request('POST /v1/lists/{listId}/copies', { listId }, { snapshotId });
    const started = await copy('s1');
    expect(started).toMatchObject({ status: 201, body: { state: 'running', source: 'snapshot', total: 4 } });
    expect(await lists.workOff((started.body as { id: string }).id)).toMatchObject({
      state: 'finished',
      accepted: 3,
      refused: 1,
    });
    expect(await lists.membersOf(listId)).toEqual(['p1', 'p2', 'p3']);
    expect(await copy('s2')).toMatchObject({
      status: 409,
      body: { detail: expect.stringMatching(/^The snapshot is running, as far as is known/) },
    });
    expect((await copy('s3')).status).toBe(404);
    await lists.defs.put(
      'snapshot',
      's4',
      { id: 's4', state: 'finished', files: ['snapshots/s4/x.gz'], count: 1 },
      0,
      1,
    );
    const { id } = (await copy('s4')).body as { id: string };
    expect(await lists.workOff(id)).toMatchObject({ state: 'failed', reason: expect.stringMatching(/60 days/) });
  });
});
