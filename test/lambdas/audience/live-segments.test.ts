import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LiveSegment } from '../../../core/audience/live/live-segment.ts';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { type Call, call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';

let world: AudienceWorld;
let live: ApiLambda;
let defs: Definitions;
let prepare: typeof import('../../../lambdas/audience/prepare-refresh.ts').handler;

const viewer: Call['as'] = { sub: 'vera', groups: ['viewer'] };
const gold = { attribute: 'tier', equals: 'gold' };
const bought = { event: 'purchase', count: { atLeast: 2 }, within: { days: 7 } };

beforeAll(async () => {
  world = await audienceWorld();
  live = (await import('../../../lambdas/audience/manage-live-segments.ts')).handler;
  prepare = (await import('../../../lambdas/audience/prepare-refresh.ts')).handler;
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions(process.env.DEFINITIONS_TABLE ?? '');
});
afterAll(() => world.stop());
beforeEach(() => void world.started.splice(0));

/** Writes a segment as it is, whether the API would take it or not. */
const segment = async (id: string, rule: object, name = id) => {
  const version = (await defs.get('segment', id))?.version ?? 0;
  await defs.put(
    'segment',
    id,
    { id, version: version + 1, name, segment: rule, author: 'mia', createdMs: 1 },
    version,
    1,
  );
};
const at = (segmentId: string) => ({ params: { segmentId } });
const goLive = (id: string, body: object = { refresh: 'daily' }, as?: Call['as']) =>
  call(live, { route: 'PUT /v1/segments/{segmentId}/live', ...at(id), body, ...(as && { as }) });
const getLive = (id: string) => call(live, { route: 'GET /v1/segments/{segmentId}/live', ...at(id), as: viewer });
const endLive = (id: string, as?: Call['as']) =>
  call(live, { route: 'DELETE /v1/segments/{segmentId}/live', ...at(id), ...(as && { as }) });
const membersOf = (id: string) => call(live, { route: 'GET /v1/segments/{segmentId}/members', ...at(id), as: viewer });
const slug = ({ status, body }: { status: number; body: unknown }) => `${status} ${(body as { type?: string }).type}`;
const stored = async (id: string) => (await defs.get<LiveSegment>('live-segment', id))?.body as LiveSegment;

describe('going live is refused', () => {
  test.each<[string, object | undefined, object, string]>([
    ['a segment that there is not', undefined, { refresh: 'daily' }, '404 /problems/not-found'],
    ['a refresh that there is not', gold, { refresh: 'weekly' }, '400 /problems/invalid-body'],
    ['no refresh', gold, {}, '400 /problems/invalid-body'],
    ['a segment that refers to none', { segment: 'nowhere' }, { refresh: 'daily' }, '422 /problems/invalid-reference'],
    [
      'a segment that refers to itself',
      { not: { segment: 'refused-4' } },
      { refresh: 'daily' },
      '422 /problems/invalid-segment',
    ],
  ])('%s', async (what, rule, body, problem) => {
    const id = what.endsWith('itself') ? 'refused-4' : `refused-${what.length}`;
    if (rule) await segment(id, rule);
    expect(slug(await goLive(id, body))).toBe(problem);
    expect(await defs.get('live-segment', id)).toBeUndefined();
    expect(world.started).toEqual([]);
  });

  test('to those who only look', async () => {
    await segment('looked', gold);
    expect(slug(await goLive('looked', undefined, viewer))).toBe('403 /problems/forbidden-role');
    expect(slug(await endLive('looked', viewer))).toBe('403 /problems/forbidden-role');
  });
});

test.each([
  ['its state', getLive],
  ['its end', endLive],
  ['its members', membersOf],
])('of a segment that never was live %s is not found', async (_, ask) => {
  await segment('never', gold);
  expect(slug(await ask('never'))).toBe('404 /problems/not-found');
});

test.each(['nobody', 'anonymous:laptop'])('the segments of %s are not found', async (profileId) => {
  const route = 'GET /v1/profiles/{profileId}/segments';
  expect(slug(await call(live, { route, params: { profileId }, as: viewer }))).toBe('404 /problems/not-found');
});

describe('a live segment', () => {
  test('says how it reacts and why; each call begins a chain of refreshes, and what is remembered stays', async () => {
    await segment('told', bought);
    const first = await goLive('told');
    expect(first.body).toMatchObject({
      state: 'starting',
      reacts: 'at once',
      because: [],
      refresh: 'daily',
      version: 1,
    });
    const again = await goLive('told', { refresh: 'hourly', announceFirst: true });
    expect(again.body).toMatchObject({ state: 'starting', refresh: 'hourly', announceFirst: true, version: 2 });
    expect(world.started.map(({ name }) => name)).toEqual(['told-1', 'told-2']);
    expect(await stored('told')).toMatchObject({ epoch: 1, chain: 2 });
    expect(await prepare({ segmentId: 'told', chain: 1, run: 'x' })).toEqual({ step: 'nothing' });
  });

  test('ends, and ends again; it begins anew, with nothing remembered', async () => {
    await segment('ends', bought);
    await goLive('ends');
    expect((await endLive('ends')).status).toBe(204);
    expect((await endLive('ends')).status).toBe(204);
    expect((await getLive('ends')).body).toMatchObject({ state: 'off', size: 0 });
    expect(await prepare({ segmentId: 'ends', chain: 1, run: 'x' })).toEqual({ step: 'nothing' });
    expect((await goLive('ends')).body).toMatchObject({ state: 'starting', version: 3 });
    expect(await stored('ends')).toMatchObject({ epoch: 3, chain: 3 });
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    const { items } = await readAudit(process.env.AUDIT_TABLE ?? '', { subject: 'segment/ends' }, 10);
    expect(items.map(({ action }) => action).reverse()).toEqual(['go-live', 'end-live', 'go-live']);
  });

  test('follows its schedule where it must, and says why', async () => {
    await segment('slow', { event: 'purchase', count: { atLeast: 1 }, within: { days: 90 } });
    expect((await goLive('slow')).body).toMatchObject({
      ...{ state: 'filling', reacts: 'on schedule' },
      because: ['purchase: a window of 90 days; at most 31 are remembered'],
    });
  });
});

describe('a refresh is prepared', () => {
  /** As if it were in this state for an hour. */
  const since = async (id: string, change: Partial<LiveSegment>) => {
    const body = await stored(id);
    const aged = { ...body, stateMs: body.stateMs - 3_600_000, ...change, version: body.version + 1 };
    await defs.put('live-segment', id, aged, body.version, 1);
  };
  const prepared = async (id: string) => prepare({ segmentId: id, chain: (await stored(id)).chain, run: 'run' });

  test('after the lake knows what was done before; first what people did, then who is where', async () => {
    await segment('steps', bought);
    await goLive('steps');
    const wait = await prepared('steps');
    expect(wait).toMatchObject({ step: 'wait' });
    expect('seconds' in wait && wait.seconds).toBeGreaterThan(140);
    await since('steps', {});
    const startMs = Date.now();
    const history = await prepared('steps');
    expect(history).toMatchObject({
      step: 'history',
      epoch: 1,
      folder: expect.stringContaining('/refreshes/steps/run/'),
    });
    // What happened in the last minute and a half may not be in the lake.
    expect('asOfMs' in history && history.asOfMs).toBeLessThanOrEqual(Date.now() - 90_000);
    expect('asOfMs' in history && history.asOfMs).toBeGreaterThanOrEqual(startMs - 90_000);
    await since('steps', { state: 'filling' });
    expect(await prepared('steps')).toMatchObject({ step: 'differences', epoch: 1 });
  });

  test('with the rule as it is by then: another one begins anew', async () => {
    await segment('edited', gold);
    await goLive('edited');
    await since('edited', { state: 'live' });
    expect(await prepared('edited')).toMatchObject({ step: 'differences', epoch: 1 });
    await segment('edited', gold, 'Golden');
    expect(await prepared('edited')).toMatchObject({ step: 'differences', epoch: 1 });
    expect(await stored('edited')).toMatchObject({ name: 'Golden', state: 'live' });
    await segment('edited', bought);
    expect(await prepared('edited')).toMatchObject({ step: 'wait' });
    const { state, epoch, version } = await stored('edited');
    expect([state, epoch]).toEqual(['starting', version]);
  });

  test('with the last rule when the new one cannot be carried out', async () => {
    await segment('broken', gold);
    await goLive('broken');
    await since('broken', { state: 'live' });
    await segment('broken', { segment: 'nowhere' });
    expect(await prepared('broken')).toMatchObject({ step: 'differences', epoch: 1 });
    expect(await stored('broken')).toMatchObject({ segment: gold });
  });

  test('twice with one next time, in whole periods after the first', async () => {
    await segment('due', gold);
    await goLive('due');
    const { dueMs } = await stored('due');
    const [one, two] = [await prepared('due'), await prepared('due')];
    expect('next' in one && one.next).toEqual('next' in two && two.next);
    expect(await stored('due')).toMatchObject({ dueMs: dueMs + 86_400_000 });
  });
});

test('200 segments are live at most; a place becomes free when one ends', async () => {
  const on = (await defs.all<LiveSegment>('live-segment')).filter(({ body }) => body.state !== 'off').length;
  const template = await stored('told');
  for (let n = on; n < 200; n += 1)
    await defs.put('live-segment', `full-${n}`, { ...template, id: `full-${n}`, version: 1 }, 0, 1);
  await segment('late', gold);
  expect(slug(await goLive('late'))).toBe('409 /problems/state-conflict');
  // One that is live already may be changed.
  expect((await goLive('told')).status).toBe(200);
  await endLive('full-199');
  expect((await goLive('late')).status).toBe(200);
});
