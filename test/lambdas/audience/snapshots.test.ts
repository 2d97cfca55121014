import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';
import { threePeople } from './three-people.ts';

let world: AudienceWorld;
let handler: ApiLambda;
let defs: Definitions;
beforeAll(async () => {
  world = await audienceWorld();
  await threePeople(world);
  handler = (await import('../../../lambdas/audience/manage-snapshots.ts')).handler;
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions(process.env.DEFINITIONS_TABLE ?? '');
});
afterAll(() => world.stop());

describe('a snapshot', () => {
  const take = (audience: object, more: object = {}) =>
    call(handler, { route: 'POST /v1/snapshots', body: { audience, ...more } });
  const get = (snapshotId: string) =>
    call(handler, { route: 'GET /v1/snapshots/{snapshotId}', params: { snapshotId } });
  type Snapshot = { id: string; state: string; takenMs: number; count?: number; files?: string[] };

  it('freezes who is in the segment', async () => {
    await defs.put('segment', 'all', { name: 'All', segment: { field: 'email', exists: true } }, 0, 1);
    const taken = await take({ segmentId: 'all' }, { attributes: ['city'] });
    expect(taken).toMatchObject({
      status: 201,
      body: { audience: { segmentId: 'all' }, state: 'running', version: 1 },
    });
    const { id } = taken.body as Snapshot;
    await expect.poll(async () => ((await get(id)).body as Snapshot).state, { timeout: 10_000 }).toBe('finished');
    const done = (await get(id)).body as Snapshot;
    expect(done).toMatchObject({ count: 3, takenMs: expect.any(Number) });
    const lines = (done.files ?? []).flatMap((key) => gunzipSync(world.bytes(key)).toString().trim().split('\n'));
    expect(
      lines
        .map((line) => JSON.parse(line) as { profile_id: string; attributes: string })
        .map(({ profile_id, attributes }) => `${profile_id} ${attributes}`)
        .sort(),
    ).toEqual(['a {"city":"Paris"}', `b {"city":"L'Aquila"}`, 'c {"city":"Oslo"}']);
    // Once finished it is not asked about again.
    expect((await get(id)).body).toEqual(done);
  });

  it('of nobody has no files', async () => {
    await defs.put('segment', 'none', { name: 'None', segment: { attribute: 'city', equals: 'Atlantis' } }, 0, 1);
    const { id } = (await take({ segmentId: 'none' })).body as Snapshot;
    await expect
      .poll(async () => (await get(id)).body, { timeout: 10_000 })
      .toMatchObject({ state: 'finished', count: 0, files: [] });
  });

  it('may be of a list or an audience, and is listed', async () => {
    const { appendRows } = await import('../../../lambdas/adapters/lake.ts');
    const rows = ['a', 'b'].map((profile_id) => ({ list_id: 'vip', profile_id, member: true, at_ms: 1 }));
    await appendRows(process.env.LIST_MEMBERS_STREAM ?? '', rows);
    world.flushLake();
    await defs.put('list', 'vip', { id: 'vip', name: 'VIP' }, 0, 1);
    await defs.put('audience', 'rest', { audience: { difference: [{ segment: 'all' }, { list: 'vip' }] } }, 0, 1);
    for (const [audience, count] of [
      [{ listId: 'vip' }, 2],
      [{ audienceId: 'rest' }, 1],
    ] as const) {
      const { id } = (await take(audience)).body as Snapshot;
      await expect
        .poll(async () => (await get(id)).body, { timeout: 10_000 })
        .toMatchObject({ state: 'finished', count });
    }
    const { body } = await call(handler, { route: 'GET /v1/snapshots', query: { limit: '1' } });
    expect(body).toMatchObject({ items: [{ audience: { audienceId: 'rest' }, count: 1 }], cursor: expect.any(String) });
  });

  it('of what does not exist is not taken', async () => {
    for (const ref of [{ segmentId: 'no' }, { listId: 'no' }, { audienceId: 'no' }]) {
      const errors = [{ path: `audience.${Object.keys(ref)[0]}` }];
      expect(await take(ref)).toMatchObject({ status: 422, body: { type: '/problems/invalid-reference', errors } });
    }
    expect((await get('none')).status).toBe(404);
  });
});
