import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let handler: ApiLambda;
let defs: Definitions;
beforeAll(async () => {
  tables = await startTables();
  handler = (await import('../../../lambdas/audience/manage-audiences.ts')).handler;
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  await defs.put('list', 'vip', { id: 'vip', name: 'VIP' }, 0, 1);
  await defs.put('segment', 'recent', { name: 'Recent', segment: { field: 'email', exists: true } }, 0, 1);
});
afterAll(() => tables.stop());

const difference = { difference: [{ list: 'vip' }, { segment: 'recent' }] };
const create = (audience: object = difference) =>
  call(handler, { route: 'POST /v1/audiences', body: { name: 'VIP, not recent', audience } });
const idOf = async () => ((await create()).body as { id: string }).id;
const at = (method: string, audienceId: string, body?: object, path = '') =>
  call(handler, { route: `${method} /v1/audiences/{audienceId}${path}`, params: { audienceId }, body });

describe('an audience', () => {
  it('is made, read, changed, listed and audited', async () => {
    const made = await create();
    const { id } = made.body as { id: string };
    expect(made).toMatchObject({
      status: 201,
      headers: { location: `/v1/audiences/${id}` },
      body: { version: 1, audience: difference, author: 'mia' },
    });
    const audience = { union: [{ list: 'vip' }] };
    expect((await at('PUT', id, { name: 'VIP', audience, version: 1 })).body).toMatchObject({ version: 2, audience });
    expect(await at('PUT', id, { name: 'Late', audience, version: 1 })).toMatchObject({
      status: 409,
      body: { type: '/problems/version-conflict' },
    });
    expect((await at('GET', id)).body).toMatchObject({ name: 'VIP', version: 2 });
    const { body } = await call(handler, { route: 'GET /v1/audiences', query: { limit: '1' } });
    expect(body).toMatchObject({ items: [{ id, name: 'VIP' }] });
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    const log = await readAudit('audit', { subject: `audience/${id}` }, 10);
    expect(log.items.map(({ action }) => action).sort()).toEqual(['create', 'update']);
  });

  it.each<[string, object, string, string]>([
    ['a segment', { union: [{ segment: 'no' }] }, 'audience.union.0.segment', 'There is no segment no'],
    ['a list', { difference: [{ list: 'vip' }, { list: 'no' }] }, 'audience.difference.1.list', 'There is no list no'],
  ])('of %s that does not exist is refused', async (_, audience, path, detail) => {
    const errors = [{ path, message: detail }];
    const answer = { status: 422, body: { type: '/problems/invalid-reference', detail, errors } };
    expect(await create(audience)).toMatchObject(answer);
    expect(await at('PUT', await idOf(), { name: 'x', audience, version: 1 })).toMatchObject(answer);
  });

  it('that is no set expression is refused', async () =>
    expect(await create({ union: [] })).toMatchObject({ status: 400, body: { type: '/problems/invalid-body' } }));

  it('is deleted, and gone', async () => {
    const id = await idOf();
    expect((await at('DELETE', id)).status).toBe(204);
    for (const [method, body] of [
      ['GET'],
      ['DELETE'],
      ['PUT', { name: 'x', audience: difference, version: 2 }],
    ] as const)
      expect((await at(method, id, body)).status).toBe(404);
    const { body } = await call(handler, { route: 'GET /v1/audiences', query: { limit: '1' } });
    expect(body).toMatchObject({ items: [] });
  });

  it('is not deleted while a campaign uses it', async () => {
    const id = await idOf();
    const campaign = { id: 'c', name: 'Sale', state: 'scheduled', audience: { audienceId: id } };
    await defs.put('campaign', 'c', campaign, 0, 1);
    const uses = [{ kind: 'campaign', id: 'c', name: 'Sale' }];
    expect(await at('DELETE', id)).toMatchObject({ status: 409, body: { type: '/problems/in-use', uses } });
    expect((await at('GET', id, undefined, '/uses')).body).toEqual({ items: uses });
    await defs.put('campaign', 'c', { ...campaign, state: 'finished' }, 1, 2);
    expect((await at('DELETE', id)).status).toBe(204);
  });
});
