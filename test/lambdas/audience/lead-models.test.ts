import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LeadModel } from '../../../core/audience/lead-model.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { approver, call } from '../api-call.ts';
import { input, type LeadWorld, leadWorld, operator, slug, viewer } from './lead-world.ts';

let leads: LeadWorld;
let manageModels: ApiLambda;

beforeAll(async () => {
  leads = await leadWorld();
  ({ manageModels } = leads);
});
afterAll(() => leads.world.stop());
beforeEach(() => leads.reset());

describe('a lead model', () => {
  test('gives points for the stage in another model', async () => {
    const fit = [{ label: 'x', where: [{ attribute: 'other_stage', equals: 'engaged' }], points: 9 }];
    expect((await leads.put('beside', { ...input, fit, version: 0 })).status).toBe(200);
  });

  test('is written, activated by another, paused, changed; each change is in the audit log', async () => {
    expect((await leads.put('life', { ...input, version: 0 })).body).toMatchObject({
      id: 'life',
      version: 1,
      state: 'draft',
    });
    expect(slug(await leads.act('activate', 'life', 1, { sub: 'mia', groups: ['approver'] }))).toBe(
      '403 /problems/own-approval',
    );
    expect((await leads.act('activate', 'life', 1, approver)).body).toMatchObject({
      version: 2,
      state: 'active',
      activatedBy: 'ada',
    });
    expect(slug(await leads.put('life', { ...input, version: 2 }))).toBe('409 /problems/state-conflict');
    expect((await leads.act('pause', 'life', 2, operator)).body).toMatchObject({ version: 3, state: 'paused' });
    expect((await leads.put('life', { ...input, name: 'B', version: 3 })).body).toMatchObject({
      version: 4,
      state: 'draft',
    });
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    const { items } = await readAudit(process.env.AUDIT_TABLE ?? '', { subject: 'lead-model/life' }, 10);
    expect(items.map(({ action, actor }) => [action, actor]).reverse()).toEqual([
      ['create', 'mia'],
      ['activate', 'ada'],
      ['pause', 'olga'],
      ['edit', 'mia'],
    ]);
  });

  test.each<[string, string, object, string]>([
    ['an older version', 'life', { ...input, version: 1 }, '409 /problems/version-conflict'],
    ['a new one with a version', 'nobody', { ...input, version: 1 }, '409 /problems/version-conflict'],
    ['an id that is no attribute', 'A-b', { ...input, version: 0 }, '400 /problems/invalid-body'],
    ['no rules', 'other', { ...input, rules: [], version: 0 }, '400 /problems/invalid-body'],
    [
      'an endpoint that there is not',
      'other',
      { ...input, stages: [input.stages[0], { ...input.stages[1], handOver: ['nope'] }], version: 0 },
      '422 /problems/invalid-reference',
    ],
    [
      'a reference table that there is not',
      'other',
      {
        ...input,
        rules: [{ ...input.rules[0], where: [{ reference: 'nope', by: 'sku', column: 'a', exists: true }] }],
        version: 0,
      },
      '422 /problems/invalid-reference',
    ],
    [
      'points for its own stage, which would never rest',
      'other',
      {
        ...input,
        fit: [{ label: 'x', where: [{ not: { attribute: 'other_stage', equals: 'engaged' } }], points: 9 }],
        version: 0,
      },
      '400 /problems/invalid-body',
    ],
  ])('%s is refused', async (_, id, body, problem) => {
    expect(slug(await leads.put(id, body))).toBe(problem);
  });

  test('is read by all, listed by id, and written by marketers only', async () => {
    expect(slug(await leads.put('other', { ...input, version: 0 }, viewer))).toBe('403 /problems/forbidden-role');
    const one = await call(manageModels, {
      route: 'GET /v1/lead-models/{modelId}',
      params: { modelId: 'life' },
      as: viewer,
    });
    expect(one.body).toMatchObject({ name: 'B' });
    const list = await call(manageModels, { route: 'GET /v1/lead-models', as: viewer });
    expect((list.body as { items: LeadModel[] }).items.map(({ id }) => id)).toContain('life');
    const none = await call(manageModels, {
      route: 'GET /v1/lead-models/{modelId}',
      params: { modelId: 'x' },
      as: viewer,
    });
    expect(slug(none)).toBe('404 /problems/not-found');
  });
});
