import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Context, EventBridgeEvent, SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { apiKeyOf, type Source, secretHashOf } from '../../../core/access/source.ts';
import { CHANNELS, LANES, queueVariable } from '../../../core/delivery/channel.ts';
import type { DirectMessage } from '../../../core/delivery/messages.ts';
import type { AcceptedEvent, IntakeMessage } from '../../../core/event/event.ts';
import type { Trigger } from '../../../core/event/trigger.ts';
import type { ApiEvent } from '../../../lambdas/middleware/api.ts';
import { memoryServices, queueUrl, startAws } from '../adapters/aws.ts';

const services = memoryServices();
const SECRET = 'a-secret-of-24-characters';
let stop: () => Promise<void>;
let acceptEvents: typeof import('../../../lambdas/intake/accept-events.ts')['handler'];
let acceptBusEvents: typeof import('../../../lambdas/intake/accept-bus-events.ts')['handler'];
let matchEvents: typeof import('../../../lambdas/intake/match-events.ts')['handler'];

const source = (id: string, change: Partial<Source> = {}): Source => ({
  id,
  name: id,
  secretHash: secretHashOf(SECRET),
  eventsPerSecond: 1_000,
  createdBy: 'amir',
  createdMs: 1,
  ...change,
});
const trigger = (id: string, change: Partial<Trigger> = {}): Trigger => ({
  id,
  version: 1,
  state: 'active',
  author: 'mia',
  editors: [],
  createdMs: 1,
  hash: 'h1',
  name: id,
  eventType: 'order',
  templateId: 'x',
  channelPolicy: ['sms'],
  topic: 'orders',
  lane: 'transactional',
  ...change,
});

beforeAll(async () => {
  stop = await startAws(
    {
      definitions: ['kind', 'id'],
      windows: ['profileId', 'triggerId'],
      timers: ['bucket', 'timer'],
      identities: ['alias'],
      leads: ['profileId', 'modelId'],
      profiles: ['profileId'],
      contacts: ['profileId'],
      memberships: ['profileId', 'membership'],
    },
    services.answer,
  );
  Object.assign(process.env, {
    DEFINITIONS_TABLE: 'definitions',
    WINDOWS_TABLE: 'windows',
    WORK_BUCKET: 'work',
    PROFILES_TABLE: 'profiles',
    CONTACTS_TABLE: 'contacts',
    METRICS_NAMESPACE: 'Herald/test',
    TIMERS_TABLE: 'timers',
    SCHEDULE_GROUP: 'timers',
    WAKE_FUNCTION_ARN: 'arn:wake',
    WAKE_ROLE_ARN: 'arn:role',
    WAKE_DEAD_LETTERS_ARN: 'arn:dead',
    IDENTITIES_TABLE: 'identities',
    LEADS_TABLE: 'leads',
    STAGES_QUEUE_URL: queueUrl('stages'),
    PARTICIPANTS_QUEUE_URL: queueUrl('participants'),
    EVENTS_STREAM: 'events',
    IDENTITIES_STREAM: 'identities',
    MEMBERSHIPS_TABLE: 'memberships',
    SEGMENT_MEMBERS_STREAM: 'segment-members',
    INTAKE_QUEUE_URL: queueUrl('intake'),
  });
  for (const channel of CHANNELS) {
    for (const lane of LANES) {
      process.env[queueVariable(channel, lane)] = queueUrl(`${channel}-${lane}`);
    }
  }
  const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
  const defs = definitions('definitions');
  await defs.put('source', 'shop', source('shop'), 0, 1);
  await defs.put('source', 'slow', source('slow', { eventsPerSecond: 10 }), 0, 1);
  await defs.put('source', 'gone', source('gone', { revokedMs: 2 }), 0, 1);
  await defs.put('trigger', 'at-once', trigger('at-once', { where: [{ property: 'total', atLeast: 10 }] }), 0, 1);
  const window = { sum: 'total', since: '2020-01-01T00:00:00Z', reaches: 100 };
  await defs.put(
    'trigger',
    'reward',
    trigger('reward', { window, channelPolicy: ['push'], lane: 'promotional' }),
    0,
    1,
  );
  await defs.put(
    'lead-model',
    'lead',
    {
      ...{ id: 'lead', version: 1, state: 'active', name: 'Lead', halfLifeDays: 10 },
      rules: [{ label: 'Ordered', eventType: 'lead.order', points: 20 }],
      stages: [{ name: 'cold' }, { name: 'hot', from: 10, fallsBelow: 5 }],
    },
    0,
    1,
  );
  await defs.put('trigger', 'paused', trigger('paused', { state: 'paused' }), 0, 1);
  ({ handler: acceptEvents } = await import('../../../lambdas/intake/accept-events.ts'));
  ({ handler: acceptBusEvents } = await import('../../../lambdas/intake/accept-bus-events.ts'));
  ({ handler: matchEvents } = await import('../../../lambdas/intake/match-events.ts'));
});
afterAll(() => stop());
beforeEach(() => {
  services.queues.clear();
  services.streams.clear();
});

const event = (id: string, change: object = {}) => ({ id, type: 'order', profileId: 'ada', ...change });
const queued = (url: string) => services.queues.get(url) ?? [];
const intake = () => queued('intake').flatMap(({ body }) => (body as IntakeMessage).events.map(({ id }) => id));

describe('POST /v1/events', () => {
  const post = async (body: unknown, key = apiKeyOf('shop', SECRET)) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const request = {
      routeKey: 'POST /v1/events',
      headers: key ? { 'x-api-key': key } : {},
      body: text,
      isBase64Encoded: false,
      requestContext: { requestId: 'req1' },
    };
    const answer = await acceptEvents(request as unknown as ApiEvent, {} as Context);
    return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(String(answer.body)) };
  };

  test('good neighbours of a bad event are taken, and are durable when the answer comes', async () => {
    const { status, body } = await post({ events: [event('e1'), { id: 'e2' }, event('e3'), event('e1')] });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      accepted: 3,
      refused: 1,
      results: [
        { index: 0, id: 'e1', status: 'accepted' },
        { index: 1, id: 'e2', status: 'refused', reason: 'invalid-field' },
        { index: 2, id: 'e3', status: 'accepted' },
        { index: 3, id: 'e1', status: 'accepted', reason: 'duplicate' },
      ],
    });
    expect(intake()).toEqual(['e1', 'e3']);
    expect(queued('intake').map(({ group }) => group)).toEqual(['shop']);
  });

  test('an event of 300 KB is refused, its neighbour kept', async () => {
    const { body } = await post([event('big', { properties: { x: 'y'.repeat(300_000) } }), event('small')]);
    expect(body.results[0]).toMatchObject({ status: 'refused', reason: 'too-large' });
    expect(intake()).toEqual(['small']);
  });

  test('characters that SQS does not take', async () => {
    await post({ events: [event('e1', { properties: { x: '\uffff\ufffe' } })] });
    expect(queued('intake')).toMatchObject([{ body: { events: [{ properties: { x: '\uffff\ufffe' } }] } }]);
  });

  test.each<[string, unknown, number, string]>([
    ['malformed JSON', '{"events": [', 400, 'malformed-json'],
    ['an empty body', '', 400, 'malformed-json'],
    ['text', '"hello"', 400, 'invalid-body'],
    ['a number', '7', 400, 'invalid-body'],
    ['null', 'null', 400, 'invalid-body'],
    ['no list', { events: {} }, 400, 'invalid-body'],
    ['an unknown field', { events: [event('e1')], source: 'x' }, 400, 'invalid-body'],
    ['no event', { events: [] }, 400, 'invalid-body'],
    ['101 events', { events: Array.from({ length: 101 }, (_, n) => event(`e${n}`)) }, 400, 'too-many-events'],
  ])('%s', async (_, body, status, slug) => {
    const answer = await post(body);
    expect([answer.status, answer.body.type]).toEqual([status, `/problems/${slug}`]);
    expect(answer.headers).toMatchObject({ 'content-type': 'application/problem+json' });
    expect(intake()).toEqual([]);
  });

  test.each([
    ['no key', ''],
    ['no key of ours', 'secret'],
    ['an unknown source', apiKeyOf('nobody', SECRET)],
    ['a wrong secret', apiKeyOf('shop', 'another-secret-24-charac')],
    ['a revoked key', apiKeyOf('gone', SECRET)],
  ])('%s is 401', async (_, key) => {
    const answer = await post({ events: [event('e1')] }, key);
    expect([answer.status, answer.body.type]).toEqual([401, '/problems/invalid-source-key']);
  });

  test('a source above its rate waits', async () => {
    const hundred = { events: Array.from({ length: 100 }, (_, n) => event(`e${n}`)) };
    expect((await post(hundred, apiKeyOf('slow', SECRET))).status).toBe(200);
    const answer = await post(hundred, apiKeyOf('slow', SECRET));
    expect([answer.status, answer.body.type]).toEqual([429, '/problems/rate-limited']);
    expect(Number(answer.headers?.['retry-after'])).toBeGreaterThan(0);
    expect((await post(hundred)).status).toBe(200);
  });

  test('a queue that refuses is no acceptance', async () => {
    services.refuse.add('AmazonSQS.SendMessageBatch');
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    expect((await post({ events: [event('e1')] })).status).toBe(500);
    expect(error).toHaveBeenCalledOnce();
    error.mockRestore();
  });
});

describe('events from the bus', () => {
  const put = (detailType: string, detail: unknown) =>
    acceptBusEvents({
      ...{ id: 'b1', source: 'com.shop', 'detail-type': detailType, detail },
      time: '2026-11-18T12:00:00Z',
    } as EventBridgeEvent<'Herald Event', unknown>);

  test('one, and an envelope of many, join the queue; their source is EventBridge’s', async () => {
    await put('Herald Event', event('e1'));
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await put('Herald Events', { events: [event('e2'), { id: 'bad' }, event('e3')] });
    warn.mockRestore();
    expect(intake()).toEqual(['e1', 'e2', 'e3']);
    expect(queued('intake')[0]).toMatchObject({ group: 'com.shop', body: { source: 'com.shop' } });
  });

  test('an event without a time happened when EventBridge says, so that a redelivery finds it where it was', async () => {
    const timesOf = async () => {
      services.queues.clear();
      await put('Herald Events', { events: [event('e1'), event('e2', { time: '2026-11-18T11:00:00Z' })] });
      return queued('intake').flatMap(({ body }) => (body as IntakeMessage).events.map(({ timeMs }) => timeMs));
    };
    const times = ['2026-11-18T12:00:00Z', '2026-11-18T11:00:00Z'].map((time) => Date.parse(time));
    expect(await timesOf()).toEqual(times);
    expect(await timesOf()).toEqual(times);
  });

  test.each([
    ['an envelope without events', 'Herald Events', {}, 'not-an-object'],
    ['an envelope of 101', 'Herald Events', { events: Array(101).fill(event('x')) }, 'too-many-events'],
    ['no event', 'Herald Event', 'text', 'not-an-object'],
  ])('%s is logged with its reason, not retried', async (_, detailType, detail, reason) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await put(detailType, detail);
    expect(warn).toHaveBeenCalledWith(expect.objectContaining({ reason, busEventId: 'b1', source: 'com.shop' }));
    warn.mockRestore();
    expect(intake()).toEqual([]);
  });
});

describe('nobody speaks for Herald', () => {
  const put = (source: string, type: string) =>
    acceptBusEvents({
      ...{ id: 'b1', source, 'detail-type': 'Herald Event', detail: event('e1', { type }) },
      time: '2026-11-18T12:00:00Z',
    } as EventBridgeEvent<'Herald Event', unknown>);

  test.each([
    ['its source', 'herald', 'order', 'reserved-source'],
    ['a type of its own', 'com.shop', 'herald.segment.entered', 'invalid-field'],
    ['a type that begins as its own do', 'com.shop', 'herald.order', 'invalid-field'],
  ])('by %s', async (_, source, type, reason) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await put(source, type);
    expect(warn).toHaveBeenCalledWith(expect.objectContaining({ reason, busEventId: 'b1', source }));
    warn.mockRestore();
    expect(intake()).toEqual([]);
  });

  test('names that are only like it are of apps', async () => {
    await put('herald.shop', 'heraldry.order');
    expect(intake()).toEqual(['e1']);
  });
});

describe('match-events', () => {
  const accepted = (id: string, profileId: string, total: number, type = 'order'): AcceptedEvent => {
    const nowMs = Date.now();
    return { id, type, profileId, source: 'shop', timeMs: nowMs, receivedMs: nowMs, properties: { total } };
  };
  const batch = (...messages: AcceptedEvent[][]) =>
    ({
      Records: messages.map((events, n) => ({
        messageId: `m${n}`,
        body: JSON.stringify({ source: 'shop', receivedMs: 0, events }),
        attributes: { ApproximateReceiveCount: '1' },
      })),
    }) as unknown as SQSEvent;
  const sent = (url: string) => queued(url).map(({ body }) => body as DirectMessage);

  test('rows go to the lake, messages to the queue of the first channel and the lane', async () => {
    const events = [accepted('e1', 'bo', 50), accepted('e2', 'bo', 5), accepted('e3', 'bo', 50, 'cart')];
    expect(await matchEvents(batch(events))).toEqual({ batchItemFailures: [] });
    expect(services.streams.get('events')).toMatchObject([
      { id: 'e1', profile_id: 'bo', properties: '{"total":50}' },
      { id: 'e2' },
      { id: 'e3', type: 'cart' },
    ]);
    expect(sent('sms-transactional')).toMatchObject([
      { plan: { id: 'at-once', hash: 'h1' }, profileId: 'bo', event: { id: 'e1' } },
    ]);
    expect(queued('sms-transactional')[0]?.group).toBe('at-once');
  });

  test('several events of one person in one batch fill the window once, and a redelivery asks again for the same', async () => {
    const all = batch(
      [accepted('w1', 'cy', 60), accepted('w2', 'cy', 30)],
      [accepted('w3', 'cy', 30), accepted('w3', 'cy', 30)],
    );
    await matchEvents(all);
    const first = sent('push-promotional');
    expect(first.map(({ event: by, window }) => [by.id, window?.value])).toEqual([
      ['w3', 120],
      ['w3', 120],
    ]);
    await matchEvents(all);
    expect(new Set(sent('push-promotional').map(({ event: by }) => by.id))).toEqual(new Set(['w3']));
  });

  test('a queue that refuses fails the records that fed it, and only those', async () => {
    services.refuse.add('AmazonSQS.SendMessageBatch');
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const result = await matchEvents(batch([accepted('f1', 'di', 50)], [accepted('f2', 'di', 5)]));
    error.mockRestore();
    expect(result).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
  });

  test('an event that a lead model wants is scored, its neighbours are matched as ever', async () => {
    const { leads } = await import('../../../lambdas/adapters/leads.ts');
    const event = { ...accepted('l1', 'lea', 50), type: 'lead.order' };
    await matchEvents(batch([event, accepted('l2', 'lea', 50)]));
    const state = await leads('leads').get({ profileId: 'lea', modelId: 'lead' });
    expect(state?.state).toMatchObject({
      stage: 'hot',
      kept: [[event.timeMs, expect.any(String), expect.any(String)]],
    });
    expect(queued('stages')).toMatchObject([{ group: 'lea', body: { stage: 'hot' } }]);
    expect(sent('sms-transactional').map(({ event: { id } }) => id)).toEqual(['l2']);
  });

  test('a body that is not JSON goes back alone', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const event = batch([accepted('h1', 'flo', 5)], [accepted('h2', 'flo', 5)]);
    event.Records[0]!.body = '{"source":';
    const before = services.streams.get('events')?.length ?? 0;
    const result = await matchEvents(event);
    error.mockRestore();
    expect(result).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(services.streams.get('events')?.slice(before)).toMatchObject([{ id: 'h2' }]);
  });

  test('a trigger that fails while it runs is named and counted, the others go on, and the record is done', async () => {
    const within = null as unknown as { hours: number };
    const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
    const broken = trigger('broken', { eventType: 'refund', window: { count: true, within, reaches: 1 } });
    await definitions('definitions').put('trigger', 'broken', broken, 0, Date.now());
    await definitions('definitions').put('trigger', 'sound', trigger('sound', { eventType: 'refund' }), 0, Date.now());
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 6_000);
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const result = await matchEvents(batch([accepted('i1', 'ida', 50, 'refund')]));
    const lines = written.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('TriggerFaults'));
    written.mockRestore();
    now.mockRestore();
    expect(result).toEqual({ batchItemFailures: [] });
    expect(sent('sms-transactional').map(({ plan }) => plan.id)).toEqual(['sound']);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { triggerId: 'broken', name: 'broken', TriggerFaults: 1 },
    ]);
  });

  test('timers that have rung are answered, each by its trigger if it is still in force', async () => {
    const timer = (triggerId: string) => ({ triggerId, definition: 'x', event: accepted('t1', 'tom', 1), dueMs: 0 });
    const event = batch();
    event.Records = [
      { messageId: 'm9', body: JSON.stringify({ kind: 'timers', timers: [timer('reward'), timer('nobody')] }) },
    ] as unknown as SQSEvent['Records'];
    expect(await matchEvents(event)).toEqual({ batchItemFailures: [] });
    expect(services.streams.get('events')).toBeUndefined();
    expect([sent('push-promotional'), sent('sms-transactional')]).toEqual([[], []]);
  });

  test.each(['null', '5', '[]', '{}', '{"events":{}}', '{"events":[null]}', '{"kind":"timers","timers":[{}]}'])(
    'a message %s goes back alone',
    async (body) => {
      const error = vi.spyOn(console, 'error').mockImplementation(() => {});
      const event = batch([accepted('p1', 'pia', 50)], [accepted('p2', 'pia', 50)]);
      event.Records[0]!.body = body;
      const result = await matchEvents(event);
      error.mockRestore();
      expect(result).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
      expect(sent('sms-transactional').map(({ event: by }) => by.id)).toEqual(['p2']);
    },
  );

  test('when time runs out what was found is sent, and the rest comes again', async () => {
    const info = vi.spyOn(console, 'info').mockImplementation(() => {});
    const left = [50_000, 20_000, 5_000];
    const context = { getRemainingTimeInMillis: () => left.shift() ?? 0 };
    const all = batch([accepted('q1', 'quinn', 50)], [accepted('q2', 'quinn', 50)], [accepted('q3', 'quinn', 50)]);
    const result = await matchEvents(all, context);
    info.mockRestore();
    expect(sent('sms-transactional').map(({ event: by }) => by.id)).toEqual(['q1', 'q2']);
    expect(result).toEqual({ batchItemFailures: [{ itemIdentifier: 'm2' }] });
  });

  test('a profile that cannot be read holds up its own events only', async () => {
    const { definitions } = await import('../../../lambdas/adapters/definitions.ts');
    const where = [{ attribute: 'tier', equals: 'gold' }];
    await definitions('definitions').put(
      'trigger',
      'gold',
      trigger('gold', { eventType: 'visit', where }),
      0,
      Date.now(),
    );
    const { dynamo } = await import('../../../lambdas/adapters/dynamo.ts');
    const person = (id: string, body: string) =>
      dynamo.send(new PutItemCommand({ TableName: 'profiles', Item: { profileId: { S: id }, body: { S: body } } }));
    await person('rita', '{');
    await person('sam', JSON.stringify({ profileId: 'sam', version: 1, updatedMs: 1, attributes: { tier: 'gold' } }));
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 12_000);
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const result = await matchEvents(batch([accepted('r1', 'rita', 1, 'visit')], [accepted('s1', 'sam', 1, 'visit')]));
    error.mockRestore();
    now.mockRestore();
    expect(result).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(sent('sms-transactional').map(({ profileId }) => profileId)).toEqual(['sam']);
  });

  test('nothing is sent to somebody who is not known yet', async () => {
    const anonymous = { ...accepted('u1', 'anonymous:device-1', 50), anonymousId: 'device-1' };
    expect(await matchEvents(batch([anonymous]))).toEqual({ batchItemFailures: [] });
    expect(sent('sms-transactional')).toEqual([]);
  });

  test('a lake that refuses fails the batch before anything is sent', async () => {
    services.refuse.add('Firehose_20150804.PutRecordBatch');
    await expect(matchEvents(batch([accepted('g1', 'ed', 50)]))).rejects.toThrow();
    expect(queued('sms-transactional')).toEqual([]);
  });
});
