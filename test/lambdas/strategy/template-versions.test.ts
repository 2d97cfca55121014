import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call, marketer } from '../api-call.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let handler: ApiLambda;
beforeAll(async () => {
  tables = await startTables();
  handler = (await import('../../../lambdas/strategy/manage-templates.ts')).handler;
});
afterAll(() => tables.stop());

const sms = (text: string) => ({ name: 't', channels: { sms: { text } } });
const made = async (body: object) =>
  (await call(handler, { route: 'POST /v1/templates', body })).body as { id: string; version: number };

describe('versions', () => {
  const versionsOf = async (id: string, rest = '', query?: Record<string, string>) => {
    const [, templateVersion, last] = rest.split('/');
    const route = `GET /v1/templates/{templateId}/versions${templateVersion ? '/{templateVersion}' : ''}${last ? `/${last}` : ''}`;
    const params = { templateId: id, ...(templateVersion && { templateVersion }) };
    return (await call(handler, { route, params, ...(query && { query }) })).body as Record<string, unknown>;
  };
  const zoe = { ...marketer, sub: 'zoe' };
  const put = async (id: string, text: string, version: number) =>
    call(handler, {
      ...{ route: 'PUT /v1/templates/{templateId}', params: { templateId: id } },
      ...{ body: { ...sms(text), version }, as: zoe },
    });
  const restore = (id: string, templateVersion: string, version: number) =>
    call(handler, {
      route: 'POST /v1/templates/{templateId}/versions/{templateVersion}/restore',
      params: { templateId: id, templateVersion },
      body: { version },
    });

  test('every save is kept: who, when, and what; pages of any size', async () => {
    const { id } = await made(sms('one'));
    await put(id, 'two', 1);
    await put(id, 'three', 2);
    // Refused: it changes nothing, and nothing of it is kept.
    expect((await put(id, 'lost', 2)).status).toBe(409);
    const all = (await versionsOf(id)) as { items: { version: number; savedBy: string; savedMs: number }[] };
    expect(all.items.map(({ version, savedBy }) => [version, savedBy])).toEqual([
      [3, 'zoe'],
      [2, 'zoe'],
      [1, 'mia'],
    ]);
    expect(all.items[2]?.savedMs).toBeGreaterThan(1_700_000_000_000);
    for (const limit of ['1', '2']) {
      const seen: number[] = [];
      let cursor: string | undefined;
      do {
        const page = await versionsOf(id, '', { limit, ...(cursor && { cursor }) });
        seen.push(...(page.items as { version: number }[]).map(({ version }) => version));
        cursor = page.cursor as string | undefined;
      } while (cursor);
      expect(seen).toEqual([3, 2, 1]);
    }
    const texts = await Promise.all(['1', '2', '3'].map((one) => versionsOf(id, `/${one}`)));
    expect(texts).toMatchObject(['one', 'two', 'three'].map((text) => ({ channels: { sms: { text } } })));
    for (const none of ['0', '4', 'x', '01']) expect(await versionsOf(id, `/${none}`)).toMatchObject({ status: 404 });
    expect(await versionsOf('nobody')).toMatchObject({ status: 404 });
  });

  test('what a version changed', async () => {
    const { id } = await made(sms('a\nb'));
    await put(id, 'a\nc\nd', 1);
    expect(await versionsOf(id, '/2/changes')).toEqual({
      since: 1,
      version: 2,
      changes: [{ path: 'channels.sms.text', change: 'changed', linesAdded: 2, linesRemoved: 1 }],
    });
    expect(await versionsOf(id, '/2/changes', { since: '2' })).toMatchObject({ changes: [] });
    expect(await versionsOf(id, '/1/changes')).toMatchObject({
      since: 0,
      changes: [{ path: 'channels.sms.text', change: 'added', linesAdded: 2 }, { path: 'name' }],
    });
  });

  test('an older one comes back as a new version, by its own rules', async () => {
    const { id } = await made({ ...sms('one'), locale: 'en', locales: { fr: { sms: { text: 'un' } } } });
    await put(id, 'two', 1);
    expect(await restore(id, '1', 1)).toMatchObject({ status: 409 });
    expect(await restore(id, '9', 2)).toMatchObject({ status: 404 });
    expect((await restore(id, '1', 2)).body).toMatchObject({
      ...{ version: 3, channels: { sms: { text: 'one' } }, locales: { fr: { sms: { text: 'un' } } } },
      ...{ savedBy: 'mia', restoredFrom: 1, editors: ['mia', 'zoe'] },
    });
    expect(await versionsOf(id)).toMatchObject({
      items: [{ version: 3, restoredFrom: 1 }, { version: 2 }, { version: 1 }],
    });
  });

  test('a template of before has its version kept when it is replaced', async () => {
    const old = { ...sms('old'), id: 'old', version: 1, editors: ['mia'] };
    const item = { kind: 'template', id: 'old', body: JSON.stringify(old) };
    await tables.client.send(
      new PutItemCommand({
        TableName: 'definitions',
        Item: {
          ...Object.fromEntries(Object.entries(item).map(([name, S]) => [name, { S }])),
          ...{ version: { N: '1' }, updatedMs: { N: '1234' } },
        },
      }),
    );
    await put('old', 'new', 1);
    expect(await versionsOf('old')).toMatchObject({ items: [{ version: 2 }, { version: 1, savedMs: 1234 }] });
    expect(await versionsOf('old', '/1')).toMatchObject({ channels: { sms: { text: 'old' } } });
  });
});
