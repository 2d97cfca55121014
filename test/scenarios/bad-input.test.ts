import { expect, test } from 'vitest';
import { boot, localTest } from './boot.ts';
import { importCsv } from './people.ts';

type EventsReply = { accepted: number; refused: number; results: { status: string; reason?: string }[] };
const events =
  (type: string, profileId: string) =>
  (id: string, properties: object = {}) => ({ id, type, profileId, properties });

test('events: each bad one gets its reason, and its good neighbours are kept', async () => {
  const herald = await boot();
  const apiKey = await herald.connectSource('Shop');
  const type = herald.own('ping');
  const event = events(type, herald.own('ada'));
  const post = (body: unknown, key = apiKey) =>
    herald.api.call<EventsReply & { type: string }>('POST /v1/events', { apiKey: key, body });

  expect(await post('{"events": [')).toMatchObject({ status: 400, body: { type: '/problems/malformed-json' } });
  expect(await post({ events: [event('1')], extra: 1 })).toMatchObject({
    status: 400,
    body: { type: '/problems/invalid-body' },
  });
  const many = Array.from({ length: 101 }, (_, n) => event(`m${n}`));
  expect(await post({ events: many })).toMatchObject({ status: 400, body: { type: '/problems/too-many-events' } });
  expect(await post({ events: [event('1')] }, 'hk_nobody_nothing')).toMatchObject({
    status: 401,
    body: { type: '/problems/invalid-source-key' },
  });

  const mixed = await post({
    events: [
      event('good-1'),
      event('huge', { text: 'x'.repeat(300_000) }),
      { ...event('odd'), colour: 'red' },
      'text',
      event('good-2'),
    ],
  });
  expect(mixed.status).toBe(200);
  expect(mixed.body).toMatchObject({ accepted: 2, refused: 3 });
  expect(mixed.body.results.map(({ status, reason }) => reason ?? status)).toEqual([
    'accepted',
    'too-large',
    'invalid-field',
    'not-an-object',
    'accepted',
  ]);
});

const NO_PREVIEW = 'its Athena has no array_join, which a preview asks for';
localTest(
  NO_PREVIEW,
  'what was accepted beside bad events is in the lake, and counts for whoever has a profile',
  async () => {
    const herald = await boot();
    const apiKey = await herald.connectSource('Shop');
    const type = herald.own('ping');
    const event = events(type, herald.own('ada'));
    await herald.api.must('POST /v1/events', { apiKey, body: { events: [event('good-1'), 'text', event('good-2')] } });
    await herald.cloud.clock.advance(120_000);
    const preview = await herald.api.must<{ size: number }>(
      'POST /v1/segments/preview',
      await herald.as('viewer-vera', { segment: { event: type, count: { atLeast: 2 } } }),
    );
    expect(preview.size).toBe(0);
    await herald.api.must(
      `PUT /v1/profiles/${herald.own('ada')}`,
      await herald.as('marketer-mia', { attributes: { vip: true } }),
    );
    await herald.cloud.clock.advance(120_000);
    const again = await herald.api.must<{ size: number }>(
      'POST /v1/segments/preview',
      await herald.as('viewer-vera', { segment: { event: type, count: { atLeast: 2 } } }),
    );
    expect(again.size).toBe(1);
  },
);

test('CSV: broken quotes, wrong bytes, bad fields are reported by line; every other row is imported', async () => {
  const herald = await boot();
  const rows = [
    'id,mail,age',
    'p1,p1@example.com,41',
    '"p2,broken quote,42',
    'p3,p3@example.com,43',
    'p4,not an address,44',
    'p5,p5@example.com,old',
    'p6,p6@example.com',
    'LATIN',
    'p8,p8@example.com,48',
    '',
  ].join('\n');
  const [before, after] = rows.split('LATIN') as [string, string];
  const csv = Buffer.concat([
    Buffer.from(before),
    Buffer.from('p7,m\xfcller@example.com,47', 'latin1'),
    Buffer.from(after),
  ]);
  const done = await importCsv(herald, csv, { id: 'profileId', mail: 'email', age: 'attributes.age:number' });
  expect(done).toMatchObject({ state: 'finished', progress: { imported: 3, refused: 5 } });
  const errors = (await (await fetch(done.errorsUrl ?? '')).text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { line: number; message: string });
  expect(errors.map(({ line }) => line).sort((a, b) => a - b)).toEqual([3, 5, 6, 7, 8]);
  for (const { message } of errors) expect(message.length).toBeGreaterThan(5);
  for (const id of ['p1', 'p3', 'p8'])
    expect((await herald.api.call(`GET /v1/profiles/${id}`, await herald.as('viewer-vera'))).status).toBe(200);
  for (const id of ['p2', 'p4', 'p5', 'p6', 'p7'])
    expect((await herald.api.call(`GET /v1/profiles/${id}`, await herald.as('viewer-vera'))).status).toBe(404);
});

test('templates: syntax errors and loop bombs are refused with their own problem', async () => {
  const herald = await boot();
  const save = async (text: string) =>
    herald.api.call('POST /v1/templates', await herald.as('marketer-mia', { name: 'T', channels: { sms: { text } } }));
  expect(await save('Hello {{ profile.attributes.firstName')).toMatchObject({
    status: 422,
    body: { type: '/problems/invalid-template' },
  });
  const bomb = '{% for a in (1..100000) %}{% for b in (1..100000) %}x{% endfor %}{% endfor %}';
  expect(await save(bomb)).toMatchObject({ status: 422, body: { type: '/problems/template-too-costly' } });
  expect((await save('Hello {{ profile.attributes.firstName | default: "you" }}')).status).toBe(201);
});

localTest(
  'Cognito signs no token for less than five minutes',
  'sign-in: no token, an expired one and the wrong role each get their answer',
  async () => {
    const herald = await boot();
    expect(await herald.api.call('GET /v1/campaigns')).toMatchObject({
      status: 401,
      body: { message: 'Unauthorized' },
    });
    const token = await herald.cloud.tokens.issue({ sub: 'mia', groups: ['marketer'], expiresInSeconds: 60 });
    expect((await herald.api.call('GET /v1/campaigns', { token })).status).toBe(200);
    await herald.cloud.clock.advance(61_000);
    expect((await herald.api.call('GET /v1/campaigns', { token })).status).toBe(401);
    expect(await herald.api.call('POST /v1/campaigns/x/cancel', await herald.as('approver-ada', {}))).toMatchObject({
      status: 403,
      body: { type: '/problems/forbidden-role' },
    });
  },
);

test('a create that is repeated with its Idempotency-Key makes one thing', async () => {
  const herald = await boot();
  const body = { name: 'Once', channels: { sms: { text: 'Hi' } } };
  const make = async (it: object) =>
    herald.api.call<{ id: string }>('POST /v1/templates', await herald.as('marketer-mia', it, 'key-1'));
  const [first, second] = [await make(body), await make(body)];
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(second.body.id).toBe(first.body.id);
  expect(await make({ ...body, name: 'Twice' })).toMatchObject({
    status: 422,
    body: { type: '/problems/idempotency-key-reused' },
  });
});
