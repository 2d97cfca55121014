import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Profile, profileRow } from '../../../core/audience/profile.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';

let world: AudienceWorld;
let handler: ApiLambda;
const segment = {
  all: [{ event: 'purchase', count: { atLeast: 2 } }, { not: { attribute: 'city', equals: "L'Aquila" } }],
};

beforeAll(async () => {
  world = await audienceWorld();
  handler = (await import('../../../lambdas/audience/manage-segments.ts')).handler;
  const { appendRows } = await import('../../../lambdas/adapters/lake.ts');
  const now = Date.now();
  const person = (profileId: string, city: string): Profile => ({
    profileId,
    version: 1,
    updatedMs: now,
    email: `${profileId}@example.com`,
    attributes: { city, age: 36 },
  });
  await appendRows(
    process.env.PROFILES_STREAM ?? '',
    [person('a', 'Paris'), person('b', "L'Aquila"), person('c', 'Oslo')].map(profileRow),
  );
  const purchase = (id: string, profile_id: string) => ({
    id,
    type: 'purchase',
    profile_id,
    source: 'shop',
    time_ms: now - 1_000,
    received_ms: now,
    properties: '{}',
  });
  await world.appendEvents([
    purchase('1', 'a'),
    purchase('2', 'a'),
    purchase('3', 'b'),
    purchase('4', 'b'),
    purchase('5', 'c'),
    purchase('5', 'c'),
  ]);
  world.flushLake();
});
afterAll(() => world.stop());

const create = async (body: object = { name: 'Loyal', segment }) => call(handler, { route: 'POST /v1/segments', body });
const preview = (body: object) => call(handler, { route: 'POST /v1/segments/preview', body });

describe('a segment', () => {
  it('is made, read, changed and listed', async () => {
    const made = await create();
    const { id } = made.body as { id: string };
    expect(made).toMatchObject({
      status: 201,
      headers: { location: `/v1/segments/${id}` },
      body: { version: 1, name: 'Loyal', segment, author: 'mia' },
    });
    const params = { segmentId: id };
    const update = (body: object) => call(handler, { route: 'PUT /v1/segments/{segmentId}', params, body });
    const other = { field: 'email', exists: true };
    expect((await update({ name: 'Mail', segment: other, version: 1 })).body).toMatchObject({
      id,
      version: 2,
      name: 'Mail',
      segment: other,
    });
    expect(await update({ name: 'Late', segment: other, version: 1 })).toMatchObject({
      status: 409,
      body: { type: '/problems/version-conflict' },
    });
    expect((await call(handler, { route: 'GET /v1/segments/{segmentId}', params })).body).toMatchObject({
      version: 2,
      name: 'Mail',
    });
    const { body } = await call(handler, { route: 'GET /v1/segments', query: { limit: '1' } });
    expect(body).toMatchObject({ items: [{ id, name: 'Mail' }] });
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    const log = await readAudit(process.env.AUDIT_TABLE ?? '', { subject: `segment/${id}` }, 10);
    expect(log.items.map(({ action }) => action).sort()).toEqual(['create', 'update']);
  });
  it.each<[string, object]>([
    ['nothing', { name: 'x' }],
    ['an unknown field', { name: 'x', segment, colour: 'red' }],
    ['an unknown operator', { name: 'x', segment: { attribute: 'a', like: '%' } }],
    ['a bomb', { name: 'x', segment: JSON.parse(`${'{"not":'.repeat(3_000)}{}${'}'.repeat(3_000)}`) as object }],
  ])('is not made of %s', async (_, body) =>
    expect(await create(body)).toMatchObject({ status: 400, body: { type: '/problems/invalid-body' } }),
  );
  it('that does not exist is not found', async () => {
    const route = 'GET /v1/segments/{segmentId}';
    expect((await call(handler, { route, params: { segmentId: 'none' } })).status).toBe(404);
  });
});

describe('a segment that refers to others', () => {
  const params = (segmentId: string) => ({ params: { segmentId } });
  const idOf = async (body: object) => ((await create(body)).body as { id: string }).id;

  it('means what they mean now', async () => {
    const inner = await idOf({ name: 'Parisians', segment: { attribute: 'city', equals: 'Paris' } });
    const outer = { not: { segment: inner } };
    expect((await create({ name: 'Others', segment: outer })).body).toMatchObject({ segment: outer });
    expect((await preview({ segment: outer })).body).toMatchObject({ size: 2, of: 3 });
    const body = { name: 'Nobody', segment: { attribute: 'city', equals: 'x' }, version: 1 };
    await call(handler, { route: 'PUT /v1/segments/{segmentId}', ...params(inner), body });
    expect((await preview({ segment: outer })).body).toMatchObject({ size: 3, of: 3 });
  });

  it('is refused when one of them does not exist', async () => {
    const answer = { status: 422, body: { type: '/problems/invalid-reference', detail: 'There is no segment none' } };
    expect(await create({ name: 'x', segment: { segment: 'none' } })).toMatchObject(answer);
    expect(await preview({ segment: { not: { segment: 'none' } } })).toMatchObject(answer);
  });

  it('may not come back to itself', async () => {
    const a = await idOf({ name: 'a', segment: { field: 'email', exists: true } });
    const b = await idOf({ name: 'b', segment: { segment: a } });
    const body = { name: 'a', segment: { not: { segment: b } }, version: 1 };
    expect(await call(handler, { route: 'PUT /v1/segments/{segmentId}', ...params(a), body })).toMatchObject({
      status: 422,
      body: { type: '/problems/invalid-segment', detail: `Segment ${a} would refer to itself` },
    });
  });
});

describe('a preview', () => {
  it('counts exactly, once per person and event', async () => {
    const { status, body } = await preview({ segment });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { state: 'done', size: 1, of: 3, exact: true, asOf: expect.stringMatching(/Z$/) },
    });
    expect((body as { scannedBytes: number }).scannedBytes).toBeGreaterThan(0);
  });
  it('can be waited on by its id, and no other query can', async () => {
    const { sizeQuery } = await import('../../../core/audience/segment-queries.ts');
    const { queries } = await import('../../../lambdas/adapters/athena.ts');
    const lake = queries({ workGroup: 'herald', database: 'herald' });
    const previewId = await lake.start(sizeQuery({ field: 'email', exists: true }, Date.now()));
    expect((await preview({ previewId })).body).toMatchObject({ state: 'done', size: 3 });
    expect((await preview({ previewId: await lake.start('SELECT 1 AS size') })).status).toBe(404);
    expect((await preview({ previewId: 'none' })).status).toBe(404);
  });
});

describe('a snapshot', () => {
  const take = (segmentId: string, body: object = {}) =>
    call(handler, { route: 'POST /v1/segments/{segmentId}/snapshots', params: { segmentId }, body });
  const get = (snapshotId: string) =>
    call(handler, { route: 'GET /v1/snapshots/{snapshotId}', params: { snapshotId } });
  type Snapshot = { id: string; state: string; takenMs: number; count?: number; files?: string[] };

  it('freezes who is in the segment', async () => {
    const { id: segmentId } = (await create({ name: 'All', segment: { field: 'email', exists: true } })).body as {
      id: string;
    };
    const taken = await take(segmentId, { attributes: ['city'] });
    expect(taken).toMatchObject({ status: 201, body: { segmentId, state: 'running', version: 1 } });
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
    const { id: segmentId } = (await create({ name: 'None', segment: { attribute: 'city', equals: 'Atlantis' } }))
      .body as { id: string };
    const { id } = (await take(segmentId)).body as Snapshot;
    await expect
      .poll(async () => (await get(id)).body, { timeout: 10_000 })
      .toMatchObject({ state: 'finished', count: 0, files: [] });
  });

  it('of no segment is not taken', async () => {
    expect((await take('none')).status).toBe(404);
    expect((await get('none')).status).toBe(404);
  });
});
