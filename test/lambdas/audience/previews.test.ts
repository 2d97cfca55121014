import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';
import { threePeople } from './three-people.ts';

let world: AudienceWorld;
let handler: ApiLambda;
let defs: Definitions;
const twice = { event: 'purchase', count: { atLeast: 2 } };
const segment = { all: [twice, { not: { attribute: 'city', equals: "L'Aquila" } }] };

beforeAll(async () => {
  world = await audienceWorld();
  await threePeople(world);
  handler = (await import('../../../lambdas/audience/preview-audience.ts')).handler;
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions(process.env.DEFINITIONS_TABLE ?? '');
  const { listMembers } = await import('../../../lambdas/adapters/list-members.ts');
  const add = listMembers({
    table: process.env.MEMBERSHIPS_TABLE ?? '',
    stream: process.env.LIST_MEMBERS_STREAM ?? '',
  });
  await defs.put('list', 'vip', { id: 'vip', name: 'VIP' }, 0, 1);
  await defs.put('list', 'gone', { id: 'gone', name: 'Gone', deletedMs: 1 }, 0, 1);
  await defs.put('segment', 'twice', { name: 'Twice', segment: twice }, 0, 1);
  await defs.put('audience', 'vip-only', { audience: { difference: [{ list: 'vip' }, { segment: 'twice' }] } }, 0, 1);
  await add({ listId: 'vip', member: true, profileIds: ['b', 'c'], atMs: 5 });
  world.flushLake();
});
afterAll(() => world.stop());

type Answer = {
  state: string;
  size: number;
  previewId: string;
  reused: boolean;
  asOf: string;
  sample: { profileId: string }[];
};
const preview = async (body: object) => {
  const { status, body: answer } = await call(handler, { route: 'POST /v1/segments/preview', body });
  return { status, body: answer as Answer };
};

describe('a preview', () => {
  it('counts exactly, once per person and event, and says who can be reached', async () => {
    const { status, body } = await preview({
      segment: { any: [segment, { attribute: 'city', in: ["L'Aquila", 'Oslo'] }] },
    });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        ...{ state: 'done', size: 3, of: 3, share: 1, exact: true, reused: false, reachable: 1, overlap: [] },
        asOf: expect.stringMatching(/Z$/),
        scannedBytes: expect.any(Number),
        scanLimitBytes: 1e9,
        reach: {
          email: { reachable: 1, optedOut: 1, notAsked: 1, noAddress: 0 },
          sms: { reachable: 0, optedOut: 0, notAsked: 0, noAddress: 3 },
        },
      },
    });
    expect(body.sample.map(({ profileId }) => profileId).sort()).toEqual(['a', 'b', 'c']);
    expect(body.sample[0]).toMatchObject({ attributes: { age: 36 } });
  });

  it('of transactional messages reaches who did not refuse', async () => {
    const { body } = await preview({
      segment: { field: 'email', exists: true },
      lane: 'transactional',
      topic: 'orders',
    });
    expect(body).toMatchObject({ reach: { email: { reachable: 3, optedOut: 0, notAsked: 0, noAddress: 0 } } });
  });

  it.each<[string, object, number]>([
    ['a saved segment', { segmentId: 'twice' }, 2],
    ['a list', { listId: 'vip' }, 2],
    ['a saved audience', { audienceId: 'vip-only' }, 1],
    ['a set expression', { audience: { union: [{ list: 'vip' }, { segment: 'twice' }] } }, 3],
    ['a segment that names a list', { segment: { all: [{ list: 'vip' }, { segment: 'twice' }] } }, 1],
  ])('may be of %s', async (_, whom, size) => expect((await preview(whom)).body).toMatchObject({ size, of: 3 }));

  it('of a set expression counts what its operands have in common', async () => {
    const { body } = await preview({ audience: { union: [{ list: 'vip' }, { segment: 'twice' }] } });
    expect(body).toMatchObject({
      overlap: [
        [2, 1],
        [1, 2],
      ],
    });
  });

  it.each<[string, object]>([
    ['a segment', { segmentId: 'none' }],
    ['a list', { listId: 'none' }],
    ['a list any more', { listId: 'gone' }],
    ['an audience', { audienceId: 'none' }],
    ['what it names', { audience: { union: [{ list: 'vip' }, { segment: 'none' }] } }],
  ])('of what is not %s is refused', async (_, whom) =>
    expect(await preview(whom)).toMatchObject({ status: 422, body: { type: '/problems/invalid-reference' } }),
  );

  it.each<[string, object, { path: string; message: unknown }[]]>([
    ['nobody', {}, [{ path: '', message: expect.stringMatching(/^Exactly one of segment, audience/) }]],
    ['two', { listId: 'vip', segmentId: 'twice' }, [{ path: '', message: expect.stringMatching(/^Exactly one of/) }]],
    [
      'a segment with slips',
      { segment: { event: 'buy', count: { atLeast: 0.5 }, within: { days: -1 } }, topic: 'news' },
      [
        { path: 'segment.count.atLeast', message: expect.stringContaining('expected int') },
        { path: 'segment.within.days', message: expect.stringContaining('Too small') },
      ],
    ],
    [
      'a set expression with slips',
      { audience: { union: [{ list: 'a b' }, { segmnt: 'twice' }] } },
      [
        { path: 'audience.union.0.list', message: expect.stringContaining('An id of') },
        { path: 'audience.union.1.segmnt', message: 'Unknown field' },
      ],
    ],
    [
      'what does not exist',
      { audience: { union: [{ list: 'no' }] } },
      [{ path: 'audience.union.0.list', message: 'There is no list no' }],
    ],
    ['no saved list', { listId: 'no' }, [{ path: 'listId', message: 'There is no list no' }]],
  ])('of %s is told what is wrong where', async (_, whom, errors) =>
    expect((await preview(whom)).body).toMatchObject({ errors }),
  );

  it('means what segments mean now', async () => {
    await defs.put('segment', 'city', { name: 'City', segment: { attribute: 'city', equals: 'Paris' } }, 0, 1);
    expect((await preview({ segment: { not: { segment: 'city' } } })).body).toMatchObject({ size: 2 });
    await defs.put('segment', 'city', { name: 'City', segment: { attribute: 'city', equals: 'x' } }, 1, 2);
    expect((await preview({ segment: { not: { segment: 'city' } } })).body).toMatchObject({ size: 3, reused: false });
  });
});

describe('the same question', () => {
  const question = { segment: { attribute: 'age', equals: 36 } };
  it('is answered from the earlier answer, with its time, or anew when that is too old', async () => {
    const first = (await preview(question)).body;
    const again = (await preview(question)).body;
    expect(again).toEqual({ ...first, reused: true });
    await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(first.asOf));
    const anew = (await preview({ ...question, maxAgeSeconds: 0 })).body;
    expect(anew).toMatchObject({ previewId: first.previewId, size: first.size, reused: false });
    expect(Date.parse(anew.asOf)).toBeGreaterThan(Date.parse(first.asOf));
  });

  it('about another topic is another question', async () =>
    expect((await preview({ ...question, topic: 'news' })).body.reused).toBe(false));

  it('can be waited on by its id; no other query can be read', async () => {
    const { previewId, size } = (await preview(question)).body;
    expect((await preview({ previewId })).body).toMatchObject({ state: 'done', size });
    for (const id of ['none', 'f'.repeat(32), '../athena/x'])
      expect((await preview({ previewId: id })).status).toBe(404);
  });

  it('whose query failed is asked anew', async () => {
    const { previewId } = (await preview({ segment: { attribute: 'age', equals: 1 } })).body;
    const stored = JSON.parse(world.bytes(`previews/${previewId}.json`).toString()) as object;
    const broken = await world.start('SELECT missing FROM profiles');
    world.put(
      `previews/${previewId}.json`,
      Buffer.from(JSON.stringify({ ...stored, queryId: broken, answer: undefined })),
    );
    expect(await preview({ previewId })).toMatchObject({ status: 422, body: { type: '/problems/invalid-segment' } });
    expect((await preview({ segment: { attribute: 'age', equals: 1 } })).body).toMatchObject({
      size: 0,
      reused: false,
    });
  });
});

it('a question that reads too much is answered with the limit', async () => {
  const { failure } = await import('../../../lambdas/audience/query-failure.ts');
  const query = { scannedBytes: 5, isAthenasFault: false };
  const limited = failure({ ...query, reason: 'Query cancelled! : Bytes scanned limit was exceeded' }, 100);
  expect([limited.type, limited.status, limited.extra]).toEqual(['scan-limit', 422, { scanLimitBytes: 100 }]);
  expect(failure({ ...query, reason: 'CANCELLED', scannedBytes: 101 }, 100).type).toBe('scan-limit');
  expect(failure({ ...query, reason: 'line 1:8' }, 100).type).toBe('invalid-segment');
  expect(failure({ ...query, reason: 'Internal service error', isAthenasFault: true }, 100)).toMatchObject({
    type: 'unavailable',
    extra: { retryAfter: 10 },
  });
});
