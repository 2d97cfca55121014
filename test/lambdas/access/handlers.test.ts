import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../../core/access/routes.ts';
import { opens, parseApiKey, type Source } from '../../../core/access/source.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let sources: ApiLambda;
let audit: ApiLambda;
let openapi: ApiLambda;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;
beforeAll(async () => {
  tables = await startTables();
  sources = (await import('../../../lambdas/access/manage-sources.ts')).handler;
  audit = (await import('../../../lambdas/access/read-audit.ts')).handler;
  openapi = (await import('../../../lambdas/access/serve-openapi.ts')).handler;
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
});
afterAll(() => tables.stop());

const admin = { sub: 'amir', groups: ['admin' as const] };
const create = async (body: object) => call(sources, { route: 'POST /v1/sources', body, as: admin });
const revoke = (sourceId: string) =>
  call(sources, { route: 'DELETE /v1/sources/{sourceId}', params: { sourceId }, as: admin });
type Made = { id: string; apiKey: string; eventsPerSecond: number };

describe('sources', () => {
  test('the key is shown once and opens the source; only its hash is stored', async () => {
    const { status, headers, body } = await create({ name: 'Shop' });
    const { id, apiKey, eventsPerSecond } = body as Made;
    expect([status, headers.location, eventsPerSecond]).toEqual([201, `/v1/sources/${id}`, 1_000]);
    const { sourceId, secret } = parseApiKey(apiKey)!;
    expect(sourceId).toBe(id);
    const stored = (await defs.get<Source>('source', id))!;
    expect(opens(stored.body, secret)).toBe(true);
    expect(opens(stored.body, `${secret}x`)).toBe(false);
    expect(JSON.stringify(stored)).not.toContain(secret);
    const listed = await call(sources, { route: 'GET /v1/sources', as: admin });
    expect(JSON.stringify(listed.body)).not.toMatch(/secret|hk_/i);
  });

  test('a repeated creation makes another source: its key is not kept anywhere to be shown again', async () => {
    const ask = () =>
      call(sources, {
        route: 'POST /v1/sources',
        body: { name: 'Shop' },
        as: admin,
        headers: { 'idempotency-key': 'k' },
      });
    expect((await ask()).body).not.toEqual((await ask()).body);
  });

  test('revoking is for good, and repeating it harmless', async () => {
    const { id, apiKey } = (await create({ name: 'Old app' })).body as Made;
    const first = await revoke(id);
    expect(first).toMatchObject({ status: 200, body: { id, revokedMs: expect.any(Number) } });
    expect(await revoke(id)).toEqual(first);
    expect(opens((await defs.get<Source>('source', id))?.body, parseApiKey(apiKey)!.secret)).toBe(false);
    expect(await revoke('nope')).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
  });

  test.each([
    {},
    { name: '' },
    { name: 'a', eventsPerSecond: 0 },
    { name: 'a', eventsPerSecond: 1.5 },
    { name: 'a', key: 'mine' },
  ])('%j is refused', async (body) => expect((await create(body)).status).toBe(400));
});

describe('audit', () => {
  const read = (query: Record<string, string>) => call(audit, { route: 'GET /v1/audit', query });
  test('tells who created and revoked a source', async () => {
    const { id } = (await create({ name: 'Audited' })).body as Made;
    await revoke(id);
    const { body } = await read({ subject: `source/${id}` });
    expect((body as { items: unknown[] }).items).toMatchObject([
      { action: 'revoke', actor: 'amir', version: 2, detail: 'Audited' },
      { action: 'create', actor: 'amir', version: 1, detail: 'Audited' },
    ]);
    const today = new Date().toISOString().slice(0, 10);
    expect(JSON.stringify((await read({ day: today, limit: '100' })).body)).toContain(id);
  });
  test('its pages follow on each other, and a cursor of another subject harms nothing', async () => {
    const { id } = (await create({ name: 'Paged' })).body as Made;
    await revoke(id);
    type Page = { items: { action: string }[]; cursor: string };
    const first = (await read({ subject: `source/${id}`, limit: '1' })).body as Page;
    const next = await read({ subject: `source/${id}`, limit: '1', cursor: first.cursor });
    expect((next.body as Page).items).toMatchObject([{ action: 'create' }]);
    const other = await read({ subject: 'source/other', cursor: first.cursor });
    expect(other).toMatchObject({ status: 200, body: { items: [] } });
  });
  test.each<Record<string, string>>([
    {},
    { subject: 'a/1', day: '2026-01-01' },
    { day: 'today' },
    { day: '2026-13-01' },
    { subject: 'a' },
    { subject: 'a/1', cursor: 'x' },
  ])('the query %j is refused', async (query) =>
    expect(await read(query)).toMatchObject({ status: 400, body: { type: '/problems/invalid-query' } }),
  );
});

test('the description of the API is served to everybody', async () => {
  const ask = () => call(openapi, { route: 'GET /v1/openapi.json', as: { sub: '', groups: [] } });
  const { status, headers, body } = await ask();
  expect([status, headers['content-type']]).toEqual([200, 'application/json']);
  const { openapi: version, paths } = body as { openapi: string; paths: Record<string, object> };
  expect(version).toBe('3.1.0');
  expect(Object.values(paths).flatMap((methods) => Object.keys(methods))).toHaveLength(routes.length);
  expect((await ask()).body).toEqual(body);
});
