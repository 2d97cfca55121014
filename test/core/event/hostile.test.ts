import { describe, expect, it, test } from 'vitest';
import { isLike } from '../../../core/audience/question.ts';
import { acceptEvents } from '../../../core/event/accept.ts';
import { MAX_EVENT_BYTES } from '../../../core/event/chunk.ts';
import { condition } from '../../../core/event/condition.ts';
import { hazardOf } from '../../../core/event/hazard.ts';
import { instantOf } from '../../../core/event/instant.ts';
import { triggerInput } from '../../../core/event/trigger-input.ts';
import { observe } from '../../../core/event/window.ts';
import { fieldErrors } from '../../../lambdas/middleware/parse-request.ts';

// Whatever arrives is refused with a reason, or harmless: nothing throws, hangs, or reaches what it should not.

const NOW = Date.parse('2026-11-18T12:00:00Z');
const times = (length: number): number[] => Array.from({ length }, (_, n) => n);
const nestedLists = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
const nestedObjects = (depth: number): unknown => JSON.parse('{"a":'.repeat(depth) + 1 + '}'.repeat(depth));
const TEN_MEGABYTES = 10_000_000;

describe('events', () => {
  const judge = (event: unknown) => acceptEvents([event], 'shop', NOW).results[0];
  const eventOf = (properties: unknown, more: object = {}) => ({
    id: 'e',
    type: 't',
    profileId: 'ada',
    properties,
    ...more,
  });
  /** As JSON.parse makes it: with members that a literal would not have. */
  const eventFrom = (properties: string) =>
    JSON.parse(`{"id":"e","type":"t","profileId":"ada","properties":${properties}}`) as unknown;
  const list = (items: number) => eventOf({ list: times(items) });

  test.each<[name: string, event: unknown, reason: string, path?: string]>([
    ['lists 100,000 deep', eventOf({ a: nestedLists(100_000) }), 'too-deep'],
    ['objects 100,000 deep', eventOf({ a: nestedObjects(100_000) }), 'too-deep'],
    ['nothing but 100,000 lists', nestedLists(100_000), 'not-an-object'],
    ['an event that is 100,000 deep', nestedObjects(100_000), 'too-deep'],
    ['one level too many', eventOf(nestedObjects(20)), 'too-deep'],
    ['a text of 10 MB', eventOf({ a: 'x'.repeat(TEN_MEGABYTES) }), 'too-large'],
    ['an id of 10 MB', eventOf({}, { id: 'x'.repeat(TEN_MEGABYTES) }), 'too-large'],
    ['a member name of 10 MB', eventOf({ ['x'.repeat(TEN_MEGABYTES)]: 1 }), 'too-large'],
    [
      '10 MB of surrogate halves',
      eventOf({ a: '\ud800'.repeat(TEN_MEGABYTES / 2) }),
      'ill-formed-text',
      'properties.a',
    ],
    ['100,000 items', list(100_000), 'too-large'],
    ['100,000 members', eventOf(Object.fromEntries(times(100_000).map((n) => [`k${n}`, n]))), 'too-large'],
    ['__proto__ as a member', eventFrom('{"__proto__":{"admin":true}}'), 'forbidden-key', 'properties.__proto__'],
    ['__proto__ far inside', eventFrom('{"a":[{"b":{"__proto__":1}}]}'), 'forbidden-key', 'properties.a.0.b.__proto__'],
    [
      '__proto__ as a field',
      JSON.parse('{"id":"e","type":"t","profileId":"a","__proto__":1}'),
      'forbidden-key',
      '__proto__',
    ],
    ['constructor as a field', eventOf({}, { constructor: 1 }), 'invalid-field', 'constructor'],
    ['__proto__ as a type', eventOf({}, { type: '__proto__' }), 'invalid-field', 'type'],
    ['1e400', eventFrom('{"a":1e400}'), 'not-finite', 'properties.a'],
    ['-1e400', eventFrom('{"a":[-1e400]}'), 'not-finite', 'properties.a.0'],
    ['NaN', eventOf({ a: Number.NaN }), 'not-finite', 'properties.a'],
    ['half a surrogate pair', eventFrom('{"a":"\\ud83d"}'), 'ill-formed-text', 'properties.a'],
    ['half a surrogate pair in a name', eventFrom('{"\\ude00":1}'), 'ill-formed-text'],
    ['half a surrogate pair in an id', eventOf({}, { id: '\ud800' }), 'ill-formed-text', 'id'],
    ['an empty type', eventOf({}, { type: '' }), 'invalid-field', 'type'],
    ['a type with a line break', eventOf({}, { type: 'a\n' }), 'invalid-field', 'type'],
    ['a day that does not exist', eventOf({}, { time: '2026-02-30T00:00:00Z' }), 'invalid-field', 'time'],
    ['a time without zone', eventOf({}, { time: '2026-11-18T12:00:00' }), 'invalid-field', 'time'],
    ['properties that are a list', eventOf([1]), 'invalid-field', 'properties'],
  ])('%s: refused', (_, event, reason, path) => {
    expect(judge(event)).toMatchObject({ status: 'refused', reason, ...(path !== undefined && { path }) });
  });

  test.each([
    ['constructor', '{"constructor":"Ferrari"}'],
    ['a constructor with a prototype', '{"constructor":{"prototype":{"isPrototypeOf":1}}}'],
    ['toString, valueOf, hasOwnProperty', '{"toString":1,"valueOf":2,"hasOwnProperty":3,"then":4,"toJSON":5}'],
    ['toJSON far inside', '{"a":{"toJSON":{"b":1}}}'],
    ['an empty name', '{"":1}'],
    ['line separators', '{"a":"\\u2028\\u2029"}'],
    ['2^53 + 1, which is 2^53', '{"a":9007199254740992}'],
    ['a number of one ulp', '{"a":5e-324}'],
    ['5,000 items', JSON.stringify({ list: times(5_000) })],
    ['19 levels', JSON.stringify(nestedObjects(19))],
  ])('%s: taken as it is', (_, properties) => {
    const { events, results } = acceptEvents([eventFrom(properties)], 'shop', NOW);
    expect(results).toEqual([{ index: 0, id: 'e', status: 'accepted' }]);
    expect(events[0]?.properties).toEqual(JSON.parse(properties));
    expect(JSON.stringify(events[0]?.properties)).toBe(JSON.stringify(JSON.parse(properties)));
  });

  it('takes ids that are names of Object for ids', () => {
    const ids = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__proto__', '\u2028', 'ＡＢＣ'];
    const { events, results } = acceptEvents(
      ids.map((id) => ({ id, type: 'constructor', profileId: id })),
      '__proto__',
      NOW,
    );
    expect(results.map(({ status }) => status)).toEqual(ids.map(() => 'accepted'));
    expect(events.map(({ id }) => id)).toEqual([...new Set(ids)]);
  });

  it('costs a good neighbour nothing', () => {
    const bad = [
      nestedObjects(100_000),
      null,
      Number.POSITIVE_INFINITY,
      'x'.repeat(TEN_MEGABYTES),
      eventFrom('{"__proto__":1}'),
      nestedLists(9),
    ];
    const { results } = acceptEvents([...bad, eventOf({ fine: true }), ...bad], 'shop', NOW);
    expect(results.filter(({ status }) => status === 'accepted')).toEqual([
      { index: bad.length, id: 'e', status: 'accepted' },
    ]);
  });

  it('pollutes no prototype', () => {
    for (const text of ['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}'])
      judge(eventFrom(text));
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('looks at each value once, whatever the shape', () => {
    let looks = 0;
    const counted = (value: object) =>
      new Proxy(value, {
        ownKeys: (of) => {
          looks += 1;
          return Reflect.ownKeys(of);
        },
      });
    hazardOf(counted({ a: counted({ b: counted({}) }), list: counted(times(1_000)) }));
    expect(looks).toBe(4);
  });
});

describe('conditions', () => {
  const a = { property: 'a', equals: 1 };
  const errorsOf = (input: unknown) => {
    const parsed = condition.safeParse(input);
    return parsed.success ? [] : fieldErrors(parsed.error.issues);
  };
  const nots = (depth: number, leaf: object): object => {
    let made: object = leaf;
    for (let n = 0; n < depth; n += 1) made = { not: made };
    return made;
  };
  const TOO_DEEP = 'a condition is nested at most 20 deep';
  const TOO_LARGE = /^a condition has at most 16384 bytes of JSON, this one \d+$/;

  test.each<[string, unknown, string | RegExp]>([
    ['100,000 nots', nots(100_000, a), TOO_DEEP],
    ['100,000 lists', nestedLists(100_000), TOO_DEEP],
    ['a value that is 100,000 deep', { property: 'a', equals: nestedObjects(100_000) }, TOO_DEEP],
    ['items 100,000 deep', { property: 'a', anyItem: nots(100_000, { equals: 1 }) }, TOO_DEEP],
    ['21 nots', nots(20, a), TOO_DEEP],
    ['21 levels, some of them of items', nots(10, { property: 'a', anyItem: nots(10, { equals: 1 }) }), TOO_DEEP],
    ['10,000 conditions', { all: times(100).map(() => ({ any: times(100).map(() => a) })) }, TOO_LARGE],
    ['a million conditions in one list', { any: times(1_000_000) }, TOO_LARGE],
    ['a million values', { property: 'a', in: times(1_000_000) }, TOO_LARGE],
    ['a text of 10 MB', { property: 'a', equals: 'x'.repeat(TEN_MEGABYTES) }, TOO_LARGE],
    ['a path of 10 MB', { property: 'a.'.repeat(TEN_MEGABYTES / 2), exists: true }, TOO_LARGE],
    ['an unknown field of 10 MB', { property: 'a', exists: true, ['x'.repeat(TEN_MEGABYTES)]: 1 }, TOO_LARGE],
  ])('%s: refused with one sentence', (_, input, message) => {
    const errors = errorsOf(input);
    expect(errors).toHaveLength(1);
    expect(errors[0]?.path).toBe('');
    expect(errors[0]?.message).toMatch(message);
  });

  it('a trigger with 100,000 conditions is told that there are too many', () => {
    const parsed = triggerInput.safeParse({ where: times(100_000).map(() => a) });
    expect(fieldErrors(parsed.error?.issues ?? [])).toContainEqual({
      path: 'where',
      message: 'Too big: expected array to have <=20 items',
    });
  });

  test.each<[string, object]>([
    ['a limit', { count: true, within: { days: 1 }, reaches: Number.POSITIVE_INFINITY }],
    ['a length', { count: true, within: { days: Number.POSITIVE_INFINITY }, reaches: 1 }],
    ['no length', { count: true, within: { seconds: 0 }, reaches: 1 }],
    ['a part of a second', { count: true, within: { seconds: 0.5 }, reaches: 1 }],
    ['two lengths', { count: true, within: { days: 1, hours: 1 }, reaches: 1 }],
    ['a path', { sum: '__proto__[0]', within: { days: 1 }, reaches: 1 }],
    ['two windows in one', { count: true, sum: 'a', within: { days: 1 }, reaches: 1 }],
    ['no window at all', {}],
  ])('a window that is wrong in %s is refused', (_, window) => {
    const rest = {
      name: 'T',
      eventType: 't',
      templateId: 't',
      channelPolicy: ['sms'],
      topic: 't',
      lane: 'transactional',
    };
    const errors = fieldErrors(triggerInput.safeParse({ ...rest, window }).error?.issues ?? []);
    expect(errors.length).toBeGreaterThan(0);
    for (const { path } of errors) expect(path).toMatch(/^window/);
  });
});

describe('windows', () => {
  const event = (id: string, properties: Record<string, unknown>, timeMs = NOW) => ({
    ...{ id, type: 't', profileId: '__proto__', source: 'shop', timeMs, receivedMs: NOW, properties },
  });
  const sum = {
    eventType: 't',
    where: undefined,
    window: { sum: 'constructor', within: { days: 31 }, reaches: 10 },
  } as const;

  it('adds up what is a number, whatever else comes', () => {
    const values = ['9', null, true, Number.NaN, Number.POSITIVE_INFINITY, [9], { valueOf: 9 }, undefined];
    for (const value of values) expect(observe(sum, undefined, event('e', { constructor: value }), 0, NOW)).toEqual({});
    expect(observe(sum, undefined, event('e', {}), 0, NOW)).toEqual({});
    expect(observe(sum, undefined, event('e', { constructor: 10 }), 0, NOW).fire?.window.value).toBe(10);
  });

  it('numbers at the end of the doubles do not become NaN for good', () => {
    const far = { ...sum, window: { sum: 'n', since: '2026-01-01T00:00:00Z', reaches: 10 } } as const;
    let state = observe(far, undefined, event('a', { n: -Number.MAX_VALUE }), 0, NOW).state;
    state = observe(far, state, event('b', { n: -Number.MAX_VALUE }), 0, NOW).state;
    const stored = JSON.parse(JSON.stringify(state)) as typeof state;
    expect(observe(far, stored, event('c', { n: 5 }), 0, NOW).fire).toBeUndefined();
  });

  it('times of the year 1 and of tomorrow are nothing special', () => {
    for (const timeMs of [Date.UTC(1, 0, 1), 0, NOW + 86_400_000]) {
      const { state } = observe(sum, undefined, event('e', { constructor: 1 }, timeMs), 0, NOW);
      expect(state?.events.length ?? 0).toBeLessThanOrEqual(1);
    }
  });

  it('a million repeats leave one event', () => {
    let { state } = observe(sum, undefined, event('e', { constructor: 1 }), 0, NOW);
    for (let n = 0; n < 1_000; n += 1)
      state = observe(sum, state, event('e', { constructor: 1 }), 0, NOW).state ?? state;
    expect(state?.events).toHaveLength(1);
  });
});

describe('patterns', () => {
  /** Counts how often a text is looked through, which is all that `isLike` does with it. */
  const countedLike = (value: string, pattern: string): { answer: boolean; searches: number } => {
    let searches = 0;
    class Counted extends String {
      override indexOf(part: string, at?: number): number {
        searches += 1;
        return super.indexOf(part, at);
      }
    }
    return { answer: isLike(new Counted(value) as unknown as string, pattern), searches };
  };
  const EVENT = 'a'.repeat(MAX_EVENT_BYTES - 100);

  test.each([
    ['256 stars', '*'.repeat(256), true],
    ['128 times a star and a letter', '*a'.repeat(128), true],
    ['what would make a backtracking matcher try for ever', `${'*a'.repeat(127)}*b`, false],
    ['the same with longer parts', `${'*aaa'.repeat(63)}*b*`, false],
    ['the end that is nowhere', `*${'a'.repeat(254)}b`, false],
  ])('%s: no part is looked for twice in 60 KB of text', (_, pattern, expected) => {
    const { answer, searches } = countedLike(EVENT, pattern);
    expect(answer).toBe(expected);
    expect(searches).toBeLessThanOrEqual(pattern.split('*').length);
  });

  it('a date is told from 10 MB of text by its length', () => {
    expect(instantOf('2026-11-18T00:00:00.'.padEnd(TEN_MEGABYTES, '0'))).toBeUndefined();
    expect(instantOf('2'.repeat(40))).toBeUndefined();
  });
});
