import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../../../core/access/role.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { startAws } from '../adapters/aws.ts';
import { call, marketer } from '../api-call.ts';

let stop: () => Promise<void>;
let handler: ApiLambda;

beforeAll(async () => {
  stop = await startAws({ definitions: ['kind', 'id'], audit: ['subject', 'entry'] });
  Object.assign(process.env, { DEFINITIONS_TABLE: 'definitions', AUDIT_TABLE: 'audit' });
  handler = (await import('../../../lambdas/intake/manage-reference-tables.ts')).handler;
});
afterAll(() => stop());

const viewer = { sub: 'vera', groups: ['viewer'] as Role[] };
const columns = { margin: 'number', brand: 'text' };
const put = (tableId: string, body: unknown, as = marketer) =>
  call(handler, { route: 'PUT /v1/reference-tables/{tableId}', params: { tableId }, body, as });
const create = (tableId: string) => put(tableId, { name: 'Products', columns, version: 0 });
const write = (tableId: string, rows: unknown, as = marketer) =>
  call(handler, { route: 'POST /v1/reference-tables/{tableId}/rows', params: { tableId }, body: { rows }, as });
const row = (tableId: string, key: string) =>
  call(handler, { route: 'GET /v1/reference-tables/{tableId}/rows/{key}', params: { tableId, key }, as: viewer });
const slug = ({ status, body }: { status: number; body: unknown }) => `${status} ${(body as { type: string }).type}`;

describe('tables', () => {
  test('are made, changed by version, read and listed by id; each change is in the audit log', async () => {
    const made = await create('products');
    expect(made).toMatchObject({ status: 200, body: { id: 'products', version: 1, author: 'mia', columns } });
    const more = { ...columns, weight: 'number' };
    const changed = await put('products', { name: 'Goods', columns: more, version: 1 });
    expect(changed.body).toMatchObject({ version: 2, name: 'Goods', columns: more });
    await create('brands');
    const one = await call(handler, {
      route: 'GET /v1/reference-tables/{tableId}',
      params: { tableId: 'products' },
      as: viewer,
    });
    expect(one.body).toEqual(changed.body);
    const list = await call(handler, { route: 'GET /v1/reference-tables', as: viewer });
    expect((list.body as { items: { id: string }[] }).items.map(({ id }) => id)).toEqual(['brands', 'products']);
    const { Items = [] } = await new DynamoDBClient().send(new ScanCommand({ TableName: 'audit' }));
    const own = Items.filter(({ subject }) => subject?.S === 'reference-table/products');
    expect(own.map(({ body }) => JSON.parse(body?.S ?? '').action).sort()).toEqual(['create', 'update']);
  });

  test.each<[string, string, object, string]>([
    [
      'a column of another type',
      'fixed',
      { columns: { ...columns, margin: 'text' }, version: 1 },
      '409 /problems/state-conflict',
    ],
    ['a column less', 'fixed', { columns: { margin: 'number' }, version: 1 }, '409 /problems/state-conflict'],
    ['an old version', 'fixed', { columns, version: 0 }, '409 /problems/version-conflict'],
    ['a change of what is not there', 'absent', { columns, version: 3 }, '409 /problems/version-conflict'],
    ['an id that no condition can name', 'Fixed_1', { columns, version: 0 }, '400 /problems/invalid-body'],
    ['no columns', 'empty', { columns: {}, version: 0 }, '400 /problems/invalid-body'],
    ['an unknown field', 'empty', { columns, version: 0, colour: 1 }, '400 /problems/invalid-body'],
  ])('%s is refused', async (_, tableId, change, expected) => {
    await create('fixed');
    expect(slug(await put(tableId, { name: 'Fixed', ...change }))).toBe(expected);
  });

  test('an id that no condition can name is told what it must be', async () => {
    const { body } = await put('Fixed_1', { name: 'Fixed', columns, version: 0 });
    expect(body).toMatchObject({
      errors: [{ path: 'tableId', message: 'A lower-case letter, then up to 39 lower-case letters, digits and -' }],
    });
  });

  test('two who begin the same table at once: one does, the other is told', async () => {
    const replies = await Promise.all([create('race'), create('race')]);
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});

describe('rows', () => {
  test('each is accepted or refused on its own, and repeating the call changes nothing', async () => {
    await create('goods');
    const rows = [
      { key: 'A-1', values: { margin: 5 } },
      { key: 'A-2', values: { colour: 'red' } },
      { key: '', values: {} },
      { key: 'A-3', values: { brand: 'x'.repeat(5_000) } },
      { key: 'A-4', remove: true },
      { key: 'A-5', values: { margin: 'much' } },
    ];
    const first = await write('goods', rows);
    expect(first).toMatchObject({ status: 200, body: { accepted: 2, refused: 4 } });
    const { results } = first.body as { results: { status: string; reason?: string; path?: string }[] };
    expect(results.map(({ status, reason }) => reason ?? status)).toEqual([
      'accepted',
      'unknown-column',
      'invalid-key',
      'too-large',
      'accepted',
      'wrong-type',
    ]);
    expect(results[1]).toMatchObject({ index: 1, key: 'A-2', path: 'values.colour' });
    expect((await write('goods', rows)).body).toEqual(first.body);
    expect((await row('goods', 'A-1')).body).toEqual({ key: 'A-1', values: { margin: 5 } });
    expect(slug(await row('goods', 'A-2'))).toBe('404 /problems/not-found');
  });

  test('of several with one key the last wins; a removed one is gone', async () => {
    await create('prices');
    await write('prices', [
      { key: 'a', values: { margin: 1 } },
      { key: 'b', values: { margin: 1 } },
      { key: 'a', values: { margin: 2 } },
      { key: 'b', remove: true },
      { key: 'a', values: { margin: 'bad' } },
    ]);
    expect((await row('prices', 'a')).body).toEqual({ key: 'a', values: { margin: 2 } });
    expect((await row('prices', 'b')).status).toBe(404);
  });

  test('each call that changes rows is in the audit log once: who, and how many', async () => {
    await create('audited');
    await write('audited', [
      { key: 'a', values: { margin: 1 } },
      { key: 'b', values: { margin: 1 } },
      { key: 'a', values: { margin: 2 } },
      { key: 'c', remove: true },
      { key: 'd', values: { margin: 'bad' } },
    ]);
    await write('audited', [{ key: 'd', values: { margin: 'bad' } }]);
    const { Items = [] } = await new DynamoDBClient().send(new ScanCommand({ TableName: 'audit' }));
    const entries = Items.map(({ body }) => JSON.parse(body?.S ?? '') as { subject: string; action: string });
    const own = entries.filter(({ subject, action }) => subject === 'reference-table/audited' && action !== 'create');
    expect(own).toHaveLength(1);
    expect(own[0]).toMatchObject({ action: 'write-rows', actor: 'mia', detail: '2 rows written, 1 removed' });
  });

  test.each<[string, unknown, string]>([
    ['no rows', [], '400 /problems/invalid-body'],
    ['101 rows', Array.from({ length: 101 }, () => ({ key: 'a', values: {} })), '400 /problems/invalid-body'],
    ['a row that is no object', ['a'], '400 /problems/invalid-body'],
    ['a row with values and remove', [{ key: 'a', values: {}, remove: true }], '400 /problems/invalid-body'],
  ])('%s are told, and nothing is written', async (_, rows, expected) => {
    await create('strict');
    expect(slug(await write('strict', rows))).toBe(expected);
    expect((await row('strict', 'a')).status).toBe(404);
  });

  test('of a table that is not there are not found', async () => {
    expect(slug(await write('nowhere', [{ key: 'a', values: {} }]))).toBe('404 /problems/not-found');
    expect(slug(await row('nowhere', 'a'))).toBe('404 /problems/not-found');
    expect((await row('nowhere', 'k'.repeat(2_000))).status).toBe(404);
  });
});

test('who only reads may not write', async () => {
  expect(slug(await put('mine', { name: 'Mine', columns, version: 0 }, viewer))).toBe('403 /problems/forbidden-role');
  expect(slug(await write('mine', [{ key: 'a', values: {} }], viewer))).toBe('403 /problems/forbidden-role');
});
