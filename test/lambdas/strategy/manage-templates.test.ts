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
  const profile = { profileId: 'ada', version: 1, updatedMs: 1, attributes: { name: 'Ada' } };
  await tables.client.send(
    new PutItemCommand({
      TableName: 'profiles',
      Item: { profileId: { S: 'ada' }, body: { S: JSON.stringify(profile) } },
    }),
  );
});
afterAll(() => tables.stop());

type Problem = { type: string; detail: string; errors: { path: string; line: number; message: string }[] };
type Template = { id: string; version: number; name: string };
const sms = (text: string) => ({ name: 't', channels: { sms: { text } } });
const create = (body: object) => call(handler, { route: 'POST /v1/templates', body });
const made = async (body: object) => (await create(body)).body as Template;
const preview = async (templateId: string, body: object) =>
  (await call(handler, { route: 'POST /v1/templates/{templateId}/preview', params: { templateId }, body })).body;

describe('saving', () => {
  test('a template gets an id, a version, a Location', async () => {
    const { status, headers, body } = await create(sms('Hi'));
    const { id } = body as Template;
    expect([status, headers.location]).toEqual([201, `/v1/templates/${id}`]);
    const origin = { savedBy: 'mia', savedMs: expect.any(Number) };
    expect(body).toEqual({ ...sms('Hi'), id, version: 1, editors: ['mia'], ...origin });
    const read = await call(handler, { route: 'GET /v1/templates/{templateId}', params: { templateId: id } });
    expect(read.body).toEqual(body);
  });

  test.each([
    [
      'a loop bomb',
      '{% for i in (1..100000) %}{% for j in (1..100000) %}x{% endfor %}{% endfor %}',
      'template-too-costly',
      1,
    ],
    ['an open tag', 'a\n{% if profile.email %}', 'invalid-template', 2],
    ['an unknown variable', '\n\n{{ name }}', 'invalid-template', 3],
    ['leaving no loop', 'a\n{% if true %}{% break %}{% endif %}b', 'invalid-template', 2],
    ['an include', '{% include "etc/passwd" %}', 'invalid-template', 1],
  ])('%s is refused with its line', async (_, text, slug, line) => {
    const { status, body } = await create(sms(text));
    expect([status, (body as Problem).type]).toEqual([422, `/problems/${slug}`]);
    expect((body as Problem).errors).toMatchObject([{ path: 'channels.sms.text', line }]);
  });

  test('more attributes than the query of a snapshot can carry are refused', async () => {
    const html = (count: number) => Array.from({ length: count }, (_, n) => `{{ profile.attributes.a${n} }}`).join('');
    const email = (count: number) => ({ name: 't', channels: { email: { subject: 's', html: html(count) } } });
    expect((await create(email(200))).status).toBe(201);
    expect(await create(email(201))).toMatchObject({ status: 422, body: { type: '/problems/invalid-template' } });
  });

  test('without a channel it is refused', async () => {
    expect(await create({ name: 't', channels: {} })).toMatchObject({
      status: 422,
      body: { type: '/problems/invalid-template' },
    });
  });

  test('locales are saved with it; what is wrong in one is named with its place', async () => {
    const locales = { fr: { sms: { text: 'Salut {{ profile.attributes.name }}' } } };
    const { id, ...saved } = await made({ ...sms('Hi'), locale: 'en', locales });
    expect(saved).toMatchObject({ locale: 'en', locales });
    expect(await preview(id, { profile: { locale: 'fr-CA', attributes: { name: 'Zoé' } } })).toMatchObject({
      rendered: [{ text: 'Salut Zoé' }],
    });
    const pathsOf = async (body: object) => ((await create(body)).body as Problem).errors.map(({ path }) => path);
    expect(await pathsOf({ ...sms('Hi'), locales })).toEqual(['locale']);
    expect(await pathsOf({ ...sms('Hi'), locale: 'en', locales: { fr: { sms: { text: '{{' } } } })).toEqual([
      'locales.fr.sms.text',
    ]);
    const webhook = { endpointId: 'nobody', fields: {} };
    const hook = { name: 't', locale: 'en', channels: { webhook }, locales: { fr: { webhook } } };
    expect(await pathsOf(hook)).toEqual(['channels.webhook.endpointId', 'locales.fr.webhook.endpointId']);
  });

  test('a template that no item can hold is refused', async () => {
    const huge = { name: 't', channels: { email: { subject: 's', html: 'é'.repeat(180_000) } } };
    expect(await create(huge)).toMatchObject({ status: 413, body: { type: '/problems/body-too-large' } });
    // What it would become is not made first: that alone would take as long as a call may.
    const list = Array.from({ length: 100 }, () => ({
      kind: 'columns',
      columns: Array.from({ length: 4 }, () => ({ elements: Array(20).fill({ kind: 'spacer', height: 1 }) })),
    }));
    const email = { subject: 's', blocks: { list } };
    const locales = { de: { email }, fr: { email } };
    expect(await create({ name: 't', locale: 'en', channels: { email }, locales })).toMatchObject({ status: 413 });
  });

  test('an update names the version that it changes', async () => {
    const { id } = await made(sms('v1'));
    const put = (body: object) =>
      call(handler, { route: 'PUT /v1/templates/{templateId}', params: { templateId: id }, body });
    const zoe = { ...marketer, sub: 'zoe' };
    const body = { ...sms('v2'), version: 1 };
    expect(
      await call(handler, { route: 'PUT /v1/templates/{templateId}', params: { templateId: id }, body, as: zoe }),
    ).toMatchObject({ status: 200, body: { version: 2, editors: ['mia', 'zoe'] } });
    expect(await put({ ...sms('v3'), version: 1 })).toMatchObject({
      status: 409,
      body: { type: '/problems/version-conflict' },
    });
    expect(await put({ ...sms('{{'), version: 2 })).toMatchObject({ status: 422 });
    expect(await put({ ...sms('v3') })).toMatchObject({ status: 400 });
  });

  test('an idempotent creation creates once', async () => {
    const ask = () =>
      call(handler, {
        route: 'POST /v1/templates',
        body: sms('once'),
        headers: { 'idempotency-key': 'k' },
        as: marketer,
      });
    expect(await ask()).toEqual(await ask());
  });
});

describe('MJML', () => {
  const mjml = (text: string) =>
    `<mjml><mj-body>\n<mj-section><mj-column>\n<mj-text>${text}</mj-text></mj-column></mj-section></mj-body></mjml>`;
  const email = (page: object) => ({ name: 't', channels: { email: { subject: 's', ...page } } });

  test('is compiled when it is saved, and kept beside what it became', async () => {
    const saved = await made({ ...email({ mjml: mjml('Hi {{ profile.attributes.name }}') }), locale: 'de' });
    const { mjml: source, html } = (saved as unknown as { channels: { email: Record<string, string> } }).channels.email;
    expect(source).toContain('<mj-text>');
    expect(html).toMatch(/^<!doctype html>\n<html lang="de"[\s\S]*Hi \{\{ profile.attributes.name \}\}/);
    const { rendered } = (await preview(saved.id, { profileId: 'ada' })) as { rendered: Record<string, string>[] };
    expect(rendered[0]?.html).toContain('>Hi Ada<');
    expect(rendered[0]).not.toHaveProperty('mjml');
    // What was read may be written back as it is.
    const body = { ...email({ mjml: mjml('Ho'), html }), version: 1 };
    const params = { templateId: saved.id };
    const put = await call(handler, { route: 'PUT /v1/templates/{templateId}', params, body });
    expect(JSON.stringify(put.body)).toContain('>Ho</div>');
  });

  test.each([
    ['what MJML does not know', mjml('x</mj-text>\n<mj-txt>'), 4],
    ['Liquid that is wrong', mjml('\n{{ profil.email }}'), 4],
    ['a tag that is not closed', mjml('{% if profile.email %}'), 3],
  ])('%s is refused with the line of the MJML', async (_, source, line) => {
    const { status, body } = await create(email({ mjml: source }));
    expect([status, (body as Problem).errors[0]]).toMatchObject([422, { path: 'channels.email.mjml', line }]);
  });

  test('in a locale', async () => {
    const locales = { fr: { email: { subject: 's', mjml: mjml('Salut') } } };
    const saved = await made({ ...email({ html: 'x' }), locale: 'en', locales });
    expect(JSON.stringify(saved)).toContain('lang=\\"fr\\"');
    const wrong = { fr: { email: { subject: 's', mjml: '<mjml>' } } };
    const { body } = await create({ ...email({ html: 'x' }), locale: 'en', locales: wrong });
    expect((body as Problem).errors).toMatchObject([{ path: 'locales.fr.email.mjml', line: 1 }]);
  });

  test('so are blocks; a wrong one is named, and so is a table that does not exist', async () => {
    const repeat = { kind: 'repeat', of: 'profile.attributes.skus', table: 'nothing', blocks: [] as object[] };
    const blocks = (list: object[]) => email({ blocks: { list } });
    const saved = await made(blocks([{ kind: 'heading', text: 'Hi {{ profile.attributes.name }}' }]));
    const { rendered } = (await preview(saved.id, { profileId: 'ada' })) as { rendered: Record<string, string>[] };
    expect(rendered[0]?.html).toContain('>Hi Ada</h1>');
    expect(rendered[0]).not.toHaveProperty('blocks');
    const pathsOf = async (list: object[]) =>
      ((await create(blocks(list))).body as Problem).errors.map(({ path }) => path);
    const text = (words: string) => ({ kind: 'text', text: words });
    expect(await pathsOf([text('x'), text('{{ x }}')])).toEqual(['channels.email.blocks.list.1.text']);
    expect(await pathsOf([{ ...repeat, blocks: [text('x')] }])).toEqual(['channels.email.blocks.list.0.table']);
    expect(await pathsOf([{ kind: 'spacer' }])).toEqual(['channels.email.blocks.list.0.height']);
  });

  test('a page is written as one or the other', async () => {
    expect(await create(email({}))).toMatchObject({ status: 400 });
  });
});

describe('preview', () => {
  test('of a stored profile, of one made up, of nobody', async () => {
    const { id } = await made(sms('Hi {{ profile.attributes.name }}'));
    expect(await preview(id, { profileId: 'ada' })).toEqual({
      rendered: [{ channel: 'sms', text: 'Hi Ada', encoding: 'gsm-7', parts: 1, notes: [] }],
      failed: [],
      warnings: [],
    });
    expect(await preview(id, { profile: { attributes: { name: 'Bo' } } })).toMatchObject({
      rendered: [{ text: 'Hi Bo' }],
    });
    expect(await preview(id, { profile: {} })).toMatchObject({
      rendered: [],
      failed: [{ channel: 'sms' }],
      warnings: [{ variable: 'profile.attributes.name' }],
    });
    expect(await preview(id, { profileId: 'nobody' })).toMatchObject({ status: 404 });
    expect(await preview('nope', { profileId: 'ada' })).toMatchObject({ status: 404 });
    expect(await preview(id, {})).toMatchObject({ status: 400 });
  });

  test('in the words of a locale, for some channels', async () => {
    const push = { title: 'Hello', body: 'x' };
    const locales = { fr: { sms: { text: 'Salut' } } };
    const { id } = await made({ name: 't', locale: 'en', channels: { sms: { text: 'Hello' }, push }, locales });
    expect(await preview(id, { profile: {}, locale: 'fr-BE' })).toMatchObject({
      rendered: [
        { channel: 'push', locale: 'en' },
        { channel: 'sms', locale: 'fr', text: 'Salut' },
      ],
    });
    const { rendered } = (await preview(id, { profile: { locale: 'fr' }, channels: ['push'] })) as { rendered: [] };
    expect(rendered).toMatchObject([{ channel: 'push', title: 'Hello' }]);
  });

  test('with rows of reference tables, which must exist', async () => {
    const text = (table: string) =>
      `{% assign p = profile.attributes.sku | catalogue: "${table}" %}{{ p.name | default: "it" }}`;
    expect((await create(sms(`x\n${text('products')}`))).body).toMatchObject({
      type: '/problems/invalid-reference',
      errors: [{ path: 'channels.sms.text', line: 2, message: 'There is no reference table products' }],
    });
    for (const [kind, key, body] of [
      ['reference-table', 'products', { name: 'Products', columns: { name: 'text' } }],
      ['reference/products', 'a1', { name: 'Tea' }],
    ] as const) {
      const strings = { kind: { S: kind }, id: { S: key }, body: { S: JSON.stringify(body) } };
      const Item = { ...strings, version: { N: '1' }, updatedMs: { N: '1' } };
      await tables.client.send(new PutItemCommand({ TableName: 'definitions', Item }));
    }
    const { id } = await made(sms(text('products')));
    const shown = async (sku: string) => await preview(id, { profile: { attributes: { sku } } });
    expect(await shown('a1')).toMatchObject({ rendered: [{ text: 'Tea' }] });
    expect(await shown('b2')).toMatchObject({ rendered: [{ text: 'it' }] });
  });

  test('with a sample event', async () => {
    const { id } = await made(sms('{{ event.type }} {{ event.properties.amount }} {{ window.value }}'));
    const body = { profileId: 'ada', event: { type: 'purchase', properties: { amount: 5 } }, window: { value: 999 } };
    expect(await preview(id, body)).toMatchObject({ rendered: [{ text: 'purchase 5 999' }] });
  });
});

test('a check needs nobody; with somebody it sees what they get, rows of tables included', async () => {
  const url = '{% assign p = profile.attributes.sku | catalogue: "products" %}{{ p.name }}';
  const html = `<a href="http://a.org">${url}</a>`;
  const { id } = await made({ name: 't', channels: { email: { subject: 's', text: 't', html } } });
  const check = async (body: object) => {
    const route = 'POST /v1/templates/{templateId}/check';
    return (await call(handler, { route, params: { templateId: id }, body })).body as {
      results: { channel: string; failed?: string; notes: { code: string }[] }[];
    };
  };
  const [bare] = (await check({})).results;
  expect(bare?.notes.map(({ code }) => code)).toEqual(['no-preheader', 'link-insecure', 'no-unsubscribe']);
  expect(bare?.failed).toContain('p');
  const [ada] = (await check({ lane: 'transactional', profile: { attributes: { sku: 'a1' } } })).results;
  expect([ada?.failed, ada?.notes.map(({ code }) => code)]).toEqual([undefined, ['link-insecure']]);
  expect(await check({ profileId: 'nobody' })).toMatchObject({ status: 404 });
  expect(await check({ profile: 1 })).toMatchObject({ status: 400 });
});
