import { describe, expect, it } from 'vitest';
import { compilePattern, eventBridge } from '../../local/event-bridge.ts';
import { call, create, jsonOf, serviceContext } from './service-context.ts';

const LAMBDA = 'arn:aws:lambda:us-east-1:123456789012:function:Accept';
const DEAD = 'arn:aws:sqs:us-east-1:123456789012:Dead';
const setUp = (target: object = {}, rule: object = {}) => {
  const world = serviceContext();
  const service = eventBridge(world.context);
  const { ref: bus, attributes } = create(service, 'AWS::Events::EventBus', 'HeraldBus', { Name: 'herald' });
  const put = (...entries: object[]) =>
    jsonOf<{ FailedEntryCount: number; Entries: { EventId?: string; ErrorCode?: string }[] }>(
      call(service, { action: 'PutEvents', body: { Entries: entries } }),
    );
  const makeRule = () =>
    create(service, 'AWS::Events::Rule', 'BusEvents', {
      EventBusName: bus,
      EventPattern: { 'detail-type': ['Herald Event'] },
      State: 'ENABLED',
      Targets: [{ Arn: LAMBDA, Id: 'Target0', DeadLetterConfig: { Arn: DEAD }, ...target }],
      ...rule,
    });
  return { ...world, service, bus, attributes, put, makeRule };
};
const entry = (extra: object = {}) => ({
  Source: 'shop',
  DetailType: 'Herald Event',
  Detail: '{"a":1}',
  EventBusName: 'herald',
  ...extra,
});

it('hands a matching event to the targets in the documented envelope', async () => {
  const { put, makeRule, deliveries } = setUp();
  makeRule();
  const { FailedEntryCount, Entries } = await put(entry(), entry({ DetailType: 'Other' }));
  expect(FailedEntryCount).toBe(0);
  expect(deliveries).toEqual([
    {
      target: LAMBDA,
      payload: {
        version: '0',
        id: Entries[0]?.EventId,
        'detail-type': 'Herald Event',
        source: 'shop',
        account: '123456789012',
        time: '2026-03-01T12:00:00Z',
        region: 'us-east-1',
        resources: [],
        detail: { a: 1 },
      },
    },
  ]);
});

it('takes a bus by ARN', async () => {
  const { put, makeRule, deliveries, attributes } = setUp();
  makeRule();
  await put(entry({ EventBusName: attributes?.Arn }));
  expect(deliveries).toHaveLength(1);
});

it('keeps buses apart, and disabled rules quiet', async () => {
  const other = setUp();
  other.makeRule();
  await other.put(entry({ EventBusName: undefined }));
  expect(other.deliveries).toEqual([]);
  const disabled = setUp({}, { State: 'DISABLED' });
  disabled.makeRule();
  await disabled.put(entry());
  expect(disabled.deliveries).toEqual([]);
});

it.each([
  ['no source', { Source: undefined }, 'InvalidArgument'],
  ['no detail type', { DetailType: '' }, 'InvalidArgument'],
  ['no detail', { Detail: undefined }, 'InvalidArgument'],
  ['malformed detail', { Detail: '{"a":' }, 'MalformedDetail'],
  ['a detail that is no object', { Detail: '[1]' }, 'MalformedDetail'],
  ['an unknown bus', { EventBusName: 'none' }, 'ResourceNotFoundException'],
])('fails an entry with %s, and keeps its neighbour', async (_, extra, code) => {
  const { put, makeRule, deliveries } = setUp();
  makeRule();
  const { FailedEntryCount, Entries } = await put(entry(extra), entry());
  expect([FailedEntryCount, Entries[0]?.ErrorCode, Entries[1]?.EventId]).toEqual([1, code, expect.any(String)]);
  expect(deliveries).toHaveLength(1);
});

it('refuses 11 entries, and none', async () => {
  const { put } = setUp();
  await expect(put(...Array.from({ length: 11 }, () => entry()))).rejects.toThrow('1 to 10 entries');
  await expect(put()).rejects.toThrow('1 to 10 entries');
});

it('bills 64 KB units', async () => {
  const { put, billed } = setUp();
  await put(entry(), entry({ Detail: JSON.stringify({ x: 'y'.repeat(64 * 1024) }) }));
  expect(billed()['events-event']?.units).toBe(3);
});

it('sends what a target refuses to its dead letters, with the reason', async () => {
  const { put, makeRule, context } = setUp();
  makeRule();
  const dead: unknown[] = [];
  context.services.deliver = async () => Promise.reject(new Error('no such function'));
  context.services.sqs = { send: (...message) => void dead.push(message) };
  await put(entry());
  expect(dead).toEqual([
    [
      DEAD,
      expect.stringContaining('"detail":{"a":1}'),
      {
        attributes: expect.objectContaining({ ERROR_MESSAGE: 'no such function' }),
      },
    ],
  ]);
});

it('takes events from inside the cloud', async () => {
  const { context, makeRule, deliveries, clock } = setUp();
  makeRule();
  context.services.bus.put('herald', { source: 'shop', detailType: 'Herald Event', detail: { a: 2 } });
  await clock.idle();
  expect(deliveries[0]).toMatchObject({ payload: { detail: { a: 2 } } });
});

it('refuses at boot what it would have to pretend', () => {
  expect(() => setUp({ InputPath: '$.detail' }).makeRule()).toThrow('InputPath');
  expect(() => setUp({}, { EventPattern: { $or: [] } }).makeRule()).toThrow('does not support');
  expect(() => setUp({}, { ScheduleExpression: 'rate(1 day)' }).makeRule()).toThrow('ScheduleExpression');
});

const event = {
  source: 'shop.web',
  'detail-type': 'Herald Event',
  detail: {
    state: 'open',
    count: 300,
    price: 12.5,
    flag: true,
    nothing: null,
    empty: '',
    tags: ['red', 'blue'],
    none: [],
    file: 'photo.JPG',
    nested: { deep: { id: 'x1' } },
    items: [
      { sku: 'a', n: 1 },
      { sku: 'b', n: 9 },
    ],
  },
};
const detail = (inner: object) => ({ detail: inner });

const MATCH: [string, object][] = [
  ['exact text', { source: ['shop.web'] }],
  ['one of several', { source: ['other', 'shop.web'] }],
  ['several fields at once', { source: ['shop.web'], 'detail-type': ['Herald Event', 'Herald Events'] }],
  ['a number', detail({ count: [300] })],
  ['a boolean', detail({ flag: [true] })],
  ['null', detail({ nothing: [null] })],
  ['the empty string', detail({ empty: [''] })],
  ['an element of an array', detail({ tags: ['blue'] })],
  ['a nested field', detail({ nested: { deep: { id: ['x1'] } } })],
  ['a field of an object in an array', detail({ items: { sku: ['b'] } })],
];
const NO_MATCH: [string, object][] = [
  ['other text', { source: ['shop'] }],
  ['one field of two', { source: ['shop.web'], 'detail-type': ['Other'] }],
  ['a number as text', detail({ count: ['300'] })],
  ['a missing field', detail({ missing: ['x'] })],
  ['null for a missing field', detail({ missing: [null] })],
  ['case', detail({ state: ['Open'] })],
  ['two fields of different objects in an array', detail({ items: { sku: ['a'], n: [9] } })],
];

describe('patterns', () => {
  it.each(MATCH)('match by %s', (_, pattern) => expect(compilePattern(pattern)(event)).toBe(true));
  it.each(NO_MATCH)('do not match %s', (_, pattern) => expect(compilePattern(pattern)(event)).toBe(false));
  it.each([
    [{}],
    [{ source: [] }],
    [{ source: 'shop.web' }],
    [{ $or: [{ source: ['a'] }, { source: ['b'] }] }],
    [{ source: [{ cidr: '10.0.0.0/24' }] }],
    [{ source: ['a', { prefix: 'a' }] }],
    [detail({ state: [{ exists: false }] })],
    [undefined],
  ])('refuse %j when the rule is made', (pattern) => expect(() => compilePattern(pattern)).toThrow(/does not support/));
});
