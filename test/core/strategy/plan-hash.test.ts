import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, freezePlan, hashOf } from '../../../core/strategy/plan-hash.ts';
import type { PlanVersion } from '../../../core/strategy/plan-version.ts';

/** The same value with the members of every object set in another order. */
const shuffled = (value: unknown, by: (names: string[]) => string[]): unknown => {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, by));
  if (value === null || typeof value !== 'object') return value;
  const members = value as Record<string, unknown>;
  return Object.fromEntries(by(Object.keys(members)).map((name) => [name, shuffled(members[name], by)]));
};

describe('canonicalJson', () => {
  test('does not depend on the order of members, and says the same as JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        const text = canonicalJson(plain);
        expect(canonicalJson(shuffled(plain, (names) => [...names].reverse()))).toBe(text);
        expect(JSON.parse(text)).toEqual(plain);
      }),
    );
  });
  test('two values have one text only if they are equal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [plainA, plainB] = [JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))] as [unknown, unknown];
        const order = (value: unknown) => JSON.stringify(shuffled(value, (names) => [...names].sort()));
        expect(canonicalJson(plainA) === canonicalJson(plainB)).toBe(order(plainA) === order(plainB));
      }),
    );
  });
  test('leaves out undefined members, as JSON does', () => {
    expect(canonicalJson({ b: undefined, a: [undefined, 1] })).toBe('{"a":[null,1]}');
  });
  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, undefined])('throws on %s', (value) => {
    expect(() => canonicalJson(value)).toThrow('No canonical JSON');
  });
});

describe('freezePlan', () => {
  const content: Omit<PlanVersion, 'hash'> = {
    planKind: 'campaign',
    planId: 'c',
    name: 'Win back',
    topic: 'offers',
    lane: 'promotional',
    channelPolicy: ['push', 'sms'],
    template: { name: 't', channels: { sms: { text: 'hi' } } },
    sendAtMs: null,
  };
  test('hashes everything but the hash itself', () => {
    const { hash, ...rest } = freezePlan(content);
    expect(hash).toMatch(/^[0-9a-f]{32}$/);
    expect(hashOf(rest)).toBe(hash);
  });
  test.each([
    ['name', { name: 'Other' }],
    ['order of channels', { channelPolicy: ['sms', 'push'] as const }],
    ['text', { template: { name: 't', channels: { sms: { text: 'hi!' } } } }],
    ['time', { sendAtMs: 1 }],
  ])('another %s is another hash', (_, change) => {
    expect(freezePlan({ ...content, ...change } as typeof content).hash).not.toBe(freezePlan(content).hash);
  });
  test('is stable: plans that are stored keep their names', () => {
    expect(hashOf({ b: [1, 'é'], a: null })).toBe('f8f17faab95c024891d173fa43442b0e');
  });
});
