import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EventTypeEntry, emptyEntry, learn, mergeEntries, newsFor } from '../../../core/event/catalogue.ts';
import { MAX_PATHS, placesOf } from '../../../core/event/catalogue-tree.ts';

const PEOPLE = ['ada', 'bob', 'cleo'];
const event = (properties: Record<string, unknown>, source = 'shop', profileId = 'ada') => ({
  ...{ type: 'order', source, profileId, properties },
});
/** From three people who all send the same. */
const learned = (...properties: Record<string, unknown>[]): EventTypeEntry =>
  learn(
    emptyEntry('order', 1),
    properties.flatMap((one) => PEOPLE.map((person) => event(one, 'shop', person))),
    1,
  );
/** Path → kinds and examples, as people read it. */
const shown = ({ properties }: EventTypeEntry) =>
  Object.fromEntries(
    placesOf(properties).map(({ path, seen }) => [
      path,
      [seen.kinds.join('|'), ...[...seen.examples].sort()].join(' '),
    ]),
  );

describe('what is learned from events', () => {
  test.each<[string, Record<string, unknown>[], Record<string, string>]>([
    ['nothing from nothing', [{}], {}],
    [
      'numbers, truth values and words with examples',
      [{ total: 59.9, paid: true, tier: 'gold' }],
      {
        total: 'number 59.9',
        paid: 'boolean true',
        tier: 'text gold',
      },
    ],
    ['dates as dates, other text as text', [{ at: '2026-11-22', note: 'see 12' }], { at: 'date', note: 'text' }],
    [
      'members by dotted paths',
      [{ cart: { total: 5, shop: { region: 'north' } } }],
      {
        cart: 'object',
        'cart.total': 'number 5',
        'cart.shop': 'object',
        'cart.shop.region': 'text north',
      },
    ],
    [
      'items of a list together',
      [{ lines: [{ sku: 'A-1', qty: 1 }, { qty: 2, gift: true }, null] }],
      {
        lines: 'list',
        'lines[]': 'object',
        'lines[].sku': 'text',
        'lines[].qty': 'number 1 2',
        'lines[].gift': 'boolean true',
      },
    ],
    ['all kinds that a value had', [{ size: 'XL' }, { size: 42 }, { size: null }], { size: 'number|text 42 XL' }],
    [
      'no example of what may be personal',
      [{ firstName: 'Ada', email: 'ada@example.com', address: { city: 'Paris' } }],
      {
        firstName: 'text',
        email: 'text',
        address: 'object',
        'address.city': 'text',
      },
    ],
    [
      'names that objects inherit',
      [{ constructor: 1, toString: 'word' }],
      {
        constructor: 'number 1',
        toString: 'text word',
      },
    ],
  ])('%s', (_, properties, expected) => expect(shown(learned(...properties))).toEqual(expected));

  test('text is no example until three people have sent it', () => {
    const [ada, bob, cleo] = PEOPLE.map((person) => event({ family: 'Schmidt', tier: 'gold' }, 'shop', person));
    const two = learn(
      emptyEntry('order', 1),
      [ada, bob, ada, bob].flatMap((one) => one ?? []),
      1,
    );
    expect(shown(two)).toEqual({ family: 'text', tier: 'text' });
    const three = learn(two, [{ ...event({ tier: 'gold' }), profileId: cleo?.profileId ?? '' }], 1);
    expect(shown(three)).toEqual({ family: 'text', tier: 'text gold' });
  });

  test.each<Record<string, unknown>>([
    { customer: 'Anna' },
    { owner: 'Schmidt' },
    { patient: 'Anna' },
    { disease: 'diabetes' },
    { name1: 'Anna' },
    { customername: 'Anna' },
    { givenname: 'Anna' },
    { userid: 'annaschmidt' },
    { password1: 'correct-horse-battery' },
    { userpassword: 'swordfish' },
    { APIKey: 'abcdefghijklmnop' },
    { OTPCode: 'XKQJZP' },
    { verificationcode: 493_021 },
    { pincode: 1_234 },
    { accountnumber: 123_456 },
    { salary1: 52_000 },
    { customer: { tags: ['Anna'], height: 170 } },
  ])('%j never shows its values, whoever sends them', (properties) => {
    const places = placesOf(learned(properties).properties);
    expect(places.flatMap(({ seen }) => [...seen.examples, ...(seen.candidates ?? [])])).toEqual([]);
  });

  test('sources, and when the first and the last event came in', () => {
    const first = learn(emptyEntry('order', 10), [event({}, 'web'), event({}, 'app')], 10);
    const second = learn(first, [event({}, 'web')], 25);
    expect(second).toEqual({ type: 'order', firstSeenMs: 10, lastSeenMs: 25, sources: ['app', 'web'], properties: {} });
    expect(learn(second, [event({}, 'web')], 20).lastSeenMs).toBe(25);
  });

  test.each<[string, Record<string, unknown>]>([
    ['a name that no condition can ask about', { 'a-b': 1 }],
    ['six names below each other', { a: { b: { c: { d: { e: { f: 1 } } } } } }],
    ['a list in a list', { a: [[1]] }],
    ['more paths than fit', Object.fromEntries(Array.from({ length: MAX_PATHS + 1 }, (_, n) => [`p${n}`, n]))],
  ])('%s is left out, which is told', (_, properties) => {
    const entry = learned({ k: 1 }, properties);
    expect(entry.truncated).toBe(true);
    expect(placesOf(entry.properties).length).toBeLessThanOrEqual(MAX_PATHS);
    expect(shown(entry)).toMatchObject({ k: 'number 1' });
    expect(Object.keys(shown(entry))).not.toContain('a.b.c.d.e.f');
  });

  test('the twenty-first source is left out, which is told', () => {
    const entry = learn(
      emptyEntry('order', 1),
      Array.from({ length: 21 }, (_, n) => event({}, `s${n}`)),
      1,
    );
    expect([entry.sources.length, entry.truncated]).toEqual([20, true]);
  });

  test('five names below each other, and as many paths and sources as fit, are no cut', () => {
    expect(learned({ a: { b: { c: { d: { e: 1 } } } } }).truncated).toBeUndefined();
    expect(
      learned(Object.fromEntries(Array.from({ length: MAX_PATHS }, (_, n) => [`p${n}`, n]))).truncated,
    ).toBeUndefined();
  });

  test('ids that are used as names do not push out what is short', () => {
    const byId = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`u_${'x'.repeat(20)}${n}`, n]));
    const entry = learned({ byId }, { total: 5, zebra: { stripes: 3 } });
    expect(shown(entry)).toMatchObject({ total: 'number 5', zebra: 'object', 'zebra.stripes': 'number 3' });
  });
});

/** Few names and values, so that events share some; and enough to meet every bound. */
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, 'gold', 'silver', 'x1', '2026-11-22', 5, 7.25, 1e9),
    fc.integer({ min: -9, max: 9 }),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c-d', 'name', 'constructor'), tie('any'), { maxKeys: 3 }),
  ),
})).any;
const many = fc
  .record({ from: fc.nat(300), count: fc.nat(250) })
  .map(({ from, count }) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${from + n}`, n % 7])));
const properties = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'lines', 'email'), value, { maxKeys: 5 }) },
  { weight: 1, arbitrary: many },
);
const anEvent = fc.record({
  type: fc.constant('order'),
  source: fc.oneof(fc.constant('shop'), fc.nat(40).map(String)),
  profileId: fc.constantFrom('ada', 'bob', 'cleo', 'dan'),
  properties,
});
const events = fc.array(anEvent, { maxLength: 6 });
const entry = fc.tuple(events, fc.nat(100)).map(([own, nowMs]) => learn(emptyEntry('order', nowMs), own, nowMs));

describe('merging', () => {
  test('is commutative, associative and idempotent, and keeps every bound', () => {
    fc.assert(
      fc.property(entry, entry, entry, (a, b, c) => {
        const all = mergeEntries(mergeEntries(a, b), c);
        expect(mergeEntries(b, a)).toEqual(mergeEntries(a, b));
        expect(mergeEntries(a, mergeEntries(b, c))).toEqual(all);
        expect(mergeEntries(all, all)).toEqual(all);
        expect(mergeEntries(all, a)).toEqual(all);
        expect(placesOf(all.properties).length).toBeLessThanOrEqual(MAX_PATHS);
        expect(all.sources.length).toBeLessThanOrEqual(20);
        // It is stored as JSON, and must come back as it was.
        expect(JSON.parse(JSON.stringify(all))).toEqual(all);
      }),
      { numRuns: 150 },
    );
  });

  test('an event is news exactly when learning from it changes more than the time', () => {
    fc.assert(
      fc.property(entry, anEvent, (known, one) => {
        const after = learn(known, [one], known.lastSeenMs);
        expect(newsFor(known)(one)).toBe(JSON.stringify(after) !== JSON.stringify(known));
        expect(newsFor(after)(one)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test('what one worker learns from all events, several learn from parts of them, as long as no bound is met', () => {
    const small = fc.record({
      type: fc.constant('order'),
      source: fc.constantFrom('shop', 'app'),
      profileId: fc.constantFrom('ada', 'bob', 'cleo'),
      properties: fc.dictionary(
        fc.constantFrom('a', 'b', 'lines'),
        fc.oneof(
          fc.constantFrom<unknown>(1, 'gold', true, null, '2026-11-22'),
          fc.array(fc.constantFrom(1, 2, 'x')),
          fc.record({ c: fc.boolean() }),
        ),
      ),
    });
    fc.assert(
      fc.property(fc.array(small), fc.array(small), (mine, theirs) => {
        const both = mergeEntries(learn(emptyEntry('order', 1), mine, 1), learn(emptyEntry('order', 1), theirs, 1));
        expect(learn(emptyEntry('order', 1), [...theirs, ...mine], 1)).toEqual(both);
      }),
    );
  });
});
