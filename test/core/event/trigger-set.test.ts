import { describe, expect, test } from 'vitest';
import type { Condition } from '../../../core/event/condition.ts';
import { UnknownSnapshot } from '../../../core/event/matcher/snapshot.ts';
import type { Trigger } from '../../../core/event/trigger.ts';
import { buildTriggerSet, MANY_CHANGES, openTriggerSet, type TriggerSet } from '../../../core/event/trigger-set.ts';

const trigger = (id: string, change: Partial<Trigger> = {}): Trigger => ({
  id,
  version: 1,
  state: 'active',
  author: 'mia',
  editors: [],
  createdMs: 1,
  hash: 'h1',
  name: `Trigger ${id}`,
  eventType: 'order',
  templateId: 't',
  channelPolicy: ['sms'],
  topic: 'orders',
  lane: 'transactional',
  ...change,
});
const facts = (properties: Record<string, unknown>, type = 'order') => ({ event: { type, timeMs: 1_000, properties } });
const matched = (set: TriggerSet, ...args: Parameters<typeof facts>) =>
  set
    .match(facts(...args))
    .matches.map(({ trigger: { id, version }, role }) => `${id}@${version}/${role}`)
    .sort();
const setOf = (triggers: readonly Trigger[], asOfMs = 5_000) => openTriggerSet(buildTriggerSet(triggers, asOfMs).bytes);

test('only what is in force is in the set, each trigger in all of its patterns', () => {
  const after = { after: { eventType: 'view', where: [{ property: 'sku', exists: true }] }, within: { hours: 1 } };
  const set = setOf([
    trigger('a'),
    trigger('b', { state: 'paused' }),
    trigger('c', { state: 'draft' }),
    trigger('d', { eventType: 'cart', window: after }),
    { ...trigger('e'), hash: undefined } as unknown as Trigger,
  ]);
  expect(matched(set, {})).toEqual(['a@1/0']);
  expect(matched(set, { sku: 'x' }, 'view')).toEqual(['d@1/1']);
  expect(matched(set, {}, 'view')).toEqual([]);
  expect(matched(set, {}, 'cart')).toEqual(['d@1/0']);
  expect([set.wants('view'), set.wants('signup')]).toEqual([true, false]);
  expect(set.get('d')).toMatchObject({ name: 'Trigger d', hash: 'h1', window: after, channelPolicy: ['sms'] });
  expect(set.get('b')).toBeUndefined();
  expect(set.asOfMs).toBe(5_000);
});

describe('what has changed since the snapshot', () => {
  const set = () => setOf([trigger('a'), trigger('b', { where: [{ property: 'total', atLeast: 10 }] })]);

  test('a new one, a changed one and a paused one act at once', () => {
    const changed = set();
    changed.apply([
      trigger('c', { version: 2 }),
      trigger('b', { version: 4, where: [{ property: 'total', atLeast: 20 }] }),
      trigger('a', { version: 3, state: 'paused' }),
    ]);
    expect(matched(changed, { total: 15 })).toEqual(['c@2/0']);
    expect(matched(changed, { total: 20 })).toEqual(['b@4/0', 'c@2/0']);
    expect([changed.get('a'), changed.versionOf('a'), changed.changes()]).toEqual([undefined, 3, 3]);
    changed.apply([trigger('a', { version: 4 })]);
    expect(matched(changed, {})).toEqual(['a@4/0', 'c@2/0']);
  });

  test('versions that the set has, or older ones, change nothing: the look back overlaps', () => {
    const same = set();
    same.apply([trigger('a', { state: 'paused' }), trigger('b', { version: 1, where: [] })]);
    expect(same.changes()).toBe(0);
    same.apply([trigger('new', { state: 'draft' })]);
    expect(same.changes()).toBe(0);
    same.apply([trigger('a', { version: 3 })]);
    same.apply([trigger('a', { version: 2, state: 'paused' })]);
    expect(matched(same, {})).toEqual(['a@3/0']);
  });

  test('hundreds at once, as after an import', () => {
    const many = Array.from({ length: 5 * MANY_CHANGES }, (_, n) =>
      trigger(`n${n}`, { version: 2, where: [{ property: 'total', equals: n }] }),
    );
    const changed = set();
    changed.apply(many);
    expect(matched(changed, { total: 100 })).toEqual(['a@1/0', 'b@1/0', 'n100@2/0']);
    changed.apply([{ ...(many[100] as Trigger), version: 3, state: 'paused' }]);
    expect(matched(changed, { total: 100 })).toEqual(['a@1/0', 'b@1/0']);
  });

  test('an empty set takes in everything', () => {
    const empty = openTriggerSet();
    expect([empty.asOfMs, matched(empty, {})]).toEqual([0, []]);
    empty.apply([trigger('a')]);
    expect(matched(empty, {})).toEqual(['a@1/0']);
  });
});

describe('a broken trigger costs nobody else', () => {
  const broken = trigger('bad', { where: ['nonsense'] as unknown as Condition[] });

  test('it is left out of the snapshot, by name', () => {
    const { bytes, count, faults } = buildTriggerSet([trigger('a'), broken], 1);
    expect([count, faults]).toEqual([1, [{ triggerId: 'bad', name: 'Trigger bad', error: expect.any(String) }]]);
    expect(matched(openTriggerSet(bytes), {})).toEqual(['a@1/0']);
  });

  test('and it is left out when it changes, and comes back when it is mended', () => {
    const set = setOf([trigger('a'), trigger('bad')]);
    expect(set.apply([{ ...broken, version: 2 }])).toMatchObject([{ triggerId: 'bad' }]);
    expect(matched(set, {})).toEqual(['a@1/0']);
    set.apply([trigger('bad', { version: 3 })]);
    expect(matched(set, {})).toEqual(['a@1/0', 'bad@3/0']);
  });

  test.each<[string, unknown[]]>([
    ['a list that is none', [{ property: 'a', in: 5 }]],
    ['a prefix that is none', [{ property: 'a', startsWith: 5 }]],
    ['a question of a later release', [{ not: { property: 'a', geoWithin: 1 } }]],
    ['no conditions', 'x' as unknown as unknown[]],
  ])('%s: among few and among many, in the snapshot and laid over it', (_, where) => {
    const bad = trigger('bad', { where: where as Condition[] });
    for (const n of [1, 500]) {
      const others = Array.from({ length: n }, (__, k) => trigger(`t${k}`, { where: [{ property: 'n', atMost: k }] }));
      const { bytes, faults } = buildTriggerSet([...others, bad], 1);
      expect(faults).toMatchObject([{ triggerId: 'bad' }]);
      const set = openTriggerSet(bytes);
      expect(matched(set, { n: 0 })).toHaveLength(n);
      expect(set.apply([{ ...bad, version: 2 }])).toMatchObject([{ triggerId: 'bad' }]);
      expect([set.needs(facts({ n: 0 }).event), matched(set, { n: 0 }).length]).toEqual([undefined, n]);
      const empty = openTriggerSet();
      expect(empty.apply([...others, bad])).toMatchObject([{ triggerId: 'bad' }]);
      expect(matched(empty, { n: 0 })).toHaveLength(n);
    }
  });

  test('a trigger without a channel is broken too', () => {
    expect(buildTriggerSet([trigger('bad', { channelPolicy: [] })], 1).faults).toMatchObject([{ triggerId: 'bad' }]);
  });

  test.each([
    ['a later channel', { channelPolicy: ['sms', 'carrier-pigeon'] }],
    ['no lane', { lane: undefined }],
    ['a later lane', { lane: 'express' }],
  ])(
    'one with %s, which only another release knows, is left out and named: a sender would not take its message',
    (_, change) => {
      const bad = trigger('bad', change as Partial<Trigger>);
      const { bytes, faults } = buildTriggerSet([trigger('a'), bad], 1);
      expect(faults).toMatchObject([{ triggerId: 'bad', error: expect.stringContaining('This release has no') }]);
      const set = openTriggerSet(bytes);
      expect(matched(set, {})).toEqual(['a@1/0']);
      expect(set.apply([{ ...bad, version: 2 }])).toMatchObject([{ triggerId: 'bad' }]);
      expect(matched(set, {})).toEqual(['a@1/0']);
    },
  );

  test('one that fails while it is matched is found among the others, which go on', () => {
    const set = setOf([
      trigger('a', { where: [{ property: 'total', contains: 'x' }] }),
      trigger('b', { where: [{ attribute: 'tier', contains: 'x' }] }),
    ]);
    const profile = Object.defineProperty({}, 'attributes', {
      get: () => {
        throw new Error('a fault of this trigger alone');
      },
    });
    const { matches, faults } = set.match({ ...facts({ total: 'xyz' }), profile } as Parameters<
      TriggerSet['match']
    >[0]);
    expect(matches.map((match) => match.trigger.id)).toEqual(['a']);
    expect(faults).toMatchObject([
      { triggerId: 'b', name: 'Trigger b', error: 'Error: a fault of this trigger alone' },
    ]);
  });
});

test('what is needed of the person depends on what the event alone leaves open', () => {
  const gold: Condition = { attribute: 'tier', equals: 'gold' };
  const set = setOf([trigger('a', { where: [{ property: 'total', atLeast: 100 }, gold] })]);
  const needs = (properties: Record<string, unknown>) => set.needs(facts(properties).event);
  expect(needs({ total: 5 })).toBeUndefined();
  expect(needs({ total: 100 })).toEqual({ profile: true, contact: false, references: [] });
  set.apply([trigger('b', { version: 2, where: [{ consent: 'sms', equals: true }] })]);
  expect(needs({ total: 5 })).toEqual({ profile: false, contact: true, references: [] });
});

test('bytes of something else, or of another release, are refused', () => {
  const { bytes } = buildTriggerSet([trigger('a')], 1);
  for (const wrong of [new Uint8Array(), new Uint8Array(100), bytes.map((byte, n) => (n === 7 ? byte + 1 : byte))]) {
    expect(() => openTriggerSet(wrong)).toThrow(UnknownSnapshot);
  }
});

test('a snapshot that did not arrive whole is refused, wherever it was cut', () => {
  const { bytes } = buildTriggerSet(
    Array.from({ length: 20 }, (_, n) => trigger(`t${n}`, { where: [{ property: 'n', equals: n }] })),
    1,
  );
  for (let length = 0; length < bytes.byteLength; length += 7) {
    expect(() => openTriggerSet(bytes.slice(0, length))).toThrow(UnknownSnapshot);
  }
});

test('a buffer that begins at an odd place is read as well', () => {
  const { bytes } = buildTriggerSet([trigger('a')], 1);
  const shifted = new Uint8Array(bytes.byteLength + 1);
  shifted.set(bytes, 1);
  expect(matched(openTriggerSet(shifted.subarray(1)), {})).toEqual(['a@1/0']);
});
