import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sql } from '../../../core/audience/sql.ts';
import type { Progress } from '../../../lambdas/audience/apply-scores.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { approver, call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';

const DAY = 86_400_000;
const forever = { getRemainingTimeInMillis: () => 60_000 };
const noProgress: Progress = { file: 0, line: 0, scored: 0, changed: 0, moved: {} };

let world: AudienceWorld;
let models: ApiLambda;
let segments: ApiLambda;
let profilesApi: ApiLambda;
let prepare: typeof import('../../../lambdas/audience/prepare-fit.ts').handler;
let fitting: typeof import('../../../lambdas/audience/fit-model.ts').handler;
let apply: typeof import('../../../lambdas/audience/apply-scores.ts').handler;
let finish: typeof import('../../../lambdas/audience/finish-fit.ts').handler;
let refit: typeof import('../../../lambdas/audience/refit-models.ts').handler;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;
let lake: ReturnType<typeof import('../../../lambdas/adapters/athena.ts').queries>;

beforeAll(async () => {
  world = await audienceWorld();
  models = (await import('../../../lambdas/audience/manage-models.ts')).handler;
  segments = (await import('../../../lambdas/audience/manage-segments.ts')).handler;
  profilesApi = (await import('../../../lambdas/audience/manage-profiles.ts')).handler;
  prepare = (await import('../../../lambdas/audience/prepare-fit.ts')).handler;
  fitting = (await import('../../../lambdas/audience/fit-model.ts')).handler;
  apply = (await import('../../../lambdas/audience/apply-scores.ts')).handler;
  finish = (await import('../../../lambdas/audience/finish-fit.ts')).handler;
  refit = (await import('../../../lambdas/audience/refit-models.ts')).handler;
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions(process.env.DEFINITIONS_TABLE ?? '');
  lake = (await import('../../../lambdas/adapters/athena.ts')).queries({ workGroup: 'herald', database: 'herald' });
  await shop();
}, 60_000);
afterAll(() => world.stop());

/**
 * People who buy every so many days, the more often the lower their number; every other one of the rarer ones has stopped.
 * More than a writer holds at once.
 */
const ALL = 620;
const PEOPLE = Array.from({ length: ALL }, (_, n) => `m${String(n).padStart(3, '0')}`);
const shop = async () => {
  const nowMs = Date.now();
  const rows = PEOPLE.flatMap((profile_id, n) => {
    const every = 10 + n;
    const lastDays = n < 100 || n % 2 === 0 ? 1 + (n % 7) : 70 + (n % 60);
    const times = Array.from({ length: Math.ceil(360 / every) }, (_, k) => nowMs - (lastDays + k * every) * DAY);
    return times.map((time_ms, k) => ({
      ...{ id: `${profile_id}-${k}`, type: 'purchase', profile_id, source: 'shop', time_ms, received_ms: nowMs },
      properties: JSON.stringify({ amount: 5 + (n % 40) }),
    }));
  });
  await world.appendEvents(rows);
  for (let at = 0; at < PEOPLE.length; at += 20) {
    await Promise.all(
      PEOPLE.slice(at, at + 20).map((profileId, n) =>
        call(profilesApi, {
          route: 'PUT /v1/profiles/{profileId}',
          params: { profileId },
          body: { attributes: { city: (at + n) % 3 === 0 ? 'Paris' : 'Rome' } },
        }),
      ),
    );
  }
  world.flushLake();
};

type View = {
  id: string;
  version: number;
  attributes: string[];
  activeNumber?: number;
  run?: { id: number; number: number };
  lastRun?: { outcome: string; reason?: string; changed?: number; scored?: number };
  versions: { number: number; headline: string; people: number }[];
};
const purchase = { event: 'purchase', amount: 'amount' };
const put = (modelId: string, model: object, version = 0) =>
  call(models, {
    route: 'PUT /v1/models/{modelId}',
    params: { modelId },
    body: { version, model: { name: 'x', purchase, ...model } },
  });
const get = async (modelId: string) =>
  (await call(models, { route: 'GET /v1/models/{modelId}', params: { modelId } })).body as View;
const begin = (modelId: string) =>
  call(models, { route: 'POST /v1/models/{modelId}/fit', params: { modelId }, body: {} });
const activate = (modelId: string, number: number) =>
  call(models, {
    route: 'POST /v1/models/{modelId}/versions/{number}/activate',
    params: { modelId, number: String(number) },
    body: {},
  });
const versionOf = async (modelId: string, number: number) =>
  (
    await call(models, {
      route: 'GET /v1/models/{modelId}/versions/{number}',
      params: { modelId, number: String(number) },
    })
  ).body as {
    people: number;
    sampled: number;
    report: object;
    drift?: Record<string, { index: number; verdict: string }>;
    applied?: { scored: number; changed: number; moved: Record<string, Record<string, number>> };
  };
const attributesOf = async (profileId: string) =>
  (JSON.parse((await world.item('Profiles', profileId))?.body?.S ?? '{}') as { attributes: Record<string, unknown> })
    .attributes;

/** As the state machine does it, from the lake as it is now. `runId` names the run that has begun. */
const unload = async (modelId: string, run: number): Promise<string> => {
  world.flushLake();
  // The lake of this test is always up to date: the wait for it is the state machine's test.
  const stored = await defs.get<Record<string, { endedMs: number }>>('model', modelId);
  if (stored?.body.lastRun) {
    const body = { ...stored.body, lastRun: { ...stored.body.lastRun, endedMs: 0 } };
    await defs.put('model', modelId, { ...body, version: stored.version + 1 }, stored.version, 1);
  }
  const { sql } = await prepare({ modelId, run });
  const id = await lake.start(sql.replace('/unload/', `/unload-${Math.random()}/`) as Sql);
  const { state, reason, manifest = '' } = await lake.settled(id, 20_000);
  if (state !== 'succeeded') throw new Error(reason);
  return manifest;
};
const wholeRun = async (modelId: string): Promise<View> => {
  const begun = await begin(modelId);
  expect(begun.status).toBe(202);
  const run = (begun.body as View).run?.id ?? 0;
  const manifest = await unload(modelId, run);
  const { unfit, doubt } = await fitting({ modelId, run, manifest });
  if (unfit || doubt) await finish({ modelId, run, unfit, doubt });
  else {
    const { done, progress } = await apply({ modelId, run, manifest, progress: noProgress }, forever);
    expect(done).toBe(true);
    await finish({ modelId, run, progress });
  }
  return get(modelId);
};

describe('the API of models', () => {
  test('takes a model, tells its attributes, and asks for the version that was read', async () => {
    expect(await put('api', { type: 'rfm' })).toMatchObject({
      status: 200,
      body: {
        id: 'api',
        version: 1,
        attributes: ['api_segment', 'api_recency', 'api_frequency', 'api_monetary'],
        versions: [],
      },
    });
    expect(await put('api', { type: 'rfm' })).toMatchObject({
      status: 409,
      body: { type: '/problems/version-conflict' },
    });
    expect(await put('api', { type: 'rfm', historyDays: 90 }, 1)).toMatchObject({
      body: { version: 2, model: { historyDays: 90 } },
    });
    expect(await put('api', { type: 'clusters' }, 2)).toMatchObject({
      status: 409,
      body: { type: '/problems/state-conflict' },
    });
  });

  test.each<[string, string, object, string]>([
    ['an id that could not begin an attribute', 'A-b', { type: 'rfm' }, 'modelId: A lower-case letter'],
    ['a type that there is not', 'bad', { type: 'neural' }, 'model'],
    ['a seed that does not exist', 'bad', { type: 'lookalike', seed: { listId: 'none' } }, 'There is no list none'],
    [
      'a segment that does not exist',
      'bad',
      { type: 'lookalike', seed: { segmentId: 'none' } },
      'There is no segment none',
    ],
  ])('refuses %s', async (_, id, model, detail) => {
    const { status, body } = await put(id, model);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect((body as { detail: string }).detail).toContain(detail);
  });

  test('begins one run at a time, named after the run', async () => {
    await put('once', { type: 'rfm' });
    const first = await begin('once');
    expect(first).toMatchObject({ status: 202, body: { run: { id: 1, kind: 'fit', number: 1, by: 'mia' } } });
    expect(await begin('once')).toMatchObject({ status: 409, body: { type: '/problems/state-conflict' } });
    expect(world.started.filter(({ name }) => name.startsWith('once-'))).toEqual([
      { name: 'once-1', input: { modelId: 'once', run: 1 } },
    ]);
  });

  test('knows no other model, version, or activation', async () => {
    for (const route of ['GET /v1/models/{modelId}', 'DELETE /v1/models/{modelId}'] as const) {
      expect((await call(models, { route, params: { modelId: 'none' } })).status).toBe(404);
    }
    expect((await begin('none')).status).toBe(404);
    expect((await activate('api', 7)).status).toBe(404);
    for (const number of ['7', '0', 'x', '1e9']) {
      const route = 'GET /v1/models/{modelId}/versions/{number}';
      expect((await call(models, { route, params: { modelId: 'api', number } })).status).toBe(404);
    }
  });

  test('lets no approver define one', async () => {
    const body = { version: 0, model: { name: 'x', type: 'rfm', purchase } };
    expect(
      (await call(models, { route: 'PUT /v1/models/{modelId}', params: { modelId: 'a' }, body, as: approver })).status,
    ).toBe(403);
  });

  test('deletes: a run that is on is gone, the list forgets it, its id may begin again', async () => {
    await put('gone', { type: 'rfm' });
    await begin('gone');
    expect((await call(models, { route: 'DELETE /v1/models/{modelId}', params: { modelId: 'gone' } })).status).toBe(
      204,
    );
    await expect(prepare({ modelId: 'gone', run: 1 })).rejects.toMatchObject({ name: 'RunGone' });
    await expect(finish({ modelId: 'gone', run: 1, failure: { Error: 'x' } })).rejects.toMatchObject({
      name: 'RunGone',
    });
    const page = (await call(models, { route: 'GET /v1/models' })).body as { items: View[] };
    expect(page.items.map(({ id }) => id)).not.toContain('gone');
    expect(await put('gone', { type: 'clusters' })).toMatchObject({ status: 200, body: { versions: [] } });
  });
});

describe('a run', () => {
  test('waits for the outbox of its start, and for the lake after the run before', async () => {
    await put('wait', { type: 'rfm' });
    await defs.put('model', 'wait', { run: { id: 9 } }, 1, 1, [
      { effect: 'start-execution', machine: 'fit-model', name: 'n', input: {} },
    ]);
    await expect(prepare({ modelId: 'wait', run: 9 })).rejects.toMatchObject({ name: 'NotReady' });
    await defs.clearOutbox('model', 'wait', 2);
    const body = {
      id: 'wait',
      input: { type: 'rfm', purchase, historyDays: 30 },
      run: { id: 9, kind: 'fit', startedMs: 1 },
    };
    await defs.put('model', 'wait', { ...body, lastRun: { id: 8, endedMs: Date.now() - 170_000 } }, 2, 1);
    await expect(prepare({ modelId: 'wait', run: 9 })).rejects.toMatchObject({ name: 'NotReady' });
    await defs.put('model', 'wait', { ...body, lastRun: { id: 8, endedMs: Date.now() - 181_000 } }, 3, 1);
    expect(await prepare({ modelId: 'wait', run: 9 })).toMatchObject({ fits: true, database: 'herald' });
  });

  test('that fails leaves the active version and its values, and says why', async () => {
    await put('fails', { type: 'rfm' });
    await wholeRun('fails');
    await begin('fails');
    const failure = { Error: 'Unfit', Cause: JSON.stringify({ errorType: 'Unfit', errorMessage: 'too few' }) };
    await finish({ modelId: 'fails', run: 2, failure });
    expect(await get('fails')).toMatchObject({ activeNumber: 1, lastRun: { outcome: 'failed', reason: 'too few' } });
    await begin('fails');
    await finish({ modelId: 'fails', run: 3, failure: { Error: 'Lambda.Timeout', Cause: 'x' } });
    const { lastRun, run } = await get('fails');
    expect([lastRun?.reason, run]).toEqual(['Stopped by an error on our side: Lambda.Timeout', undefined]);
    expect(await attributesOf('m000')).toMatchObject({ fails_segment: 'champions' });
  });
});

describe('values', () => {
  test('are written to people who have others, once, and again only where they changed', async () => {
    await put('rfm', { type: 'rfm' });
    const first = await wholeRun('rfm');
    expect(first).toMatchObject({ activeNumber: 1, lastRun: { outcome: 'applied', scored: ALL, changed: ALL } });
    expect(await versionOf('rfm', 1)).toMatchObject({ people: ALL, sampled: ALL, applied: { changed: ALL } });

    const own = (await attributesOf('m001')).rfm_segment as string;
    const before = (await world.item('Profiles', 'm000'))?.version?.N;
    const second = await wholeRun('rfm');
    expect(second.lastRun).toMatchObject({ scored: ALL, changed: 0 });
    expect((await world.item('Profiles', 'm000'))?.version?.N).toBe(before);
    const { drift } = await versionOf('rfm', 2);
    expect(Object.values(drift ?? {}).every(({ verdict }) => verdict === 'stable')).toBe(true);

    // Somebody changed one by hand, another has a value though they never bought.
    const change = (profileId: string, attributes: object) =>
      call(profilesApi, { route: 'PUT /v1/profiles/{profileId}', params: { profileId }, body: { attributes } });
    await change('m001', { rfm_segment: 'lost' });
    await change('idle', { rfm_segment: 'loyal', city: 'Oslo' });
    expect((await wholeRun('rfm')).lastRun).toMatchObject({ scored: ALL + 1, changed: 2 });
    expect(await attributesOf('m001')).toMatchObject({ rfm_segment: own });
    expect(await attributesOf('idle')).toEqual({ city: 'Oslo' });
    expect((await versionOf('rfm', 3)).applied?.moved).toMatchObject({ lost: { [own]: 1 }, loyal: { none: 1 } });
  });

  test('are in the lake under the version that the profile has, once', async () => {
    const rows = await world.ask(
      `SELECT version, count(*) AS n FROM profiles WHERE profile_id = 'm002' GROUP BY version ORDER BY version`,
    );
    const stored = Number((await world.item('Profiles', 'm002'))?.version?.N);
    expect(rows.map(({ version, n }) => [Number(version), Number(n)])).toEqual(
      Array.from({ length: stored }, (_, n) => [n + 1, 1]),
    );
  });

  test('a writer that stops in the middle goes on there; one that crashed writes nothing twice', async () => {
    await put('stops', { type: 'rfm' });
    await begin('stops');
    const manifest = await unload('stops', 1);
    await fitting({ modelId: 'stops', run: 1, manifest });
    // The lake refuses rows: profiles are written, the task fails, and is tried again.
    world.broken.add('firehose');
    await expect(apply({ modelId: 'stops', run: 1, manifest, progress: noProgress }, forever)).rejects.toThrow();
    world.broken.delete('firehose');
    const version = (await world.item('Profiles', 'm003'))?.version?.N;
    const ended = await apply({ modelId: 'stops', run: 1, manifest, progress: noProgress }, forever);
    expect(ended).toMatchObject({ done: true, progress: { scored: ALL, changed: ALL } });
    expect((await world.item('Profiles', 'm003'))?.version?.N).toBe(version);
    const [row] = await world.ask(`SELECT max(version) AS v FROM profiles WHERE profile_id = 'm003'`);
    expect(row?.v).toBe(version);
    // With time for one window only it says where it stands, and goes on there.
    let calls = 0;
    const short = { getRemainingTimeInMillis: () => (calls++ === 0 ? 60_000 : 0) };
    const first = await apply({ modelId: 'stops', run: 1, manifest, progress: noProgress }, short);
    expect(first).toMatchObject({ done: false, progress: { scored: 500, changed: 500 } });
    const second = await apply({ modelId: 'stops', run: 1, manifest, progress: first.progress }, forever);
    expect(second).toEqual({ done: true, progress: ended.progress });
    // From a place in the middle on, only the rest is scored.
    const rest = await apply({ modelId: 'stops', run: 1, manifest, progress: { ...noProgress, line: 150 } }, forever);
    expect(rest.progress.scored).toBeLessThan(ALL);
  });

  test('are never the beginning of a person, and do not stop at one who has no room', async () => {
    const { writeAttributes } = await import('../../../lambdas/audience/write-attributes.ts');
    const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
    const store = profiles(process.env.PROFILES_TABLE ?? '');
    const full = { a: Array.from({ length: 16 }, () => 'x'.repeat(2_000)) };
    await call(profilesApi, {
      route: 'PUT /v1/profiles/{profileId}',
      params: { profileId: 'full' },
      body: { attributes: full },
    });
    const rows: object[] = [];
    const ports = { profiles: store, appendProfiles: async (some: object[]) => void rows.push(...some) };
    const attributes = { long: 'y'.repeat(1_900) };
    await writeAttributes(
      ports,
      [
        { profileId: 'erased', attributes },
        { profileId: 'full', attributes },
        { profileId: 'm004', attributes: { z: 1 } },
      ],
      'p',
      2,
    );
    expect(await world.item('Profiles', 'erased')).toBeUndefined();
    expect(await attributesOf('full')).not.toHaveProperty('long');
    expect(rows).toMatchObject([{ profile_id: 'm004' }]);
  });
});

describe('each type of model', () => {
  test('clusters: everybody has one, as the report says', async () => {
    await put('kind', { type: 'clusters', clusters: { from: 3, to: 4 } });
    const { lastRun } = await wholeRun('kind');
    expect(lastRun).toMatchObject({ outcome: 'applied', scored: ALL, changed: ALL });
    const { report, applied } = await versionOf('kind', 1);
    const said = Object.fromEntries(
      (report as { clusters: { name: string; people: number }[] }).clusters.map(({ name, people }) => [name, people]),
    );
    expect(applied?.moved.none).toEqual(said);
    expect(Object.keys(said)).toContain((await attributesOf('m000')).kind_cluster);
  });

  test('propensity: everybody who bought has a band, and those who buy often are unlikely to stay away', async () => {
    await put('churn', { type: 'propensity', predicts: 'churn', horizonDays: 60 });
    const done = await wholeRun('churn');
    expect(done.lastRun).toMatchObject({ outcome: 'applied', scored: ALL });
    expect(done.versions[0]?.headline).toMatch(/^AUC 0\.\d{3} \(recency alone/);
    expect(await attributesOf('m000')).toMatchObject({ churn_band: 'low' });
    const { report, applied } = await versionOf('churn', 1);
    const bands = applied?.moved.none ?? {};
    expect(Object.keys(bands).every((band) => ['low', 'medium', 'high'].includes(band))).toBe(true);
    expect(Object.values(bands).reduce((sum, people) => sum + people, 0)).toBe(ALL);
    expect(report).toMatchObject({ horizonDays: 60, holdOut: { calibration: expect.any(Array) } });
  });

  test('lookalike of a segment: the likest others are marked', async () => {
    const segment = {
      all: [
        { attribute: 'city', equals: 'Paris' },
        { event: 'purchase', count: { atLeast: 1 } },
      ],
    };
    const created = await call(segments, { route: 'POST /v1/segments', body: { name: 'Parisians', segment } });
    const { id: segmentId } = created.body as { id: string };
    await put('like', { type: 'lookalike', seed: { segmentId }, topPercent: 20 });
    // The seed was drawn by lot as far as this model can see: it is held back until somebody looks, who uses it all the same.
    const held = await wholeRun('like');
    expect(held).toMatchObject({ lastRun: { outcome: 'held-back' }, versions: [{ number: 1 }] });
    expect(held.activeNumber).toBeUndefined();
    expect((await activate('like', 1)).status).toBe(202);
    const manifest = await unload('like', 2);
    const { progress } = await apply({ modelId: 'like', run: 2, manifest, progress: noProgress }, forever);
    await finish({ modelId: 'like', run: 2, progress });
    const { activeNumber, lastRun } = await get('like');
    expect([activeNumber, lastRun?.outcome]).toEqual([1, 'applied']);
    expect(progress.changed).toBeGreaterThanOrEqual(50);
    const marked = await Promise.all(PEOPLE.map(async (id) => await attributesOf(id)));
    expect(marked.filter((one) => one.like_match === 'similar' && one.city === 'Paris')).toEqual([]);
    expect(marked.filter((one) => one.like_match === 'similar')).toHaveLength(progress.changed);
    // The segment is in use now.
    const { usesOf } = await import('../../../lambdas/audience/uses.ts');
    expect(await usesOf(defs, { segmentId })).toEqual([{ kind: 'model', id: 'like', name: 'x' }]);
  });

  test('a version is applied as it was fitted, whatever the model has become', async () => {
    const segment = { attribute: 'city', equals: 'Paris' };
    const created = await call(segments, { route: 'POST /v1/segments', body: { name: 'Paris', segment } });
    const { id: segmentId } = created.body as { id: string };
    const seed = { segmentId };
    await put('same', { type: 'lookalike', seed, attributes: ['city'], historyDays: 400 });
    // Nobody outside the seed lives where it does: the model is sure, and marks the top share of others all the same.
    await wholeRun('same');
    const { version } = await get('same');
    await put(
      'same',
      { type: 'lookalike', seed: { segmentId }, attributes: [], historyDays: 30, purchase: { event: 'rented' } },
      version,
    );
    expect((await activate('same', 1)).status).toBe(202);
    const run = (await get('same')).run?.id ?? 0;
    world.flushLake();
    const manifest = await unload('same', run);
    const { progress } = await apply({ modelId: 'same', run, manifest, progress: noProgress }, forever);
    expect(progress.changed).toBe(0);
    expect(progress.moved.similar).toEqual({ similar: expect.any(Number) });
  });

  test('a small seed is refused with its reason', async () => {
    const segment = { attribute: 'city', equals: 'Oslo' };
    const created = await call(segments, { route: 'POST /v1/segments', body: { name: 'Oslo', segment } });
    const { id: segmentId } = created.body as { id: string };
    await put('few', { type: 'lookalike', seed: { segmentId } });
    expect(await wholeRun('few')).toMatchObject({
      lastRun: {
        outcome: 'failed',
        reason: 'The seed has 1 people with a profile; it takes 100 to see what they have in common',
      },
    });
    expect((await get('few')).versions).toEqual([]);
  });

  test('two versions side by side', async () => {
    const route = 'GET /v1/models/{modelId}/versions/{number}/comparison';
    const params = { modelId: 'rfm', number: '2' };
    expect((await call(models, { route, params, query: { with: '1' } })).body).toMatchObject({
      versions: [{ number: 2, people: ALL, applied: true }, { number: 1 }],
      figures: expect.arrayContaining([
        { name: 'share of champions', values: [expect.any(Number), expect.any(Number)] },
      ]),
    });
    expect((await call(models, { route, params, query: { with: '99' } })).status).toBe(404);
  });
});

describe('the schedule', () => {
  test('begins fits that are due, once, and names itself', async () => {
    await put('due', { type: 'rfm', schedule: { every: 'day', hour: 3 } });
    const stored = await defs.get<{ nextFitMs: number }>('model', 'due');
    expect(await refit()).toEqual({ begun: 0 });
    await defs.put('model', 'due', { ...stored?.body, version: 2, nextFitMs: Date.now() - 1 }, 1, 1);
    expect(await refit()).toEqual({ begun: 1 });
    expect(await refit()).toEqual({ begun: 0 });
    expect(await get('due')).toMatchObject({ run: { id: 1, by: 'schedule' }, nextFitMs: expect.any(Number) });
    expect(world.started.filter(({ name }) => name === 'due-1')).toHaveLength(1);
  });
});
