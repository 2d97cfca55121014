import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { approver, call } from '../api-call.ts';
import { type ModelWorld, modelWorld, purchase, type View } from './model-world.ts';

let model: ModelWorld;
let refitModels: typeof import('../../../lambdas/audience/refit-models.ts').handler;
beforeAll(async () => {
  model = await modelWorld();

  refitModels = (await import('../../../lambdas/audience/refit-models.ts')).handler;
}, 60_000);
afterAll(() => model.world.stop());

describe('the API of models', () => {
  test('takes a model, tells its attributes, and asks for the version that was read', async () => {
    expect(await model.put('api', { type: 'rfm' })).toMatchObject({
      status: 200,
      body: {
        id: 'api',
        version: 1,
        attributes: ['api_segment', 'api_recency', 'api_frequency', 'api_monetary'],
        versions: [],
      },
    });
    expect(await model.put('api', { type: 'rfm' })).toMatchObject({
      status: 409,
      body: { type: '/problems/version-conflict' },
    });
    expect(await model.put('api', { type: 'rfm', historyDays: 90 }, 1)).toMatchObject({
      body: { version: 2, model: { historyDays: 90 } },
    });
    expect(await model.put('api', { type: 'clusters' }, 2)).toMatchObject({
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
  ])('refuses %s', async (_, id, input, detail) => {
    const { status, body } = await model.put(id, input);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect((body as { detail: string }).detail).toContain(detail);
  });

  test('begins one run at a time, named after the run', async () => {
    await model.put('once', { type: 'rfm' });
    const first = await model.begin('once');
    expect(first).toMatchObject({ status: 202, body: { run: { id: 1, kind: 'fit', number: 1, by: 'mia' } } });
    expect(await model.begin('once')).toMatchObject({ status: 409, body: { type: '/problems/state-conflict' } });
    expect(model.world.started.filter(({ name }) => name.startsWith('once-'))).toEqual([
      { name: 'once-1', input: { modelId: 'once', run: 1 } },
    ]);
  });

  test('knows no other model, version, or activation', async () => {
    for (const route of ['GET /v1/models/{modelId}', 'DELETE /v1/models/{modelId}'] as const) {
      expect((await call(model.models, { route, params: { modelId: 'none' } })).status).toBe(404);
    }
    expect((await model.begin('none')).status).toBe(404);
    expect((await model.activate('api', 7)).status).toBe(404);
    for (const number of ['7', '0', 'x', '1e9']) {
      const route = 'GET /v1/models/{modelId}/versions/{number}';
      expect((await call(model.models, { route, params: { modelId: 'api', number } })).status).toBe(404);
    }
  });

  test('lets no approver define one', async () => {
    const body = { version: 0, model: { name: 'x', type: 'rfm', purchase } };
    expect(
      (await call(model.models, { route: 'PUT /v1/models/{modelId}', params: { modelId: 'a' }, body, as: approver }))
        .status,
    ).toBe(403);
  });

  test('deletes: a run that is on is gone, the list forgets it, its id may begin again', async () => {
    await model.put('gone', { type: 'rfm' });
    await model.begin('gone');
    expect(
      (await call(model.models, { route: 'DELETE /v1/models/{modelId}', params: { modelId: 'gone' } })).status,
    ).toBe(204);
    await expect(model.prepare({ modelId: 'gone', run: 1 })).rejects.toMatchObject({ name: 'RunGone' });
    await expect(model.finish({ modelId: 'gone', run: 1, failure: { Error: 'x' } })).rejects.toMatchObject({
      name: 'RunGone',
    });
    const page = (await call(model.models, { route: 'GET /v1/models' })).body as { items: View[] };
    expect(page.items.map(({ id }) => id)).not.toContain('gone');
    expect(await model.put('gone', { type: 'clusters' })).toMatchObject({ status: 200, body: { versions: [] } });
  });
});

describe('the schedule', () => {
  test('begins fits that are due, once, and names itself', async () => {
    await model.put('due', { type: 'rfm', schedule: { every: 'day', hour: 3 } });
    const stored = await model.defs.get<{ nextFitMs: number }>('model', 'due');
    expect(await refitModels()).toEqual({ begun: 0 });
    await model.defs.put('model', 'due', { ...stored?.body, version: 2, nextFitMs: Date.now() - 1 }, 1, 1);
    expect(await refitModels()).toEqual({ begun: 1 });
    expect(await refitModels()).toEqual({ begun: 0 });
    expect(await model.get('due')).toMatchObject({ run: { id: 1, by: 'schedule' }, nextFitMs: expect.any(Number) });
    expect(model.world.started.filter(({ name }) => name === 'due-1')).toHaveLength(1);
  });
});
