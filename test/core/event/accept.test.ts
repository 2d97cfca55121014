import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptEvents, type EventResult } from '../../../core/event/accept.ts';
import { MAX_EVENT_BYTES } from '../../../core/event/chunk.ts';
import { MAX_DEPTH } from '../../../core/event/hazard.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const good = { id: 'e1', type: 'order.placed', profileId: 'ada' };
const judge = (value: unknown): EventResult | undefined => acceptEvents([value], 'shop', NOW).results[0];
/** What JSON.parse makes of the text: the only values that ever reach acceptEvents. */
const parsed = (text: string): unknown => JSON.parse(text);
const nested = (depth: number): unknown => parsed(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);

describe('refused, each with its reason', () => {
  test.each<[string, unknown, string, string?]>([
    ['text', 'order', 'not-an-object'],
    ['null', null, 'not-an-object'],
    ['a list', [good], 'not-an-object'],
    ['a number', 7, 'not-an-object'],
    ['nothing in it', {}, 'invalid-field', 'id'],
    ['an unknown field', { ...good, color: 'red' }, 'invalid-field', 'color'],
    ['an empty id', { ...good, id: '' }, 'invalid-field', 'id'],
    ['an id of 129 characters', { ...good, id: 'x'.repeat(129) }, 'invalid-field', 'id'],
    ["a type of Herald's own", { ...good, type: 'herald.segment.entered' }, 'invalid-field', 'type'],
    ['a type with a blank', { ...good, type: 'order placed' }, 'invalid-field', 'type'],
    ['a numeric profileId', { ...good, profileId: 7 }, 'invalid-field', 'profileId'],
    ['nobody', { id: 'e1', type: 'order.placed' }, 'invalid-field', 'profileId'],
    ['an empty anonymousId', { ...good, anonymousId: '' }, 'invalid-field', 'anonymousId'],
    ['an anonymousId of 129 characters', { ...good, anonymousId: 'x'.repeat(129) }, 'invalid-field', 'anonymousId'],
    ["a profileId of Herald's own", { ...good, profileId: 'anonymous:laptop' }, 'invalid-field', 'profileId'],
    ["an anonymousId of Herald's own", { ...good, anonymousId: 'anonymous:x' }, 'invalid-field', 'anonymousId'],
    ['undefined as an anonymousId', { ...good, anonymousId: 'undefined' }, 'invalid-field', 'anonymousId'],
    [
      'no profile, and a UUID of zeros',
      { id: 'e', type: 't', anonymousId: '00000000-0000-0000-0000-000000000000' },
      'invalid-field',
      'anonymousId',
    ],
    ['a time without zone', { ...good, time: '2026-11-22T12:00:00' }, 'invalid-field', 'time'],
    ['no such date', { ...good, time: '2026-13-40T12:00:00Z' }, 'invalid-field', 'time'],
    ['properties as a list', { ...good, properties: [1] }, 'invalid-field', 'properties'],
    ['a time two days ahead', { ...good, time: '2026-11-24T12:00:00Z' }, 'time-in-future', 'time'],
    ['300 KB', { ...good, properties: { note: 'x'.repeat(300_000) } }, 'too-large'],
    ['1e400', parsed('{"id":"e","type":"t","profileId":"p","properties":{"n":1e400}}'), 'not-finite', 'properties.n'],
    ['half a surrogate pair', { ...good, id: '\ud800' }, 'ill-formed-text', 'id'],
    ['half a pair in a key', { ...good, properties: { '\udc00': 1 } }, 'ill-formed-text'],
    ['__proto__', parsed('{"id":"e","type":"t","profileId":"p","properties":{"__proto__":{"x":1}}}'), 'forbidden-key'],
    ['too deep', { ...good, properties: nested(MAX_DEPTH) }, 'too-deep'],
    ['100,000 levels', nested(100_000), 'too-deep'],
  ])('%s', (_, value, reason, path) => {
    expect(judge(value)).toMatchObject({ status: 'refused', reason, ...(path !== undefined && { path }) });
  });
});

test('the reason says what would do', () => {
  expect(judge({ id: 'e1', type: 'order.placed' })).toMatchObject({
    message: 'An event has a profileId, an anonymousId, or both',
  });
  expect(judge({ ...good, type: 'herald.x' })).toMatchObject({
    message: 'Types that begin with herald. are of events that Herald makes itself',
  });
  expect(judge({ ...good, profileId: 'anonymous:x' })).toMatchObject({
    message: 'Ids that begin with anonymous: are reserved',
  });
  expect(judge({ ...good, anonymousId: ' NULL' })).toMatchObject({
    message: 'A placeholder for an id, such as undefined, null or 0, is the id of nobody',
  });
});

describe('accepted', () => {
  test('with event time and intake time apart', () => {
    const { events } = acceptEvents([{ ...good, time: '2026-11-22T13:00:00+02:00' }], 'shop', NOW);
    expect(events).toEqual([{ ...good, source: 'shop', timeMs: NOW - 3_600_000, receivedMs: NOW, properties: {} }]);
  });

  test('an event without a time has that of the intake, or the one that the caller knows', () => {
    const timesOf = (defaultTimeMs?: number) =>
      acceptEvents([good, { ...good, id: 'e2', time: '2026-11-22T11:00:00Z' }], 'shop', NOW, defaultTimeMs).events.map(
        ({ timeMs, receivedMs }) => [timeMs - NOW, receivedMs - NOW],
      );
    expect(timesOf()).toEqual([
      [0, 0],
      [-3_600_000, 0],
    ]);
    expect(timesOf(NOW - 7_000)).toEqual([
      [-7_000, 0],
      [-3_600_000, 0],
    ]);
  });

  test.each<[string, object]>([
    ['without a time: that of the intake', {}],
    ['a clock that is a few hours ahead', { time: '2026-11-22T20:00:00Z' }],
    ['long ago', { time: '1997-01-01T00:00:00Z' }],
    ['properties of any JSON', { properties: { a: [1, { b: null }], c: 'ü😀', d: false } }],
    ['nested as deep as allowed', { properties: nested(MAX_DEPTH - 2) }],
    ['just small enough', { properties: { note: 'x'.repeat(MAX_EVENT_BYTES - 80) } }],
  ])('%s', (_, extra) => {
    expect(judge({ ...good, ...extra })).toEqual({ index: 0, id: 'e1', status: 'accepted' });
  });

  test('a bad event costs its neighbours nothing', () => {
    const values = [good, 'bad', { ...good, id: 'e2' }, { ...good, id: 'e3', x: 1 }];
    const { events, results } = acceptEvents(values, 'shop', NOW);
    expect(events.map(({ id }) => id)).toEqual(['e1', 'e2']);
    expect(results.map(({ index, status }) => [index, status])).toEqual([
      [0, 'accepted'],
      [1, 'refused'],
      [2, 'accepted'],
      [3, 'refused'],
    ]);
  });

  test('whoever is not known yet, by an anonymous id; with both ids the profile counts', () => {
    const { profileId, ...event } = good;
    const { events } = acceptEvents([{ ...event, anonymousId: 'laptop' }], 'shop', NOW);
    expect(events).toMatchObject([{ profileId: 'anonymous:laptop', anonymousId: 'laptop' }]);
    const login = acceptEvents([{ ...event, profileId, anonymousId: 'laptop' }], 'shop', NOW);
    expect(login.events).toMatchObject([{ profileId: 'ada', anonymousId: 'laptop' }]);
  });

  test('an id that is twice in one call is taken once', () => {
    const { events, results } = acceptEvents([good, { ...good, type: 'other' }], 'shop', NOW);
    expect(events).toHaveLength(1);
    expect(results[1]).toEqual({ index: 1, id: 'e1', status: 'accepted', reason: 'duplicate' });
  });
});

test('never throws, whatever JSON brings, and what it accepts survives another trip through JSON', () => {
  const anything = fc.oneof(
    fc.json({ maxDepth: 6 }).map(parsed),
    fc.record({ id: fc.string(), type: fc.string(), profileId: fc.string(), properties: fc.jsonValue() }),
    fc.record({ id: fc.string({ minLength: 1, maxLength: 9 }), type: fc.constant('t'), profileId: fc.constant('p') }),
  );
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 10 }), (values) => {
      const { events, results } = acceptEvents(values, 'shop', NOW);
      expect(results).toHaveLength(values.length);
      const once = results.filter((result) => result.status === 'accepted' && !result.reason);
      expect(events).toHaveLength(once.length);
      expect(JSON.parse(JSON.stringify(events))).toEqual(events);
    }),
  );
});
