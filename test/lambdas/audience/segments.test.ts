import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { type AudienceWorld, audienceWorld } from './audience-world.ts';

let world: AudienceWorld;
let handler: ApiLambda;
const segment = {
  all: [{ event: 'purchase', count: { atLeast: 2 } }, { not: { attribute: 'city', equals: "L'Aquila" } }],
};

beforeAll(async () => {
  world = await audienceWorld();
  handler = (await import('../../../lambdas/audience/manage-segments.ts')).handler;
});
afterAll(() => world.stop());

const create = async (body: object = { name: 'Loyal', segment }) => call(handler, { route: 'POST /v1/segments', body });

describe('a segment', () => {
  it('is made, read, changed and listed', async () => {
    const made = await create();
    const { id } = made.body as { id: string };
    expect(made).toMatchObject({
      status: 201,
      headers: { location: `/v1/segments/${id}` },
      body: {
        ...{ version: 1, name: 'Loyal', segment, author: 'mia' },
        text: "People who did “purchase” at least 2 times and not (whose city is “L'Aquila”)",
      },
    });
    const params = { segmentId: id };
    const update = (body: object) => call(handler, { route: 'PUT /v1/segments/{segmentId}', params, body });
    const other = { field: 'email', exists: true };
    expect((await update({ name: 'Mail', segment: other, version: 1 })).body).toMatchObject({
      id,
      version: 2,
      name: 'Mail',
      segment: other,
    });
    expect(await update({ name: 'Late', segment: other, version: 1 })).toMatchObject({
      status: 409,
      body: { type: '/problems/version-conflict' },
    });
    expect((await call(handler, { route: 'GET /v1/segments/{segmentId}', params })).body).toMatchObject({
      version: 2,
      name: 'Mail',
    });
    const { body } = await call(handler, { route: 'GET /v1/segments', query: { limit: '1' } });
    expect(body).toMatchObject({ items: [{ id, name: 'Mail' }] });
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    const log = await readAudit(process.env.AUDIT_TABLE ?? '', { subject: `segment/${id}` }, 10);
    expect(log.items.map(({ action }) => action).sort()).toEqual(['create', 'update']);
  });
  it.each<[string, object]>([
    ['nothing', { name: 'x' }],
    ['an unknown field', { name: 'x', segment, colour: 'red' }],
    ['an unknown operator', { name: 'x', segment: { attribute: 'a', matches: '%' } }],
    ['a bomb', { name: 'x', segment: JSON.parse(`${'{"not":'.repeat(3_000)}{}${'}'.repeat(3_000)}`) as object }],
  ])('is not made of %s', async (_, body) =>
    expect(await create(body)).toMatchObject({ status: 400, body: { type: '/problems/invalid-body' } }),
  );
  it('is told what is wrong where', async () => {
    const wrong = {
      all: [
        { event: 'purchase', count: { atleast: 2 } },
        { attribute: 'a', before: 'yesterday' },
      ],
    };
    expect((await create({ name: 'x', segment: wrong })).body).toMatchObject({
      errors: [
        { path: 'segment.all.0.count.atleast', message: 'Unknown field' },
        { path: 'segment.all.0.count', message: expect.stringContaining('Ask exactly one of atLeast') },
        { path: 'segment.all.1.before', message: 'Not an ISO 8601 date' },
      ],
    });
  });
  it('has a language that can be read', async () => {
    const { status, body } = await call(handler, { route: 'GET /v1/segments/schema' });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Segment' },
    });
  });
  it('that does not exist is not found', async () => {
    const route = 'GET /v1/segments/{segmentId}';
    expect((await call(handler, { route, params: { segmentId: 'none' } })).status).toBe(404);
  });
});

describe('a segment that refers to others', () => {
  const params = (segmentId: string) => ({ params: { segmentId } });
  const idOf = async (body: object) => ((await create(body)).body as { id: string }).id;

  it('or to lists is refused when one does not exist, which says where each is', async () => {
    const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
    const defs = definitions(process.env.DEFINITIONS_TABLE ?? '');
    await defs.put('list', 'vip', { id: 'vip', name: 'VIP' }, 0, 1);
    await defs.put('list', 'gone', { id: 'gone', name: 'Gone', deletedMs: 1 }, 0, 1);
    const id = await idOf({ name: 'VIP', segment: { list: 'vip' } });
    const segment = {
      any: [{ all: [{ list: 'vip' }, { segment: 'none' }] }, { not: { list: 'gone' } }, { segment: id }],
    };
    const answer = {
      status: 422,
      body: {
        type: '/problems/invalid-reference',
        detail: 'There is no segment none; There is no list gone',
        errors: [
          { path: 'segment.any.0.all.1.segment', message: 'There is no segment none' },
          { path: 'segment.any.1.not.list', message: 'There is no list gone' },
        ],
      },
    };
    expect(await create({ name: 'x', segment })).toMatchObject(answer);
    const body = { name: 'x', segment, version: 1 };
    expect(await call(handler, { route: 'PUT /v1/segments/{segmentId}', ...params(id), body })).toMatchObject(answer);
  });

  it('may not come back to itself', async () => {
    const a = await idOf({ name: 'a', segment: { field: 'email', exists: true } });
    const b = await idOf({ name: 'b', segment: { segment: a } });
    const body = { name: 'a', segment: { not: { segment: b } }, version: 1 };
    expect(await call(handler, { route: 'PUT /v1/segments/{segmentId}', ...params(a), body })).toMatchObject({
      status: 422,
      body: { type: '/problems/invalid-segment', detail: `Segment ${a} would refer to itself` },
    });
  });
});
