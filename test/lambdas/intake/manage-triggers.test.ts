import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Role } from '../../../core/access/role.ts';
import { type DeliverySettings, settingsText } from '../../../core/delivery/settings.ts';
import type { Trigger } from '../../../core/event/trigger.ts';
import type { PlanVersion } from '../../../core/strategy/plan-version.ts';
import type { Definitions } from '../../../lambdas/adapters/definitions.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { memoryServices, startAws } from '../adapters/aws.ts';
import { approver, call, marketer } from '../api-call.ts';

const operator = { sub: 'olga', groups: ['operator'] as Role[] };
const chief = { sub: 'mia', groups: ['marketer', 'approver'] as Role[] };
const services = memoryServices();
let stop: () => Promise<void>;
let triggers: ApiLambda;
let settings: ApiLambda;
let defs: Definitions;

beforeAll(async () => {
  stop = await startAws(
    { definitions: ['kind', 'id'], audit: ['subject', 'entry'], idempotency: ['id'] },
    services.answer,
  );
  Object.assign(process.env, {
    DEFINITIONS_TABLE: 'definitions',
    AUDIT_TABLE: 'audit',
    IDEMPOTENCY_TABLE: 'idempotency',
    SCHEDULE_GROUP: 'compile',
    WAKE_FUNCTION_ARN: 'arn:compile',
    WAKE_ROLE_ARN: 'arn:role',
    WAKE_DEAD_LETTERS_ARN: 'arn:dead',
    RELEASE_MACHINE_ARN: 'arn:release',
    APPROVE_MACHINE_ARN: 'arn:approve',
  });
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  const mail = { email: { subject: 'Hi', html: '<p>Hi</p>' }, sms: { text: 'Hi' } };
  await defs.put('template', 'mail', { editors: ['tom'], name: 'Mail', channels: mail }, 0, 1);
  await defs.put('template', 'sms', { editors: ['tom'], name: 'Sms', channels: { sms: { text: 'Thanks' } } }, 0, 1);
  await defs.put(
    'template',
    'sum',
    { editors: ['tom'], name: 'Sum', channels: { sms: { text: '{{ window.value }}' } } },
    0,
    1,
  );
  await defs.put('reference-table', 'products', { name: 'Products', columns: { margin: 'number' } }, 0, 1);
  triggers = (await import('../../../lambdas/intake/manage-triggers.ts')).handler;
  settings = (await import('../../../lambdas/delivery/manage-settings.ts')).handler;
});
afterAll(() => stop());

const input = {
  name: 'Order placed',
  eventType: 'order.placed',
  templateId: 'sms',
  channelPolicy: ['sms'],
  topic: 'orders',
  lane: 'transactional',
};
const create = async (change: object = {}): Promise<Trigger> => {
  const reply = await call(triggers, { route: 'POST /v1/triggers', body: { ...input, ...change } });
  expect(reply.status, JSON.stringify(reply.body)).toBe(201);
  return reply.body as Trigger;
};
const act = (action: string, { id, version }: Trigger, as: typeof marketer) =>
  call(triggers, {
    route: `POST /v1/triggers/{triggerId}/${action}`,
    params: { triggerId: id },
    body: { version },
    as,
  });
const update = ({ id, version }: Trigger, change: object, as = marketer) =>
  call(triggers, {
    route: 'PUT /v1/triggers/{triggerId}',
    params: { triggerId: id },
    body: { ...input, ...change, version },
    as,
  });
const slug = ({ status, body }: { status: number; body: unknown }) => `${status} ${(body as { type: string }).type}`;

describe('a trigger’s life', () => {
  test('written, activated by another, paused, changed, activated again; each change is in the audit log', async () => {
    const draft = await create();
    expect(draft).toMatchObject({ state: 'draft', version: 1, author: 'mia' });

    const active = (await act('activate', draft, approver)).body as Trigger;
    expect(active).toMatchObject({ state: 'active', version: 2, activatedBy: 'ada' });
    const plan = await defs.get<PlanVersion>('plan-version', `${draft.id}@${active.hash}`);
    expect(plan?.body).toMatchObject({
      planKind: 'trigger',
      planId: draft.id,
      lane: 'transactional',
      template: { channels: { sms: { text: 'Thanks' } } },
    });

    expect(slug(await update(active, { name: 'New' }))).toBe('409 /problems/state-conflict');
    const paused = (await act('pause', active, operator)).body as Trigger;
    expect(paused).toMatchObject({ state: 'paused', version: 3, hash: active.hash });

    const changed = (await update(paused, { topic: 'receipts' })).body as Trigger;
    expect(changed).toMatchObject({ state: 'draft', version: 4, topic: 'receipts' });
    const again = (await act('activate', changed, approver)).body as Trigger;
    expect(again.hash).not.toBe(active.hash);

    const { Items = [] } = await new DynamoDBClient().send(new ScanCommand({ TableName: 'audit' }));
    const own = Items.filter(({ subject }) => subject?.S === `trigger/${draft.id}`);
    expect(own.map(({ body }) => JSON.parse(body?.S ?? '').action).sort()).toEqual(
      ['activate', 'activate', 'create', 'edit', 'pause'].sort(),
    );
  });

  test('nobody activates what they wrote, or changed', async () => {
    const draft = await create();
    expect(slug(await act('activate', draft, chief))).toBe('403 /problems/own-approval');
    const edited = (await update(draft, { name: 'B' }, { sub: 'ada', groups: ['marketer'] })).body as Trigger;
    expect(slug(await act('activate', edited, approver))).toBe('403 /problems/own-approval');
  });

  test('nobody activates the template that they wrote, nor one that they have not read', async () => {
    const content = { name: 'Sms', channels: { sms: { text: 'Buy!' } }, version: 1, id: 'own', editors: ['ada'] };
    await defs.put('template', 'own', content, 0, 1);
    const draft = await create({ templateId: 'own' });
    expect(slug(await act('activate', draft, approver))).toBe('403 /problems/own-approval');

    // A later hand does not make the earlier one's words their own.
    await defs.put('template', 'own', { ...content, version: 2, editors: ['ada', 'mia'] }, 1, 2);
    expect(slug(await act('activate', draft, approver))).toBe('403 /problems/own-approval');
    await defs.put('template', 'own', { ...content, version: 3, editors: ['mia'] }, 2, 3);
    const activate = (templateVersion: number) =>
      call(triggers, {
        route: 'POST /v1/triggers/{triggerId}/activate',
        params: { triggerId: draft.id },
        body: { version: draft.version, templateVersion },
        as: approver,
      });
    expect(slug(await activate(1))).toBe('409 /problems/version-conflict');
    expect((await activate(3)).body).toMatchObject({ state: 'active' });
  });

  test('a decision on an older version is refused', async () => {
    const draft = await create();
    await update(draft, { name: 'B' });
    expect(slug(await act('activate', draft, approver))).toBe('409 /problems/version-conflict');
  });

  test('the same key creates one', async () => {
    const once = { route: 'POST /v1/triggers', body: input, headers: { 'idempotency-key': 'k1' } };
    const [first, second] = [await call(triggers, once), await call(triggers, once)];
    expect((second.body as Trigger).id).toBe((first.body as Trigger).id);
  });
});

const margin = { by: 'sku', column: 'margin', atLeast: 1 };
test.each<[string, object, string, string]>([
  ['an unknown template', { templateId: 'nope' }, '422 /problems/invalid-reference', 'templateId'],
  [
    'a channel without content',
    { channelPolicy: ['push', 'sms'] },
    '422 /problems/invalid-reference',
    'channelPolicy.0',
  ],
  ['a window variable without window', { templateId: 'sum' }, '422 /problems/invalid-reference', 'templateId'],
  ['an unknown field', { colour: 'red' }, '400 /problems/invalid-body', 'colour'],
  ['an unknown condition', { where: [{ property: 'a', about: 1 }] }, '400 /problems/invalid-body', 'where.0.about'],
  [
    'a channel that is there twice',
    { channelPolicy: ['sms', 'sms'] },
    '422 /problems/invalid-reference',
    'channelPolicy.1',
  ],
  [
    'an open that nobody notices',
    {
      templateId: 'mail',
      channelPolicy: [{ channel: 'email', ifNotOpenedWithin: { hours: 1 } }, 'sms'],
      tracking: { opens: false },
    },
    '422 /problems/invalid-reference',
    'channelPolicy.0',
  ],
  [
    'a wrong window',
    { window: { count: true, within: { hours: 1 }, reaches: 501 } },
    '400 /problems/invalid-body',
    'window.reaches',
  ],
  [
    'two questions at once',
    { where: [{ property: 'a', equals: 1, atLeast: 2 }] },
    '400 /problems/invalid-body',
    'where.0',
  ],
  [
    'a date that is none',
    { where: [{ property: 'a', before: '2026-02-30' }] },
    '400 /problems/invalid-body',
    'where.0.before',
  ],
  [
    'a reference table that there is not',
    { where: [{ any: [{ property: 'a', equals: 1 }, { not: { reference: 'stock', ...margin } }] }] },
    '422 /problems/invalid-reference',
    'where.0.any.1.not',
  ],
  [
    'a column that the reference table does not have',
    {
      where: [
        { property: 'a', equals: 1 },
        { ...margin, reference: 'products', column: 'left' },
      ],
    },
    '422 /problems/invalid-reference',
    'where.1',
  ],
  [
    'a reference table that there is not, of the event before',
    { window: { after: { eventType: 'a', where: [{ reference: 'stock', ...margin }] }, within: { hours: 1 } } },
    '422 /problems/invalid-reference',
    'window.after.where.0',
  ],
  [
    'a column that there is not, of the event that is missing',
    {
      window: {
        without: { eventType: 'a', where: [{ ...margin, reference: 'products', column: 'left' }] },
        within: { hours: 1 },
      },
    },
    '422 /problems/invalid-reference',
    'window.without.where.0',
  ],
  [
    'a period that is over',
    { window: { count: true, since: '2020-01-01T00:00:00Z', until: '2020-02-01T00:00:00Z', reaches: 1 } },
    '400 /problems/invalid-body',
    'window.until',
  ],
  [
    'the value of a window that has none',
    { templateId: 'sum', window: { without: { eventType: 'order' }, within: { hours: 1 } } },
    '422 /problems/invalid-reference',
    'templateId',
  ],
])('%s is told', async (_, change, expected, path) => {
  const reply = await call(triggers, { route: 'POST /v1/triggers', body: { ...input, ...change } });
  expect(slug(reply)).toBe(expected);
  expect((reply.body as { errors: { path: string }[] }).errors[0]?.path).toBe(path);
});

test('a change to a period that is over is told, and nothing is changed', async () => {
  const draft = await create();
  const since = '2020-01-01T00:00:00Z';
  const over = { window: { count: true, since, until: '2020-02-01T00:00:00Z', reaches: 1 } };
  expect(slug(await update(draft, over))).toBe('400 /problems/invalid-body');
  expect((await update(draft, { window: { count: true, since, reaches: 1 } })).status).toBe(200);
});

test('roles: a marketer may not activate or pause, an operator not write', async () => {
  const draft = await create();
  expect(slug(await act('activate', draft, marketer))).toBe('403 /problems/forbidden-role');
  expect(slug(await act('pause', draft, marketer))).toBe('403 /problems/forbidden-role');
  expect(slug(await update(draft, {}, operator))).toBe('403 /problems/forbidden-role');
});

test('lists pages of triggers', async () => {
  await create();
  await create();
  const page = await call(triggers, { route: 'GET /v1/triggers', query: { limit: '1' } });
  const { items, cursor } = page.body as { items: Trigger[]; cursor: string };
  expect(items).toHaveLength(1);
  const next = await call(triggers, { route: 'GET /v1/triggers', query: { limit: '1', cursor } });
  expect((next.body as { items: Trigger[] }).items[0]?.id).not.toBe(items[0]?.id);
});

test('what is in force is compiled anew after an activation and a pause, once a minute, and not after an edit', async () => {
  const now = vi.spyOn(Date, 'now').mockReturnValue(Date.parse('2030-01-01T12:00:45Z'));
  onTestFinished(() => now.mockRestore());
  services.schedules.length = 0;
  const draft = await create({ where: [{ reference: 'products', by: 'sku', column: 'margin', atLeast: 1 }] });
  const edited = (await update(draft, { name: 'B' })).body as Trigger;
  expect(services.schedules).toEqual([]);
  const active = (await act('activate', edited, approver)).body as Trigger;
  const paused = (await act('pause', active, operator)).body as Trigger;
  expect(services.schedules).toEqual(['wake-2030-01-01T120100']);
  // Ten seconds before a minute its schedule may be made too late.
  now.mockReturnValue(Date.parse('2030-01-01T12:00:51Z'));
  await act('activate', paused, approver);
  expect(services.schedules).toEqual(['wake-2030-01-01T120100', 'wake-2030-01-01T120200']);
});

test('a pause is never held up by a Scheduler that refuses', async () => {
  const now = vi.spyOn(Date, 'now').mockReturnValue(Date.parse('2030-01-02T12:00:00Z'));
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  onTestFinished(() => {
    now.mockRestore();
    warn.mockRestore();
  });
  const draft = await create();
  services.refuse.add('POST');
  const active = (await act('activate', draft, approver)).body as Trigger;
  services.refuse.add('POST');
  expect((await act('pause', active, operator)).body).toMatchObject({ state: 'paused' });
  services.refuse.clear();
  expect(warn).toHaveBeenCalledWith(expect.objectContaining({ message: expect.stringContaining('not compiled') }));
});

describe('the holdout', () => {
  const get = () => call(settings, { route: 'GET /v1/settings/holdout' });
  const put = (body: object, as = operator) => call(settings, { route: 'PUT /v1/settings/holdout', body, as });

  test('nobody, then a share of all; it grows without others, and is not shuffled within a month', async () => {
    expect((await get()).body).toEqual({ version: 0, percent: 0, salt: '', shuffledMs: 0 });
    const first = (await put({ version: 0, percent: 5 })).body as { salt: string; shuffledMs: number };
    expect(first).toMatchObject({ version: 1, percent: 5, salt: expect.stringMatching(/./) });
    expect((await put({ version: 1, percent: 10 })).body).toEqual({ ...first, version: 2, percent: 10 });
    expect((await get()).body).toEqual({ ...first, version: 2, percent: 10 });
    expect(slug(await put({ version: 2, percent: 10, reshuffle: true }))).toBe('409 /problems/state-conflict');
    expect(slug(await put({ version: 0, percent: 10 }))).toBe('409 /problems/version-conflict');
    expect(slug(await put({ version: 2, percent: 51 }))).toBe('400 /problems/invalid-body');
    expect(slug(await put({ version: 2, percent: 1 }, marketer))).toBe('403 /problems/forbidden-role');
  });
});

describe('delivery settings', () => {
  const get = () => call(settings, { route: 'GET /v1/settings/delivery' });
  const put = (body: object, as = operator) => call(settings, { route: 'PUT /v1/settings/delivery', body, as });

  test('the default, then what an operator sets; the version guards it', async () => {
    expect((await get()).body).toEqual({ version: 0, frequencyCap: { touches: 5, hours: 168 } });
    const wanted = { frequencyCap: { touches: 2, hours: 24 } };
    expect((await put({ ...wanted, version: 0 })).body).toEqual({ ...wanted, version: 1 });
    expect((await get()).body).toEqual({ ...wanted, version: 1 });
    expect(slug(await put({ ...wanted, version: 0 }))).toBe('409 /problems/version-conflict');
    expect(slug(await put({ ...wanted, version: 1 }, marketer))).toBe('403 /problems/forbidden-role');
  });

  test('more caps, a gap, duplicates, and what the audit log says of them', async () => {
    const { version } = (await get()).body as { version: number };
    const wanted = {
      frequencyCap: { touches: 5, hours: 24, reserved: 1 },
      caps: [
        { touches: 1, within: { calendar: 'day' } },
        { touches: 4, within: { hours: 720 }, channel: 'sms', topic: 'offers' },
      ],
      minimumGap: { minutes: 60 },
      noDuplicatesWithin: { hours: 72 },
      rates: { email: { perSecond: 14 }, sms: { perSecond: 0.5, transactionalShare: 0.4 } },
      fallbackTimeZone: 'Europe/Paris',
      prices: { sms: 0.05 },
    };
    expect((await put({ ...wanted, version })).body).toEqual({ ...wanted, version: version + 1 });
    expect((await get()).body).toEqual({ ...wanted, version: version + 1 });
    expect(settingsText(wanted as DeliverySettings)).toBe(
      'at most 5 (1 for high priority) in 24 hours; 1 a calendar day; 4 by sms about offers in 720 hours; 60 minutes apart; no content twice in 72 hours; email 14 a second; sms 0.5 a second, 0.4 of it transactional; unknown time zones are Europe/Paris; sms costs 0.05',
    );
  });

  test.each([
    ['caps.0.within.calendar', { caps: [{ touches: 1, within: { calendar: 'year' } }] }],
    ['caps.0.reserved', { caps: [{ touches: 1, within: { hours: 1 }, reserved: 1 }] }],
    ['frequencyCap.reserved', { frequencyCap: { touches: 2, hours: 1, reserved: 2 } }],
    ['caps', { caps: [5, 4].map((touches) => ({ touches, within: { hours: 24 }, channel: 'sms' })) }],
    ['minimumGap.minutes', { minimumGap: { minutes: 0 } }],
    ['fallbackTimeZone', { fallbackTimeZone: 'Atlantis/Port' }],
    ['rates.email.perSecond', { rates: { email: { perSecond: 0.09 } } }],
    ['rates.email.perSecond', { rates: { email: { perSecond: 10_001 } } }],
    ['rates.email.perSecond', { rates: { email: {} } }],
    ['rates.sms.transactionalShare', { rates: { sms: { perSecond: 1, transactionalShare: 0.04 } } }],
    ['rates.sms.transactionalShare', { rates: { sms: { perSecond: 1, transactionalShare: 1 } } }],
  ])('a slip in %s is named', async (path, slip) => {
    const answer = await put({ version: 1, frequencyCap: { touches: 5, hours: 24 }, ...slip });
    expect(slug(answer)).toBe('400 /problems/invalid-body');
    expect(answer.body).toMatchObject({ errors: [{ path }] });
  });

  test.each([0, 21, 1.5])('a cap of %d touches is refused', async (touches) => {
    expect(slug(await put({ version: 1, frequencyCap: { touches, hours: 24 } }))).toBe('400 /problems/invalid-body');
  });
});
