import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { ALL, forever, type ModelWorld, modelWorld, noProgress, PEOPLE } from './model-world.ts';

let model: ModelWorld;
let segments: ApiLambda;
beforeAll(async () => {
  model = await modelWorld();
  await model.openShop();
  segments = (await import('../../../lambdas/audience/manage-segments.ts')).handler;
}, 60_000);
afterAll(() => model.world.stop());

describe('each type of model', () => {
  test('clusters: everybody has one, as the report says', async () => {
    await model.put('kind', { type: 'clusters', clusters: { from: 3, to: 4 } });
    const { lastRun } = await model.wholeRun('kind');
    expect(lastRun).toMatchObject({ outcome: 'applied', scored: ALL, changed: ALL });
    const { report, applied } = await model.versionOf('kind', 1);
    const said = Object.fromEntries(
      (report as { clusters: { name: string; people: number }[] }).clusters.map(({ name, people }) => [name, people]),
    );
    expect(applied?.moved.none).toEqual(said);
    expect(Object.keys(said)).toContain((await model.attributesOf('m000')).kind_cluster);
  });

  test('propensity: everybody who bought has a band, and those who buy often are unlikely to stay away', async () => {
    await model.put('churn', { type: 'propensity', predicts: 'churn', horizonDays: 60 });
    const done = await model.wholeRun('churn');
    expect(done.lastRun).toMatchObject({ outcome: 'applied', scored: ALL });
    expect(done.versions[0]?.headline).toMatch(/^AUC 0\.\d{3} \(recency alone/);
    expect(await model.attributesOf('m000')).toMatchObject({ churn_band: 'low' });
    const { report, applied } = await model.versionOf('churn', 1);
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
    await model.put('like', { type: 'lookalike', seed: { segmentId }, topPercent: 20 });
    // The seed was drawn by lot as far as this model can see: it is held back until somebody looks, who uses it all the same.
    const held = await model.wholeRun('like');
    expect(held).toMatchObject({ lastRun: { outcome: 'held-back' }, versions: [{ number: 1 }] });
    expect(held.activeNumber).toBeUndefined();
    expect((await model.activate('like', 1)).status).toBe(202);
    const manifest = await model.unload('like', 2);
    const { progress } = await model.apply({ modelId: 'like', run: 2, manifest, progress: noProgress }, forever);
    await model.finish({ modelId: 'like', run: 2, progress });
    const { activeNumber, lastRun } = await model.get('like');
    expect([activeNumber, lastRun?.outcome]).toEqual([1, 'applied']);
    expect(progress.changed).toBeGreaterThanOrEqual(50);
    const marked = await Promise.all(PEOPLE.map(async (id) => await model.attributesOf(id)));
    expect(marked.filter((one) => one.like_match === 'similar' && one.city === 'Paris')).toEqual([]);
    expect(marked.filter((one) => one.like_match === 'similar')).toHaveLength(progress.changed);
    // The segment is in use now.
    const { usesOf } = await import('../../../lambdas/audience/uses.ts');
    expect(await usesOf(model.defs, { segmentId })).toEqual([{ kind: 'model', id: 'like', name: 'x' }]);
  });

  test('a version is applied as it was fitted, whatever the model has become', async () => {
    const segment = { attribute: 'city', equals: 'Paris' };
    const created = await call(segments, { route: 'POST /v1/segments', body: { name: 'Paris', segment } });
    const { id: segmentId } = created.body as { id: string };
    const seed = { segmentId };
    await model.put('same', { type: 'lookalike', seed, attributes: ['city'], historyDays: 400 });
    // Nobody outside the seed lives where it does: the model is sure, and marks the top share of others all the same.
    await model.wholeRun('same');
    const { version } = await model.get('same');
    await model.put(
      'same',
      { type: 'lookalike', seed: { segmentId }, attributes: [], historyDays: 30, purchase: { event: 'rented' } },
      version,
    );
    expect((await model.activate('same', 1)).status).toBe(202);
    const run = (await model.get('same')).run?.id ?? 0;
    model.world.flushLake();
    const manifest = await model.unload('same', run);
    const { progress } = await model.apply({ modelId: 'same', run, manifest, progress: noProgress }, forever);
    expect(progress.changed).toBe(0);
    expect(progress.moved.similar).toEqual({ similar: expect.any(Number) });
  });

  test('a small seed is refused with its reason', async () => {
    const segment = { attribute: 'city', equals: 'Oslo' };
    const created = await call(segments, { route: 'POST /v1/segments', body: { name: 'Oslo', segment } });
    const { id: segmentId } = created.body as { id: string };
    await model.put('few', { type: 'lookalike', seed: { segmentId } });
    expect(await model.wholeRun('few')).toMatchObject({
      lastRun: {
        outcome: 'failed',
        reason: 'The seed has 0 people with a profile; it takes 100 to see what they have in common',
      },
    });
    expect((await model.get('few')).versions).toEqual([]);
  });
});
