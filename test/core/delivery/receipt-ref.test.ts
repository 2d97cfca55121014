import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHANNELS } from '../../../core/delivery/channel.ts';
import {
  decodeRef,
  encodeRef,
  heardUnit,
  joinRef,
  messageName,
  type ReceiptRef,
  refParts,
  refTag,
} from '../../../core/delivery/receipt-ref.ts';
import { workOf } from '../../../core/delivery/work.ts';

const ulid = '01JDHRA2V7Q8N6W4X3Y2Z1A0BC';
const common: ReceiptRef = {
  planKind: 'campaign',
  planId: ulid,
  run: `${ulid}-0a1b2c3d4e5f`,
  message: 'abcdefgh_-12',
  unit: 'w#abcdefgh_-12',
  index: 42,
  channel: 'email',
  address: 'abc_-1',
  waits: false,
  profileId: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
};
const anyRef: fc.Arbitrary<ReceiptRef> = fc
  .record({
    planKind: fc.constantFrom('campaign' as const, 'trigger' as const, 'journey' as const),
    planId: fc.string({ minLength: 1, maxLength: 64 }),
    run: fc.string({ unit: 'binary', maxLength: 80 }),
    message: fc.base64String({ minLength: 12, maxLength: 12 }),
    unit: fc.base64String({ minLength: 12, maxLength: 12 }),
    index: fc.nat(99),
    channel: fc.constantFrom(...CHANNELS),
    address: fc.stringMatching(/^[\w-]{6}$/),
    waits: fc.boolean(),
    quiet: fc.option(fc.constant(true as const), { nil: undefined }),
    profileId: fc.string({ unit: 'binary', minLength: 1, maxLength: 128 }),
  })
  .map(({ quiet, ...plain }) => {
    const ref = { ...plain, ...(quiet && { quiet }) };
    if (ref.planKind === 'journey') return { ...ref, node: 'hello', run: `j#${ref.planId}` };
    return ref.planKind === 'trigger' ? { ...ref, run: `t#${ref.planId}` } : ref;
  });

describe('a ref', () => {
  test('comes back as it went out, whole or in parts, and has only characters that SES takes in a tag', () => {
    fc.assert(
      fc.property(anyRef, fc.integer({ min: 50, max: 800 }), (ref, size) => {
        const text = encodeRef(ref);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        const tags = new Map(refParts(text, size).map((value, n) => [refTag(n), value]));
        expect([...tags.values()].every(({ length }) => length <= size)).toBe(true);
        expect(joinRef((name) => tags.get(name))).toBe(text);
        expect(decodeRef(text)).toEqual(ref);
      }),
    );
  });

  test('fits one tag of SES as people name things, and two contexts of SMS at the most', () => {
    expect(encodeRef(common).length).toBeLessThanOrEqual(256);
    expect(encodeRef({ ...common, profileId: '🦄'.repeat(64) }).length).toBeLessThanOrEqual(1_000);
  });

  test.each(['', '1', 'x', '2abc', '1!!!', `1${Buffer.from('"00","email"').toString('base64url')}`])(
    'what somebody else wrote is none: %j',
    (text) => expect(decodeRef(text)).toBeUndefined(),
  );

  test.each([
    ['no channel of ours', { channel: 'pigeon' as never }],
    ['no plan', { planId: '' }],
    ['nobody', { profileId: '' }],
  ])('%s is none', (_, change) => expect(decodeRef(encodeRef({ ...common, ...change }))).toBeUndefined());
});

test('a message has one name for all attempts on a channel, and another one for every other message', () => {
  const batch = {
    kind: 'snapshot',
    plan: { kind: 'campaign', id: 'c', hash: 'h' },
    runId: 'c-1',
    part: 'p/0.ndjson',
  } as const;
  const at = (step: number, number = 0) => workOf({ ...batch, batch: number, offset: 0, bytes: 1, count: 1, step });
  expect(messageName(at(0), 'ada')).toBe(messageName(at(0), 'ada'));
  const names = [messageName(at(0), 'ada'), messageName(at(1), 'ada'), messageName(at(0), 'bo')];
  expect(new Set(names).size).toBe(3);
  expect(names.every((name) => /^[\w-]{12}$/.test(name))).toBe(true);
  expect(heardUnit(at(0, 1).unit)).not.toBe(heardUnit(at(0, 2).unit));
});
