import { DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sample } from '../../../core/audience/sample.ts';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let handler: ApiLambda;
let defs: Definitions;
beforeAll(async () => {
  tables = await startTables();
  handler = (await import('../../../lambdas/strategy/manage-playbooks.ts')).handler;
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
});
afterAll(() => tables.stop());

type Made = {
  segments: { id: string; name: string }[];
  templates: { id: string; name: string }[];
  plan: { kind: string; id: string; name: string };
  missing: { eventTypes: string[]; properties: object[]; attributes: string[] | null };
  next: { call: string; why: string }[];
};
type Head = { id: string; goal: string; channels: string[] };
const list = async (query: Record<string, string> = {}) =>
  ((await call(handler, { route: 'GET /v1/playbooks', query })).body as { items: Head[] }).items;
const read = (playbookId: string) => call(handler, { route: 'GET /v1/playbooks/{playbookId}', params: { playbookId } });
const start = (playbookId: string, body: object, headers: Record<string, string> = {}) =>
  call(handler, {
    ...{ route: 'POST /v1/playbooks/{playbookId}/instantiate', params: { playbookId } },
    ...{ body, headers },
  });
const parameters = {
  brand: 'Luma',
  shopUrl: 'https://luma.example',
  couponCode: 'LUMA10',
  offer: { en: '10% off', zh: '九折' },
};
const countOf = async (kind: 'segment' | 'template' | 'campaign' | 'trigger') => (await defs.all(kind)).length;

describe('the library', () => {
  test('lists its playbooks, by goal and by channel', async () => {
    const all = await list();
    expect(all.find(({ id }) => id === 'win-back')).toMatchObject({
      ...{ goal: 'win-back', plan: 'campaign', channels: ['push', 'sms', 'email'] },
      title: { en: 'Win-back', zh: '流失召回' },
    });
    expect((await list({ goal: 'win-back' })).map(({ goal }) => goal)).toEqual(['win-back']);
    const bySms = await list({ channel: 'sms' });
    expect(bySms.map(({ id }) => id)).toEqual(
      all.filter(({ channels }) => channels.includes('sms')).map(({ id }) => id),
    );
    expect(bySms.length).toBeLessThan(all.length);
    expect(await call(handler, { route: 'GET /v1/playbooks', query: { goal: 'fame' } })).toMatchObject({ status: 400 });
  });

  test('one that there is not', async () => {
    expect(await read('nonsense')).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
    expect(await start('toString', {})).toMatchObject({ status: 404 });
  });
});

describe('what this deployment lacks for a playbook', () => {
  const missing = async () => ((await read('payment-reminder')).body as Made).missing;

  test('is everything where nothing was ever heard, and the attributes are unknown', async () => {
    expect(await missing()).toEqual({
      ...{ eventTypes: ['order.placed', 'order.paid'], properties: [], attributes: null },
    });
  });

  test('is told property by property once events come in, and attribute by attribute once there is a sample', async () => {
    const { learnEvents } = await import('../../../lambdas/intake/learn-events.ts');
    const event = { id: 'e', type: 'order.placed', profileId: 'ada', source: 'shop', timeMs: 1, receivedMs: 1 };
    await learnEvents(defs)([{ ...event, properties: { orderId: 'A-1', total: 5 } }], Date.now());
    expect(await missing()).toEqual({
      ...{ eventTypes: ['order.paid'], properties: [{ eventType: 'order.placed', property: 'url' }], attributes: null },
    });
    const sample: Sample = { key: 'k', takenMs: 1, people: 1, of: 1, attributes: ['city'] };
    await defs.put('sample', 'current', sample, 0, 1);
    expect(((await read('win-back')).body as Made).missing).toEqual({
      ...{ eventTypes: [], properties: [], attributes: ['firstName'] },
    });
    // What a marketer calls otherwise is looked for under that name.
    const made = await start('win-back', { parameters: { ...parameters, firstName: 'city', orderPlaced: 'bought' } });
    expect((made.body as Made).missing).toMatchObject({ eventTypes: ['bought'], attributes: [] });
  });
});

describe('starting from a playbook', () => {
  test('makes drafts that name one another, with an entry of the audit each', async () => {
    const name = 'Come back in spring';
    const { status, headers, body } = await start('win-back', { parameters, languages: ['en', 'zh'], name });
    const { segments, templates, plan, next } = body as Made;
    expect([status, headers.location]).toEqual([201, `/v1/campaigns/${plan.id}`]);
    expect(plan).toMatchObject({ kind: 'campaign', name });
    const [segment, template] = [segments[0]!, templates[0]!];
    expect((await defs.get('campaign', plan.id))?.body).toMatchObject({
      ...{ name, state: 'draft', version: 1, author: 'mia', editors: [], templateId: template.id },
      audience: { segmentId: segment.id },
    });
    expect((await defs.get('segment', segment.id))?.body).toMatchObject({
      ...{ name: `${name}: lapsed customers`, author: 'mia', version: 1 },
    });
    expect((await defs.get('template', template.id))?.body).toMatchObject({
      ...{ name: `${name}: offer`, locale: 'en', editors: ['mia'], version: 1 },
      channels: { sms: { text: expect.stringContaining('LUMA10') } },
      locales: { zh: { sms: { text: expect.stringMatching(/【Luma】.*九折/) } } },
    });
    expect(next.map((step) => step.call)).toEqual([
      `POST /v1/campaigns/${plan.id}/submit`,
      `POST /v1/campaigns/${plan.id}/approve`,
    ]);
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    for (const subject of [`campaign/${plan.id}`, `segment/${segment.id}`, `template/${template.id}`]) {
      expect((await readAudit('audit', { subject }, 10)).items, subject).toMatchObject([
        { action: 'create', actor: 'mia', version: 1, detail: expect.stringContaining('from the playbook win-back') },
      ]);
    }
  });

  test('a trigger is a draft, too, and says who may activate it', async () => {
    const { body } = await start('price-drop', {
      parameters: { brand: 'Luma', shopUrl: 'https://luma.example', currency: 'EUR' },
    });
    const { plan, next } = body as Made;
    expect((await defs.get('trigger', plan.id))?.body).toMatchObject({
      ...{ name: 'Price drop', state: 'draft', eventType: 'price.dropped', author: 'mia' },
      where: [{ property: 'percentOff', atLeast: 10 }],
    });
    expect(next).toMatchObject([{ call: `POST /v1/triggers/${plan.id}/activate` }]);
  });

  test('a journey of a segment says that this has to be live first', async () => {
    const { body, headers } = await start('repurchase', {
      parameters: { brand: 'Luma', shopUrl: 'https://luma.example' },
    });
    const { plan, segments, next } = body as Made;
    expect(headers.location).toBe(`/v1/journeys/${plan.id}`);
    expect((await defs.get('journey', plan.id))?.body).toMatchObject({
      ...{ name: 'Repurchase', state: 'draft', version: 1, author: 'mia', editors: [] },
      entry: { segment: segments[0]?.id },
    });
    expect(next.map((step) => step.call)).toEqual([
      `PUT /v1/segments/${segments[0]?.id}/live`,
      `POST /v1/journeys/${plan.id}/validate`,
      `POST /v1/journeys/${plan.id}/publish`,
    ]);
  });

  test('is refused with every value that does not fit, and makes nothing', async () => {
    const before = await countOf('template');
    const { status, body } = await start('win-back', { parameters: { brand: '<b>', lapsedDays: 1, colour: 'red' } });
    expect(status).toBe(422);
    expect(body).toMatchObject({ type: '/problems/invalid-parameters' });
    const { errors } = body as { errors: { path: string }[] };
    expect(errors.map(({ path }) => path).sort()).toEqual(
      ['brand', 'colour', 'couponCode', 'lapsedDays', 'offer', 'shopUrl'].map((name) => `parameters.${name}`),
    );
    expect(await countOf('template')).toBe(before);
  });

  test.each([[[]], [['en', 'en']], [['fr']]])('in the languages %j is refused', async (languages) => {
    expect(await start('win-back', { parameters, languages })).toMatchObject({ status: 400 });
  });

  test('with a key it is made once, though the call died in the middle', async () => {
    const once = () => start('win-back', { parameters }, { 'idempotency-key': 'half' });
    const first = (await once()).body as Made;
    const remove = (table: string, Key: Record<string, { S: string }>) =>
      tables.client.send(new DeleteItemCommand({ TableName: table, Key }));
    // As if it had died before it wrote the plan: that is not there, and nobody remembers its answer.
    await remove('definitions', { kind: { S: 'campaign' }, id: { S: first.plan.id } });
    const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: 'idempotency' }));
    for (const { id } of Items)
      if (!id?.S?.startsWith('first#')) await remove('idempotency', { id: { S: id?.S ?? '' } });
    const before = [await countOf('segment'), await countOf('template'), await countOf('campaign')];
    expect((await once()).body).toEqual(first);
    const after = [await countOf('segment'), await countOf('template'), await countOf('campaign')];
    expect(after).toEqual([before[0], before[1], Number(before[2]) + 1]);
    expect((await start('win-back', { parameters }, { 'idempotency-key': 'other' })).body).not.toMatchObject({
      plan: { id: first.plan.id },
    });
  });
});
