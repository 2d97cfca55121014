import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sample } from '../../../core/audience/sample.ts';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';
import { threePeople } from './three-people.ts';

let world: AudienceWorld;
let handler: ApiLambda;
let defs: Definitions;
let freeze: (task: { sampleId: string; takenMs: number }) => Promise<Sample | undefined>;
beforeAll(async () => {
  world = await audienceWorld();
  await threePeople(world);
  handler = (await import('../../../lambdas/audience/estimate-audience.ts')).handler;
  freeze = (await import('../../../lambdas/audience/freeze-sample.ts')).handler;
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions(process.env.DEFINITIONS_TABLE ?? '');
  await defs.put('segment', 'twice', { name: 'Twice', segment: twice }, 0, 1);
});
afterAll(() => world.stop());
beforeEach(() => {
  world.started.length = 0;
});

const HOUR = 3_600_000;
const twice = { event: 'purchase', count: { atLeast: 2 } };
const estimate = (body: object) => call(handler, { route: 'POST /v1/segments/estimate', body });

describe('an estimate', () => {
  it('asks for a sample when there is none, once however often somebody asks', async () => {
    expect((await estimate({ segment: twice })).body).toEqual({ state: 'preparing' });
    await estimate({ segmentId: 'twice' });
    expect(new Set(world.started.map(({ name }) => name)).size).toBe(1);
    expect(world.started[0]?.input).toMatchObject({ sampleId: world.started[0]?.name, takenMs: expect.any(Number) });
  });

  it('counts in the sample, says so, and how sure it is', async () => {
    const takenMs = Date.now();
    expect(await freeze({ sampleId: 's1', takenMs })).toMatchObject({ people: 3, of: 3, takenMs });
    for (const whom of [{ segment: twice }, { segmentId: 'twice' }, { audience: { union: [{ segment: 'twice' }] } }]) {
      expect((await estimate(whom)).body).toEqual({
        ...{ state: 'done', size: 2, low: 2, high: 2, of: 3, share: 2 / 3, exact: false, sampleSize: 3 },
        asOf: new Date(takenMs).toISOString(),
      });
    }
    expect(world.started).toEqual([]);
  });

  it('goes on with an old sample while a new one is drawn', async () => {
    const current = await defs.get<Sample>('sample', 'current');
    const old = { ...(current?.body as Sample), takenMs: Date.now() - 7 * HOUR };
    await defs.put('sample', 'current', old, current?.version ?? 0, 1);
    const answer = { status: 200, body: { state: 'done', size: 0, sampleSize: 3 } };
    expect(await estimate({ segment: twice })).toMatchObject(answer);
    expect(world.started).toHaveLength(1);
    world.broken.add('states');
    expect(await estimate({ segment: twice })).toMatchObject(answer);
    world.broken.clear();
  });

  it('finds out that the file has expired', async () => {
    const current = await defs.get<Sample>('sample', 'current');
    await defs.put('sample', 'current', { ...current?.body, key: 'samples/gone.ndjson.gz' }, current?.version ?? 0, 1);
    expect((await estimate({ segment: twice })).body).toEqual({ state: 'preparing' });
    expect(world.started).toHaveLength(1);
  });

  it('of what does not exist is refused', async () =>
    expect(await estimate({ listId: 'none' })).toMatchObject({
      status: 422,
      body: { type: '/problems/invalid-reference' },
    }));
});

describe('a sample', () => {
  it('drawn again is the same file, and no older one takes its place', async () => {
    const takenMs = Date.now();
    const task = { sampleId: 's2', takenMs };
    await freeze(task);
    const first = world.bytes('samples/s2.ndjson.gz');
    expect(await freeze(task)).toBeUndefined();
    expect(world.bytes('samples/s2.ndjson.gz')).toEqual(first);
    expect(await freeze({ sampleId: 's3', takenMs: takenMs - 1 })).toBeUndefined();
    expect((await defs.get<Sample>('sample', 'current'))?.body).toMatchObject({ key: 'samples/s2.ndjson.gz', takenMs });
  });
});
