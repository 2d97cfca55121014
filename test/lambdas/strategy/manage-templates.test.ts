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
    expect(body).toEqual({ ...sms('Hi'), id, version: 1, editors: ['mia'] });
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

describe('preview', () => {
  test('of a stored profile, of one made up, of nobody', async () => {
    const { id } = await made(sms('Hi {{ profile.attributes.name }}'));
    expect(await preview(id, { profileId: 'ada' })).toEqual({
      rendered: [{ channel: 'sms', text: 'Hi Ada', encoding: 'gsm-7', parts: 1 }],
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

  test('with a sample event', async () => {
    const { id } = await made(sms('{{ event.type }} {{ event.properties.amount }} {{ window.value }}'));
    const body = { profileId: 'ada', event: { type: 'purchase', properties: { amount: 5 } }, window: { value: 999 } };
    expect(await preview(id, body)).toMatchObject({ rendered: [{ text: 'purchase 5 999' }] });
  });
});
