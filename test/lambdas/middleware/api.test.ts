import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { listQuery } from '../../../core/access/page.ts';
import type { Route } from '../../../core/access/route.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { approver, call, marketer } from '../api-call.ts';
import { startTables } from '../tables.ts';

const subject = { city: z.string() };
const rule = z.union([
  z.strictObject({ all: z.array(z.union([z.strictObject({ ...subject, is: z.string() }), z.strictObject(subject)])) }),
  z.strictObject({ age: z.union([z.strictObject({ atLeast: z.number() }), z.strictObject({ atMost: z.number() })]) }),
]);

const routes = [
  {
    operationId: 'createThing',
    method: 'POST',
    path: '/v1/things',
    summary: 'Make a thing',
    handler: 'strategy/manage-things',
    roles: ['marketer', 'admin'],
    body: z.strictObject({
      name: z.string().check(z.minLength(1)),
      sizes: z.optional(z.array(z.int())),
      free: z.optional(z.json()),
      rule: z.optional(rule),
    }),
    create: true,
    success: { status: 201, description: 'The thing' },
    errors: [],
  },
  {
    operationId: 'listThings',
    method: 'GET',
    path: '/v1/things',
    summary: 'List things',
    handler: 'strategy/manage-things',
    roles: ['viewer', 'marketer'],
    query: listQuery,
    success: { status: 200, description: 'Things' },
    errors: [],
  },
  {
    operationId: 'getThing',
    method: 'GET',
    path: '/v1/things/{thingId}',
    summary: 'Read a thing',
    handler: 'strategy/manage-things',
    roles: ['viewer', 'marketer'],
    success: { status: 200, description: 'It' },
    errors: [],
  },
  {
    operationId: 'getOpen',
    method: 'GET',
    path: '/v1/open/{openId}',
    summary: 'Read something open',
    handler: 'strategy/manage-things',
    roles: 'public',
    success: { status: 200, description: 'It' },
    errors: [],
  },
] as const satisfies readonly Route[];

let tables: Awaited<ReturnType<typeof startTables>>;
let handler: ApiLambda;
let made: string[] = [];
let during: () => Promise<void> | void = () => {};

beforeAll(async () => {
  tables = await startTables();
  const { apiHandler } = await import('../../../lambdas/middleware/api.ts');
  const { Problem } = await import('../../../lambdas/middleware/problem.ts');
  handler = apiHandler(
    'strategy/manage-things',
    routes,
    {
      createThing: async ({ body }) => {
        await during();
        if (body.name === 'forbidden') throw new Problem('state-conflict', 'Not that one');
        if (body.name === 'broken') throw new Error('secret details of the inside');
        if (body.name === 'throttled') throw Object.assign(new Error('slow'), { name: 'ThrottlingException' });
        if (body.name === 'stale') throw Object.assign(new Error('v2'), { name: 'VersionConflict' });
        made.push(body.name);
        return { body: { number: made.length, ...body }, headers: { location: `/v1/things/${made.length}` } };
      },
      listThings: async ({ query, actor, roles }) => ({ body: { query, actor, roles } }),
      getThing: async ({ params }) => ({ body: params }),
      getOpen: async ({ params, actor, query, body }) => ({ body: { params, actor, query, body: body ?? null } }),
    },
    'idempotency',
  );
});
afterAll(() => tables.stop());

const create = (body: unknown, headers: Record<string, string> = {}, as = marketer) =>
  call(handler, { route: 'POST /v1/things', body, headers, as });
const type = (reply: { body: unknown }) => (reply.body as { type: string }).type;

describe('a request', () => {
  test('gets the status, the body and the headers of its operation', async () => {
    expect(await create({ name: 'a' })).toEqual({
      status: 201,
      headers: { 'content-type': 'application/json', location: `/v1/things/${made.length}` },
      body: { number: made.length, name: 'a' },
    });
  });
  test('query parameters are converted, with defaults', async () => {
    const ask = (query?: Record<string, string>) => call(handler, { route: 'GET /v1/things', ...(query && { query }) });
    expect((await ask()).body).toEqual({ query: { limit: 20 }, actor: 'mia', roles: ['marketer'] });
    expect((await ask({ limit: '3', cursor: 'c' })).body).toMatchObject({ query: { limit: 3, cursor: 'c' } });
  });
  test.each([
    { limit: '0' },
    { limit: '101' },
    { limit: '1.5' },
    { limit: 'x' },
    { limit: '' },
    { cursor: '' },
    { page: '2' },
  ])('the query %j is refused', async (query) => {
    const reply = await call(handler, { route: 'GET /v1/things', query: query as Record<string, string> });
    expect([reply.status, type(reply)]).toEqual([400, '/problems/invalid-query']);
  });
  test('a public route needs nobody', async () => {
    const reply = await handler(
      {
        version: '2.0',
        routeKey: 'GET /v1/open/{openId}',
        headers: {},
        pathParameters: { openId: '7' },
        requestContext: { requestId: 'r' },
      } as never,
      {} as never,
    );
    expect(JSON.parse(reply.body ?? '')).toEqual({ params: { openId: '7' }, actor: '', query: {}, body: null });
  });
});

test('an id that is longer than any is of nothing', async () => {
  const reply = await call(handler, {
    route: 'GET /v1/things/{thingId}',
    params: { thingId: 'é'.repeat(513) },
    as: marketer,
  });
  expect([reply.status, type(reply)]).toEqual([404, '/problems/not-found']);
});

describe('bad input', () => {
  test.each([
    ['{"name":', 400, 'malformed-json'],
    ['', 400, 'invalid-body'],
    ['null', 400, 'invalid-body'],
    ['{"name": "a", "__proto__": {}}', 400, 'invalid-body'],
    ['{"name": "a", "sizes": [{"\\u005f_proto__": 1}]}', 400, 'invalid-body'],
    [{ name: '' }, 400, 'invalid-body'],
    [{ name: 'a', color: 'red' }, 400, 'invalid-body'],
    [{ name: 'forbidden' }, 409, 'state-conflict'],
    [{ name: 'stale' }, 409, 'version-conflict'],
    [{ name: 'throttled' }, 503, 'unavailable'],
    [{ name: 'broken' }, 500, 'internal-error'],
  ])('%j → %i %s', async (body, status, slug) => {
    const reply = await create(body);
    expect([reply.status, type(reply)]).toEqual([status, `/problems/${slug}`]);
    expect(reply.headers['content-type']).toBe('application/problem+json');
    expect(JSON.stringify(reply.body)).not.toContain('secret details');
  });

  test('every wrong field is named, in words', async () => {
    const reply = await create({ sizes: [1, 'x'], color: 'red', tone: 1 });
    expect((reply.body as { errors: unknown }).errors).toEqual([
      { path: 'name', message: 'Invalid input: expected string, received undefined' },
      { path: 'sizes.1', message: 'Invalid input: expected number, received string' },
      { path: 'color', message: 'Unknown field' },
      { path: 'tone', message: 'Unknown field' },
    ]);
  });

  test.each([
    [{ all: [{ city: 'Paris' }, { city: 'Paris', iss: 'x' }] }, [['rule.all.1.iss', 'Unknown field']]],
    [{ all: [{ city: 7 }] }, [['rule.all.0.city', 'Invalid input: expected string, received number']]],
    [{ age: {} }, [['rule.age', 'Invalid input']]],
    // However many faults it has: the other choice does not know `all`.
    [
      { all: [{ city: 1 }, { city: 2 }, { city: 3 }] },
      [0, 1, 2].map((n) => [`rule.all.${n}.city`, 'Invalid input: expected string, received number']),
    ],
  ])('of a choice it tells what is wrong in what was meant: %j', async (wrong, errors) => {
    const reply = await create({ name: 'a', rule: wrong });
    expect((reply.body as { errors: object }).errors).toEqual(errors.map(([path, message]) => ({ path, message })));
  });

  test('neither depth nor a multitude of wrong fields breaks the answer', async () => {
    const deep = await create(`{"name":"a","free":${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
    expect([deep.status, type(deep)]).toEqual([400, '/problems/invalid-body']);
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`field${n}`, 1]));
    const wide = await create({ name: 'a', ...many });
    expect(wide.status).toBe(400);
    expect(JSON.stringify(wide.body).length).toBeLessThan(10_000);
  });

  test('a wrong role learns nothing of the body', async () => {
    const reply = await create('{"name":', {}, approver);
    expect([reply.status, type(reply)]).toEqual([403, '/problems/forbidden-role']);
    const nobody = await create({ name: 'a' }, {}, { sub: 'x', groups: [] });
    expect(nobody.status).toBe(403);
  });
});

describe('Idempotency-Key', () => {
  const keyed = (key: string, body: unknown, as = marketer) => create(body, { 'idempotency-key': key }, as);

  test('the same key and body create once and get the same answer', async () => {
    made = [];
    const first = await keyed('k1', { name: 'once', sizes: [1] });
    const again = await keyed('k1', { sizes: [1], name: 'once' });
    expect(again).toEqual(first);
    expect(made).toEqual(['once']);
  });
  test('another body with the key is refused', async () => {
    await keyed('k2', { name: 'a' });
    const reply = await keyed('k2', { name: 'b' });
    expect([reply.status, type(reply)]).toEqual([422, '/problems/idempotency-key-reused']);
  });
  test('the key of one person is not that of another', async () => {
    made = [];
    await keyed('k3', { name: 'mine' });
    await keyed('k3', { name: 'theirs' }, { sub: 'moe', groups: ['marketer'] });
    expect(made).toEqual(['mine', 'theirs']);
  });
  test('while the first runs, the second is told so', async () => {
    made = [];
    let second: Awaited<ReturnType<typeof keyed>> | undefined;
    during = async () => {
      during = () => {};
      second = await keyed('k4', { name: 'slow' });
    };
    const first = await keyed('k4', { name: 'slow' });
    expect(first.status).toBe(201);
    expect([second?.status, second && type(second)]).toEqual([409, '/problems/request-in-progress']);
    expect(made).toEqual(['slow']);
  });
  test('a call that failed may be repeated', async () => {
    made = [];
    during = () => {
      during = () => {};
      throw new Error('lost');
    };
    expect((await keyed('k5', { name: 'again' })).status).toBe(500);
    expect((await keyed('k5', { name: 'again' })).status).toBe(201);
    expect(made).toEqual(['again']);
  });
  test('a key that is too long is refused', async () => {
    const reply = await keyed('k'.repeat(201), { name: 'a' });
    expect([reply.status, type(reply)]).toEqual([400, '/problems/invalid-header']);
  });
});
