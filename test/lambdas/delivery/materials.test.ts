import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { definitions } from '../../../lambdas/adapters/definitions.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { startTables } from '../tables.ts';

const bucket = new Map<string, Uint8Array>();
const s3 = { fails: '' };
vi.mock('../../../lambdas/adapters/objects.ts', () => {
  const act = (what: string) => {
    if (s3.fails === what) throw new Error(`S3 does not ${what}`);
  };
  return {
    isMissing: (error: Error) => error.message === 'missing',
    async writeObject(_: string, key: string, body: Uint8Array) {
      act('write');
      bucket.set(key, body);
    },
    async readObject(_: string, key: string) {
      act('read');
      const bytes = bucket.get(key);
      if (!bytes) throw new Error('missing');
      return new Response(bytes as never);
    },
    async deleteObject(_: string, key: string) {
      act('delete');
      bucket.delete(key);
    },
  };
});

let tables: Awaited<ReturnType<typeof startTables>>;
let manage: ApiLambda;
let serve: ApiLambda;
let templates: ApiLambda;
beforeAll(async () => {
  tables = await startTables();
  Object.assign(process.env, { WORK_BUCKET: 'work', LINKS_URL: 'https://links.test' });
  manage = (await import('../../../lambdas/delivery/manage-materials.ts')).handler;
  serve = (await import('../../../lambdas/delivery/serve-materials.ts')).handler;
  templates = (await import('../../../lambdas/strategy/manage-templates.ts')).handler;
});
afterAll(() => tables.stop());
beforeEach(() => {
  s3.fails = '';
});

const DOT = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';
type Material = { id: string; url: string; name: string };
const upload = (content: string, headers: Record<string, string> = {}) =>
  call(manage, { route: 'POST /v1/materials', body: { name: 'Dot', content }, headers });
const uploaded = async () => (await upload(DOT)).body as Material;
const one = (method: 'GET' | 'DELETE', materialId: string) =>
  call(manage, { route: `${method} /v1/materials/{materialId}`, params: { materialId } });
/** What a mail program gets, without a word about who asks. */
const shown = async (url: string) => {
  const file = url.slice('https://links.test/v1/m/'.length);
  const event = {
    routeKey: 'GET /v1/m/{file}',
    headers: {},
    pathParameters: { file },
    requestContext: { requestId: 'r' },
  };
  return serve(event as never, {} as never);
};

describe('a picture', () => {
  test('is uploaded, listed and shown to everybody, for good', async () => {
    const { status, headers, body } = await upload(DOT);
    const material = body as Material;
    expect([status, headers.location]).toEqual([201, `/v1/materials/${material.id}`]);
    expect(material).toMatchObject({
      ...{ name: 'Dot', type: 'image/gif', width: 1, height: 1, bytes: 42, savedBy: 'mia' },
      url: `https://links.test/v1/m/${material.id}.gif`,
    });
    const list = (await call(manage, { route: 'GET /v1/materials' })).body as { items: Material[] };
    expect(list.items).toContainEqual(material);
    expect((await one('GET', material.id)).body).toEqual(material);
    expect(await shown(material.url)).toMatchObject({
      ...{ statusCode: 200, body: DOT, isBase64Encoded: true },
      headers: { 'content-type': 'image/gif', 'cache-control': 'public, max-age=31536000, immutable' },
    });
  });

  test.each([
    ['what is none', Buffer.from('<svg onload="alert(1)"/>').toString('base64'), 400, 'content'],
    ['what is no base64', 'not base64!', 400, 'content'],
    [
      'too much',
      Buffer.concat([Buffer.from(DOT, 'base64'), Buffer.alloc(1_000_000)]).toString('base64'),
      413,
      undefined,
    ],
  ])('%s is refused, and nothing of it stored', async (_, content, status, path) => {
    const before = bucket.size;
    const answer = await upload(content);
    expect(answer.status).toBe(status);
    expect((answer.body as { errors?: { path: string }[] }).errors?.[0]?.path).toBe(path);
    expect(bucket.size).toBe(before);
  });

  test('repeated uploads with one key are one picture, also when the first broke off', async () => {
    s3.fails = 'write';
    const key = { 'idempotency-key': 'once' };
    expect((await upload(DOT, key)).status).toBe(500);
    s3.fails = '';
    const [first, second] = [await upload(DOT, key), await upload(DOT, key)];
    expect(first).toMatchObject({ status: 201 });
    expect(second.body).toEqual(first.body);
  });

  test('nobody reads other objects through it', async () => {
    bucket.set('snapshots/x.png', new Uint8Array(1));
    for (const file of ['../snapshots/x.png', 'x.png', 'x']) {
      expect(await shown(`https://links.test/v1/m/${file}`)).toMatchObject({ statusCode: 404 });
    }
  });
});

type Refused = { errors: { path: string }[] };
describe('deleting one', () => {
  test('is refused while a template shows it', async () => {
    const { id, url } = await uploaded();
    const html = `<img src="${url}">`;
    const made = await call(templates, {
      route: 'POST /v1/templates',
      body: { name: 'News', channels: { email: { subject: 's', html } } },
    });
    const template = made.body as { id: string };
    expect(await one('DELETE', id)).toMatchObject({
      status: 409,
      body: { type: '/problems/in-use', uses: [{ kind: 'template', id: template.id, name: 'News' }] },
    });
    expect(await shown(url)).toMatchObject({ statusCode: 200 });
  });

  test('then no older version that shows it comes back, and no template is written with it', async () => {
    const { id, url } = await uploaded();
    const content = (src: string) => {
      const blocks = { list: [{ kind: 'image', src, alt: 'Dot' }] };
      return {
        name: 'Old',
        locale: 'en',
        channels: { email: { subject: 's', blocks } },
        locales: { fr: { email: { subject: 's', blocks } } },
      };
    };
    const write = { route: 'POST /v1/templates', body: content(url) };
    const template = (await call(templates, write)).body as { id: string };
    const params = { templateId: template.id, templateVersion: '1' };
    const other = { ...content('https://shop.example/dot.png'), version: 1 };
    expect((await call(templates, { route: 'PUT /v1/templates/{templateId}', params, body: other })).status).toBe(200);
    const path = '/v1/templates/{templateId}/versions/{templateVersion}';
    const restore = { route: `POST ${path}/restore`, params, body: { version: 2 } };
    expect((await one('DELETE', id)).status).toBe(204);
    const refused = {
      status: 422,
      body: {
        type: '/problems/invalid-reference',
        detail: expect.stringMatching(/^The picture “Dot” was deleted on 20..-..-..: upload it again/),
        errors: ['channels', 'locales.fr'].map((at) => ({ path: `${at}.email.blocks.list.0.src` })),
      },
    };
    expect(await call(templates, restore)).toMatchObject(refused);
    expect(await call(templates, write)).toMatchObject(refused);
    // Each place is told, also where one text has it as blocks, and another as HTML.
    const locales = { fr: { email: { subject: 's', html: `<img src="${url}" alt="Dot">`, text: url } } };
    const mixed = (await call(templates, { ...write, body: { ...content(url), locales } })).body as Refused;
    expect(mixed.errors.map(({ path }) => path)).toEqual([
      'channels.email.blocks.list.0.src',
      'locales.fr.email.html',
      'locales.fr.email.text',
    ]);
    // What it was can be read, and an address of nobody's picture is an address like any other.
    expect((await call(templates, { route: `GET ${path}`, params })).status).toBe(200);
    const strange = content(url.replace(id, '01JD0000000000000000000000'));
    expect((await call(templates, { ...write, body: strange })).status).toBe(201);
  });

  test('is refused while something in force sends it, whatever the template says by now', async () => {
    const defs = definitions('definitions');
    const { id, url } = await uploaded();
    const put = (kind: Parameters<typeof defs.put>[0], thing: string, body: object) =>
      defs.put(kind, thing, body, 0, 1);
    const plan = (planId: string, hash = 'h') =>
      put('plan-version', `${planId}@${hash}`, { template: { channels: { email: { html: `<img src="${url}">` } } } });
    await put('campaign', 'c', { name: 'Sale', state: 'scheduled', approval: { hash: 'h' } });
    await put('campaign', 'over', { name: 'Past', state: 'finished', approval: { hash: 'h' } });
    await put('trigger', 't', { name: 'Cart', state: 'paused', hash: 'h' });
    await put('trigger', 'no', { name: 'Draft', state: 'draft' });
    const walked = { state: 'live', sinceMs: 0, versions: [{ hash: 'v', sinceMs: 0, lastsMs: 1 }] };
    await put('live-journey', 'j', { name: 'Welcome', ...walked });
    await put('live-journey', 'old', { name: 'Past', ...walked, state: 'stopped' });
    for (const journey of ['j', 'old'])
      await put('journey-version', `${journey}@v`, {
        nodes: { a: { kind: 'message', plan: 'n' }, b: { kind: 'end' } },
      });
    for (const planId of ['c', 'over', 't', 'no']) await plan(planId);
    for (const planId of ['j', 'old']) await plan(planId, 'n');
    const { status, body } = await one('DELETE', id);
    expect(status).toBe(409);
    const { uses } = body as { uses: { kind: string; name: string }[] };
    expect(uses.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      'campaign Sale',
      'journey Welcome',
      'trigger Cart',
    ]);
    expect(await shown(url)).toMatchObject({ statusCode: 200 });
  });

  test('takes it out of the list and off the address; once more is no error', async () => {
    const { id, url } = await uploaded();
    expect((await one('DELETE', id)).status).toBe(204);
    expect(await shown(url)).toMatchObject({ statusCode: 404 });
    expect((await one('GET', id)).status).toBe(404);
    const list = (await call(manage, { route: 'GET /v1/materials' })).body as { items: Material[] };
    expect(list.items.map((item) => item.id)).not.toContain(id);
    expect((await one('DELETE', id)).status).toBe(204);
    expect((await one('DELETE', 'nope')).status).toBe(404);
  });

  test('that broke off is finished by the next', async () => {
    const { id, url } = await uploaded();
    s3.fails = 'delete';
    expect((await one('DELETE', id)).status).toBe(500);
    s3.fails = '';
    expect((await one('DELETE', id)).status).toBe(204);
    expect(await shown(url)).toMatchObject({ statusCode: 404 });
  });
});
