import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { approver, type Call, call } from '../api-call.ts';
import { DAY, event, input, type LeadWorld, leadWorld, operator, slug, viewer } from './lead-world.ts';

let leads: LeadWorld;
let manageLeads: ApiLambda;

beforeAll(async () => {
  leads = await leadWorld();
  manageLeads = (await import('../../../lambdas/audience/manage-leads.ts')).handler;
});
afterAll(() => leads.world.stop());
beforeEach(() => leads.reset());

describe('leads by API', () => {
  const get = (profileId: string) =>
    call(manageLeads, { route: 'GET /v1/profiles/{profileId}/leads', params: { profileId }, as: viewer });
  const list = (query: Record<string, string>) => call(manageLeads, { route: 'GET /v1/leads', query, as: viewer });
  const setStage = (profileId: string, modelId: string, body: object, as?: Call['as']) =>
    call(manageLeads, {
      route: 'PUT /v1/profiles/{profileId}/leads/{modelId}/stage',
      params: { profileId, modelId },
      body,
      ...(as && { as }),
    });

  test('a person’s leads: score now, stage, why, history; points of the profile as it is now', async () => {
    const model = await leads.activeModel('shown', {
      fit: [{ label: 'Big', where: [{ attribute: 'size', atLeast: 200 }], points: 5 }],
    });
    const nowMs = Date.now();
    await leads.see(model, event('pricing', 'ada', nowMs - 5 * DAY), nowMs);
    const { items } = (await get('ada')).body as { items: { modelId: string }[] };
    expect(items.find(({ modelId }) => modelId === 'shown')).toMatchObject({
      ...{ profileId: 'ada', stage: 'engaged', score: 19.14 },
      why: [
        { label: 'Price', points: 14.14, times: 1 },
        { label: 'Big', points: 5 },
      ],
      history: [{ stage: 'engaged', cause: 'score' }],
    });
    expect((await get('nobody')).body).toEqual({ items: [] });
    expect(slug(await get('anonymous:x'))).toBe('404 /problems/not-found');
  });

  test('by stage, the newest change first, page by page', async () => {
    const model = await leads.activeModel('listed');
    const nowMs = Date.now();
    for (const [n, name] of ['k1', 'k2', 'k3'].entries())
      await leads.see(model, event('pricing', name, nowMs + n), nowMs + n);
    await leads.see(model, event('view', 'k4'));
    const page = await list({ modelId: 'listed', stage: 'engaged', limit: '2' });
    const { items, cursor } = page.body as { items: { profileId: string }[]; cursor: string };
    expect(items.map(({ profileId }) => profileId)).toEqual(['k3', 'k2']);
    const next = await list({ modelId: 'listed', stage: 'engaged', limit: '2', cursor });
    expect((next.body as { items: object[] }).items).toMatchObject([{ profileId: 'k1', score: 20 }]);
    expect((await list({ modelId: 'listed', stage: 'subscriber' })).body).toEqual({ items: [] });
    expect(slug(await list({ modelId: 'nope', stage: 'engaged' }))).toBe('404 /problems/not-found');
    expect(slug(await list({ stage: 'engaged' }))).toBe('400 /problems/invalid-query');
    expect(slug(await list({ modelId: 'listed', stage: 'engaged', cursor: 'x' }))).toBe('400 /problems/invalid-query');
  });

  test('a stage set by hand is pinned, audited and published; null lets the score decide again', async () => {
    await leads.activeModel('hand');
    const answer = await setStage('ada', 'hand', { stage: 'customer', note: 'Signed' });
    expect(answer.body).toMatchObject({ stage: 'customer', pin: { by: 'mia', note: 'Signed' }, score: 0 });
    expect(await leads.changes()).toMatchObject([{ cause: 'person', by: 'mia', handOver: ['sales'] }]);
    await setStage('ada', 'hand', { stage: 'customer' });
    expect(await leads.changes()).toEqual([]);
    const released = await setStage('ada', 'hand', { stage: null });
    expect(released.body).toMatchObject({ stage: 'subscriber' });
    expect(released.body).not.toHaveProperty('pin');
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    const { items } = await readAudit(process.env.AUDIT_TABLE ?? '', { subject: 'profile/ada' }, 10);
    expect(items.filter(({ action }) => action === 'lead-stage').map(({ detail }) => detail)).toContain(
      'hand: customer',
    );
  });

  test.each<[string, string, string, object, string]>([
    ['a stage that there is not', 'ada', 'hand', { stage: 'boss' }, '422 /problems/invalid-reference'],
    ['a model that there is not', 'ada', 'nope', { stage: 'engaged' }, '404 /problems/not-found'],
    ['somebody whom nobody knows', 'stranger', 'hand', { stage: 'engaged' }, '404 /problems/not-found'],
    ['letting go of no lead', 'ada', 'free', { stage: null }, '404 /problems/not-found'],
    ['no stage', 'ada', 'hand', {}, '400 /problems/invalid-body'],
  ])('%s is refused', async (_, profileId, modelId, body, problem) => {
    if (modelId === 'free') await leads.activeModel('free');
    expect(slug(await setStage(profileId, modelId, body))).toBe(problem);
  });

  test('a model that nobody has activated as it is moves nobody, also not by hand', async () => {
    await leads.put('drafted', { ...input, version: 0 });
    for (const stage of ['qualified', null]) {
      expect(slug(await setStage('ada', 'drafted', { stage }))).toBe('409 /problems/state-conflict');
    }
    await leads.act('activate', 'drafted', 1, approver);
    await leads.act('pause', 'drafted', 2, operator);
    expect((await setStage('ada', 'drafted', { stage: 'engaged' })).body).toMatchObject({ stage: 'engaged' });
    await leads.put('drafted', { ...input, version: 3 });
    expect(slug(await setStage('ada', 'drafted', { stage: 'qualified' }))).toBe('409 /problems/state-conflict');
    expect(await leads.changes()).toMatchObject([{ stage: 'engaged' }]);
  });

  test('a stage is set by those who write profiles only', async () => {
    expect(slug(await setStage('ada', 'hand', { stage: 'customer' }, viewer))).toBe('403 /problems/forbidden-role');
  });
});
