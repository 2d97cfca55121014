import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../api-call.ts';
import { ALL, forever, type ModelWorld, modelWorld, noProgress, purchase } from './model-world.ts';

let model: ModelWorld;

beforeAll(async () => {
  model = await modelWorld();
  await model.openShop();
}, 60_000);
afterAll(() => model.world.stop());

describe('a run', () => {
  test('waits for the outbox of its start, and for the lake after the run before', async () => {
    await model.put('wait', { type: 'rfm' });
    await model.defs.put('model', 'wait', { run: { id: 9 } }, 1, 1, [
      { effect: 'start-execution', machine: 'fit-model', name: 'n', input: {} },
    ]);
    await expect(model.prepare({ modelId: 'wait', run: 9 })).rejects.toMatchObject({ name: 'NotReady' });
    await model.defs.clearOutbox('model', 'wait', 2);
    const body = {
      id: 'wait',
      input: { type: 'rfm', purchase, historyDays: 30 },
      run: { id: 9, kind: 'fit', startedMs: 1 },
    };
    await model.defs.put('model', 'wait', { ...body, lastRun: { id: 8, endedMs: Date.now() - 170_000 } }, 2, 1);
    await expect(model.prepare({ modelId: 'wait', run: 9 })).rejects.toMatchObject({ name: 'NotReady' });
    await model.defs.put('model', 'wait', { ...body, lastRun: { id: 8, endedMs: Date.now() - 181_000 } }, 3, 1);
    expect(await model.prepare({ modelId: 'wait', run: 9 })).toMatchObject({ fits: true, database: 'herald' });
  });

  test('that fails leaves the active version and its values, and says why', async () => {
    await model.put('fails', { type: 'rfm' });
    await model.wholeRun('fails');
    await model.begin('fails');
    const failure = { Error: 'Unfit', Cause: JSON.stringify({ errorType: 'Unfit', errorMessage: 'too few' }) };
    await model.finish({ modelId: 'fails', run: 2, failure });
    expect(await model.get('fails')).toMatchObject({
      activeNumber: 1,
      lastRun: { outcome: 'failed', reason: 'too few' },
    });
    await model.begin('fails');
    await model.finish({ modelId: 'fails', run: 3, failure: { Error: 'Lambda.Timeout', Cause: 'x' } });
    const { lastRun, run } = await model.get('fails');
    expect([lastRun?.reason, run]).toEqual(['Stopped by an error on our side: Lambda.Timeout', undefined]);
    expect(await model.attributesOf('m000')).toMatchObject({ fails_segment: 'champions' });
  });
});

describe('values', () => {
  test('are written to people who have others, once, and again only where they changed', async () => {
    await model.put('rfm', { type: 'rfm' });
    const first = await model.wholeRun('rfm');
    expect(first).toMatchObject({ activeNumber: 1, lastRun: { outcome: 'applied', scored: ALL, changed: ALL } });
    expect(await model.versionOf('rfm', 1)).toMatchObject({ people: ALL, sampled: ALL, applied: { changed: ALL } });

    const own = (await model.attributesOf('m001')).rfm_segment as string;
    const before = (await model.world.item('Profiles', 'm000'))?.version?.N;
    const second = await model.wholeRun('rfm');
    expect(second.lastRun).toMatchObject({ scored: ALL, changed: 0 });
    expect((await model.world.item('Profiles', 'm000'))?.version?.N).toBe(before);
    const { drift } = await model.versionOf('rfm', 2);
    expect(Object.values(drift ?? {}).every(({ verdict }) => verdict === 'stable')).toBe(true);

    // Somebody changed one by hand, another has a value though they never bought.
    await model.putProfile('m001', { rfm_segment: 'lost' });
    await model.putProfile('idle', { rfm_segment: 'loyal', city: 'Oslo' });
    expect((await model.wholeRun('rfm')).lastRun).toMatchObject({ scored: ALL + 1, changed: 2 });
    expect(await model.attributesOf('m001')).toMatchObject({ rfm_segment: own });
    expect(await model.attributesOf('idle')).toEqual({ city: 'Oslo' });
    expect((await model.versionOf('rfm', 3)).applied?.moved).toMatchObject({ lost: { [own]: 1 }, loyal: { none: 1 } });
  });

  test('are in the lake under the version that the profile has, once', async () => {
    const rows = await model.world.ask(
      `SELECT version, count(*) AS n FROM profiles WHERE profile_id = 'm002' GROUP BY version ORDER BY version`,
    );
    const stored = Number((await model.world.item('Profiles', 'm002'))?.version?.N);
    expect(rows.map(({ version, n }) => [Number(version), Number(n)])).toEqual(
      Array.from({ length: stored }, (_, n) => [n + 1, 1]),
    );
  });

  test('a writer that stops in the middle goes on there; one that crashed writes nothing twice', async () => {
    await model.put('stops', { type: 'rfm' });
    await model.begin('stops');
    const manifest = await model.unload('stops', 1);
    await model.fitting({ modelId: 'stops', run: 1, manifest });
    // The lake refuses rows: profiles are written, the task fails, and is tried again.
    model.world.broken.add('firehose');
    await expect(model.apply({ modelId: 'stops', run: 1, manifest, progress: noProgress }, forever)).rejects.toThrow();
    model.world.broken.delete('firehose');
    const version = (await model.world.item('Profiles', 'm003'))?.version?.N;
    const ended = await model.apply({ modelId: 'stops', run: 1, manifest, progress: noProgress }, forever);
    expect(ended).toMatchObject({ done: true, progress: { scored: ALL, changed: ALL } });
    expect((await model.world.item('Profiles', 'm003'))?.version?.N).toBe(version);
    const [row] = await model.world.ask(`SELECT max(version) AS v FROM profiles WHERE profile_id = 'm003'`);
    expect(row?.v).toBe(version);
    // With time for one window only it says where it stands, and goes on there.
    let calls = 0;
    const short = { getRemainingTimeInMillis: () => (calls++ === 0 ? 60_000 : 0) };
    const first = await model.apply({ modelId: 'stops', run: 1, manifest, progress: noProgress }, short);
    expect(first).toMatchObject({ done: false, progress: { scored: 500, changed: 500 } });
    const second = await model.apply({ modelId: 'stops', run: 1, manifest, progress: first.progress }, forever);
    expect(second).toEqual({ done: true, progress: ended.progress });
    // From a place in the middle on, only the rest is scored.
    const rest = await model.apply(
      { modelId: 'stops', run: 1, manifest, progress: { ...noProgress, line: 150 } },
      forever,
    );
    expect(rest.progress.scored).toBeLessThan(ALL);
  });

  test('are never the beginning of a person, and do not stop at one who has no room', async () => {
    const { writeAttributes } = await import('../../../lambdas/audience/write-attributes.ts');
    const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
    const store = profiles(process.env.PROFILES_TABLE ?? '');
    const full = { a: Array.from({ length: 16 }, () => 'x'.repeat(2_000)) };
    await model.putProfile('full', full);
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
    expect(await model.world.item('Profiles', 'erased')).toBeUndefined();
    expect(await model.attributesOf('full')).not.toHaveProperty('long');
    expect(rows).toMatchObject([{ profile_id: 'm004' }]);
  });

  test('two versions side by side', async () => {
    const route = 'GET /v1/models/{modelId}/versions/{number}/comparison';
    const params = { modelId: 'rfm', number: '2' };
    expect((await call(model.models, { route, params, query: { with: '1' } })).body).toMatchObject({
      versions: [{ number: 2, people: ALL, applied: true }, { number: 1 }],
      figures: expect.arrayContaining([
        { name: 'share of champions', values: [expect.any(Number), expect.any(Number)] },
      ]),
    });
    expect((await call(model.models, { route, params, query: { with: '99' } })).status).toBe(404);
  });
});
