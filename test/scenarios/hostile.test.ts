import { expect, test } from 'vitest';
import { DETAIL_TYPE_MANY, DETAIL_TYPE_ONE } from '../../core/event/event.ts';
import { boot, bootShared, type Herald, localTest } from './boot.ts';
import { addPerson } from './people.ts';

// What somebody sends who means harm, or whose app is broken. Good neighbours must never feel it.

type Result = { status: string; reason?: string; path?: string };
const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const eventText = (id: string, properties: string) =>
  `{"id":"${id}","type":"order","profileId":"ada","properties":${properties}}`;

/** A trigger that thanks by SMS for every good order. */
const thank = async ({ api, as, cloud, own }: Herald, where: object[] = [{ property: 'good', equals: true }]) => {
  const template = { name: 'Thanks', channels: { sms: { text: 'Thank you' } } };
  const { id: templateId } = await api.must<{ id: string }>('POST /v1/templates', await as('marketer-mia', template));
  const trigger = { name: 'Thanks', templateId, channelPolicy: ['sms'], topic: 'orders', lane: 'transactional' };
  const { id, version } = await api.must<{ id: string; version: number }>(
    'POST /v1/triggers',
    await as('marketer-mia', { ...trigger, eventType: own('order'), where }),
  );
  await api.must(`POST /v1/triggers/${id}/activate`, await as('approver-ada', { version }));
  await cloud.clock.advance(10_000);
};

test('events by HTTP: every hostile one is refused with its reason, and the good one between them is worked on', async () => {
  const herald = await boot();
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  await thank(herald);
  const apiKey = await herald.connectSource('Shop');
  const texts = [
    eventText('deep', deep(100_000)),
    eventText('deep-2', `{"a":${'{"b":'.repeat(100_000)}1${'}'.repeat(100_000)}}`),
    eventText('proto', '{"__proto__":{"good":true}}'),
    eventText('inside', '{"a":[{"__proto__":1}]}'),
    eventText('infinite', '{"a":1e400}'),
    eventText('half', '{"a":"\\ud800"}'),
    eventText('large', JSON.stringify({ a: 'x'.repeat(100_000) })),
    eventText('many', JSON.stringify({ a: Array(100_000).fill(1) })),
    eventText('\\ud800', '{}'),
    '"text"',
    'null',
    deep(100_000),
    eventText('good', '{"good":true,"constructor":1,"toString":"x","valueOf":null,"hasOwnProperty":[]}')
      .replace('"order"', JSON.stringify(herald.own('order')))
      .replace('"ada"', JSON.stringify(herald.own('ada'))),
  ];
  const reply = await herald.api.call<{ accepted: number; results: Result[] }>('POST /v1/events', {
    apiKey,
    body: `{"events":[${texts.join()}]}`,
  });
  expect(reply.status).toBe(200);
  expect(reply.body.results.map(({ status, reason }) => reason ?? status)).toEqual([
    ...[
      'too-deep',
      'too-deep',
      'forbidden-key',
      'forbidden-key',
      'not-finite',
      'ill-formed-text',
      'too-large',
      'too-large',
    ],
    ...['ill-formed-text', 'not-an-object', 'not-an-object', 'not-an-object', 'accepted'],
  ]);
  await herald.cloud.clock.idle();
  expect((await herald.cloud.inbox.list()).map(({ body }) => body)).toEqual(['Thank you']);
});

test('whole calls that are no list of events get one answer', async () => {
  const herald = await boot();
  const apiKey = await herald.connectSource('Shop');
  const post = async (body: string) => {
    const { status, body: answer } = await herald.api.call<{ type: string }>('POST /v1/events', { apiKey, body });
    return `${status} ${answer.type}`;
  };
  expect(await post(deep(100_000))).toBe('200 undefined');
  expect(await post('['.repeat(100_000))).toBe('400 /problems/malformed-json');
  expect(await post('{"events":{"__proto__":[]}}')).toBe('400 /problems/invalid-body');
  expect(await post('{"__proto__":{"events":[]}}')).toBe('400 /problems/invalid-body');
  expect(await post('{"events":[],"__proto__":1}')).toBe('400 /problems/invalid-body');
  expect(await post('\u0000')).toBe('400 /problems/malformed-json');
  expect(await post('[1e400]')).toBe('200 undefined');
  expect(await post(`{"events":[${Array(101).fill('{}').join()}]}`)).toBe('400 /problems/too-many-events');
  for (const key of [
    'hk___proto___constructor',
    'hk_constructor_toStringtoString12',
    `hk_${'x'.repeat(5_000)}`,
    "hk_'or'1'='1",
  ]) {
    const reply = await herald.api.call<{ type: string }>('POST /v1/events', { apiKey: key, body: { events: [{}] } });
    expect([reply.status, reply.body.type]).toEqual([401, '/problems/invalid-source-key']);
  }
});

localTest(
  'it reads the logs',
  'events on the bus: hostile ones are logged with their reason, the others are worked on',
  async () => {
    const herald = await bootShared();
    await addPerson(herald, 'ada', { phone: '+12025550001' });
    await thank(herald);
    const { own } = herald;
    const logged = herald.cloud.logs('accept-bus-events').length;
    const order = (id: string, properties: object = {}) => ({
      ...{ id, type: own('order'), profileId: own('ada'), properties },
    });
    // As parsed from JSON, where __proto__ is a member like others.
    const proto = JSON.parse('{"__proto__":{"good":true}}') as object;
    const events = [
      order('deep', JSON.parse(`{"a":${deep(500)}}`) as object),
      order('proto', proto),
      order('half', { a: '\ud800' }),
      order('large', { a: 'x'.repeat(100_000) }),
      null,
      order('good', { good: true }),
    ];
    await herald.cloud.putOnBus({ source: 'shop.app', detailType: DETAIL_TYPE_MANY, detail: { events } });
    await herald.cloud.putOnBus({ source: 'shop.app', detailType: DETAIL_TYPE_MANY, detail: { events: { a: 1 } } });
    await herald.cloud.putOnBus({ source: 'shop.app', detailType: DETAIL_TYPE_ONE, detail: proto });
    await herald.cloud.putOnBus({
      source: '__proto__',
      detailType: DETAIL_TYPE_ONE,
      detail: order('constructor', { good: true }),
    });
    await herald.cloud.clock.advance(10_000);
    expect(herald.cloud.inbox.list().map(({ body }) => body)).toEqual(['Thank you', 'Thank you']);
    const reasons = herald.cloud
      .logs('accept-bus-events')
      .slice(logged)
      .map((line) => JSON.parse(line) as { level: string; message: { reason: string } })
      .map(({ level, message }) => [level, message.reason]);
    expect(reasons.sort()).toEqual(
      [
        ...['forbidden-key', 'forbidden-key', 'ill-formed-text', 'invalid-field'],
        ...['not-an-object', 'too-deep', 'too-large'],
      ].map((reason) => ['WARN', reason]),
    );
  },
);

localTest(
  'the limits are those of AWS',
  'bodies of many megabytes are refused, by whoever meets them first',
  async () => {
    const herald = await boot();
    const apiKey = await herald.connectSource('Shop');
    const post = (megabytes: number) =>
      herald.api.call<{ results?: Result[] }>('POST /v1/events', {
        apiKey,
        body: `{"events":[${eventText('large', JSON.stringify({ a: 'x'.repeat(megabytes * 1_000_000) }))}]}`,
      });
    expect(await post(5)).toMatchObject({ status: 200, body: { accepted: 0, results: [{ reason: 'too-large' }] } });
    // What Lambda does not take, and what API Gateway does not take.
    expect((await post(9)).status).toBeGreaterThanOrEqual(400);
    expect((await post(11)).status).toBe(413);
    expect(await post(0)).toMatchObject({ status: 200, body: { accepted: 1 } });
  },
);

test('triggers whose conditions are bombs are refused with where and why', async () => {
  const herald = await boot();
  const { id: templateId } = await herald.api.must<{ id: string }>(
    'POST /v1/templates',
    await herald.as('marketer-mia', { name: 'T', channels: { sms: { text: 'Hi' } } }),
  );
  const base = { name: 'T', templateId, channelPolicy: ['sms'], topic: 't', lane: 'transactional', eventType: 'order' };
  type Problem = { type: string; errors?: { path: string; message: string }[] };
  const create = async (where: string) => {
    const body = `${JSON.stringify(base).slice(0, -1)},"where":${where}}`;
    const { body: answer, status } = await herald.api.call<Problem>('POST /v1/triggers', {
      ...(await herald.as('marketer-mia')),
      body,
    });
    return { status, type: answer.type, first: answer.errors?.[0] };
  };
  const nots = (depth: number) => `${'{"not":'.repeat(depth)}{"property":"a","equals":1}${'}'.repeat(depth)}`;
  const leaf = '{"property":"a","equals":1}';
  const anys = (many: number) => `{"any":[${Array(many).fill(leaf).join()}]}`;
  const invalid = { status: 400, type: '/problems/invalid-body' };
  const tooDeep = { path: 'where.0', message: 'a condition is nested at most 20 deep' };

  expect(await create(`[${nots(100_000)}]`)).toEqual({ ...invalid, first: tooDeep });
  expect(await create(deep(100_000))).toEqual({ ...invalid, first: tooDeep });
  expect(await create(`[{"property":"a","equals":${deep(100_000)}}]`)).toEqual({ ...invalid, first: tooDeep });
  expect(await create(`[{"all":[${Array(100).fill(anys(100)).join()}]}]`)).toMatchObject({
    ...invalid,
    first: { path: 'where.0', message: expect.stringMatching(/^a condition has at most 16384 bytes/) },
  });
  expect(await create(`[{"any":[${Array(500_000).fill(0).join()}]}]`)).toMatchObject({
    ...invalid,
    first: { path: 'where.0' },
  });
  expect(await create(`[${Array(21).fill(leaf).join()}]`)).toMatchObject({ ...invalid, first: { path: 'where' } });
  expect(await create('[{"property":"a","equals":1e400}]')).toMatchObject({
    ...invalid,
    first: { path: 'where.0.equals' },
  });
  expect(await create('[{"property":"a","equals":"\\ud800"}]')).toMatchObject({
    ...invalid,
    first: { path: 'where.0.equals' },
  });
  expect(await create('[{"property":"a","matches":"(a+)+$"}]')).toMatchObject({
    ...invalid,
    first: { path: 'where.0.matches' },
  });
  expect(await create('[{"property":"a","equals":1,"__proto__":{"b":1}}]')).toMatchObject({
    ...invalid,
    first: { path: 'where.0.__proto__' },
  });
  expect(await create('[{"property":"a","equals":1')).toMatchObject({ status: 400, type: '/problems/malformed-json' });
  // As large as it may be: it is taken, whatever it would expand to.
  expect((await create(`[${Array(20).fill(anys(100)).join()}]`)).status).toBe(201);
});

test('a trigger that asks a lot of a lot: stars, long lists, and names of Object', async () => {
  const herald = await boot();
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  await thank(herald, [
    { property: 'text', like: `${'*a'.repeat(127)}*b` },
    { property: 'list', anyItem: { item: 'constructor', equals: 'x' } },
    { not: { property: 'toString', exists: true } },
    { not: { property: 'list.length', exists: true } },
    { not: { attribute: 'constructor', exists: true } },
    { any: Array.from({ length: 100 }, (_, n) => ({ property: 'kind', equals: `k${n}` })) },
  ]);
  const apiKey = await herald.connectSource('Shop');
  const send = async (id: string, properties: object) => {
    const event = { id, type: herald.own('order'), profileId: herald.own('ada'), properties };
    const { results } = await herald.api.must<{ results: Result[] }>('POST /v1/events', {
      apiKey,
      body: { events: [event] },
    });
    expect(results).toMatchObject([{ status: 'accepted' }]);
    await herald.cloud.clock.idle();
  };
  const list = [...Array.from({ length: 3_000 }, () => ({})), { constructor: 'x' }];
  await send('no b', { text: 'a'.repeat(30_000), list, kind: 'k7' });
  await send('no item', { text: `${'a'.repeat(30_000)}b`, list: list.slice(0, -1), kind: 'k7' });
  await send('no kind', { text: `${'a'.repeat(30_000)}b`, list, kind: 'constructor' });
  await send('own name', { text: `${'a'.repeat(30_000)}b`, list, kind: 'k7', toString: 1 });
  expect(await herald.cloud.inbox.count()).toBe(0);
  await send('all', { text: `${'a'.repeat(30_000)}b`, list, kind: 'k99' });
  expect(await herald.cloud.inbox.count()).toBe(1);
});

localTest(
  'it waits for the lake',
  'strange text in events breaks no query, and is found by who asks for it',
  async () => {
    const herald = await bootShared();
    await addPerson(herald, 'ada', {});
    const apiKey = await herald.connectSource('Shop');
    const notes = [
      '\u2028',
      "'; DROP TABLE events; --",
      '${process.exit(1)}',
      '\\',
      '"',
      '😀',
      '\u0000',
      'a\u0000b',
      '\uffff',
    ];
    const { own } = herald;
    const events = notes.map((note, n) => ({
      ...{ id: `e${n}`, type: own('note'), profileId: own('ada'), properties: { note } },
    }));
    await herald.api.must('POST /v1/events', { apiKey, body: { events } });
    await herald.cloud.clock.advance(120_000);
    const sizeOf = async (where: object[], count: object) => {
      const segment = { event: own('note'), where, count };
      const asViewer = await herald.as('viewer-vera', { segment });
      return (await herald.api.must<{ size: number }>('POST /v1/segments/preview', asViewer)).size;
    };
    expect(await sizeOf([], { equals: notes.length })).toBe(1);
    for (const note of notes.filter((text) => !text.includes('\u0000'))) {
      expect([note, await sizeOf([{ property: 'note', equals: note }], { equals: 1 })]).toEqual([note, 1]);
    }
  },
);
