import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isExample, isPersonal, MAX_EXAMPLES, mergeExamples } from '../../../core/event/catalogue-example.ts';

describe('what may be shown as an example', () => {
  test.each([
    true,
    false,
    0,
    -12,
    59.9,
    0.125,
    999_999,
    'gold',
    'EUR',
    'XL',
    'Shoes',
    'credit_card',
    'in-store',
    '手机',
  ])('%j may', (value) => expect(isExample(value)).toBe(true));

  test.each([
    'ada@example.com',
    '+33612345678',
    '0612345678',
    'hk_01JD_secret',
    'eyJhbGciOiJIUzI1NiJ9',
    'a1b2c3d4',
    'aBcDeFgHiJkLmNoP',
    'qwertyuiopasdfghjkl',
    '2026-11-22',
    '2026-11-22T09:30:00Z',
    '10.0.0.1',
    'https://shop.example',
    'Ada Lovelace',
    'five-words-are-too-many',
    '12 Rue de Rivoli',
    '',
    'gold\u0000',
    1_000_000,
    33_612_345_678,
    48.85661,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    {},
    [],
  ])('%j may not', (value) => expect(isExample(value)).toBe(false));

  test('no text that has a digit, a blank or a sign may, and none is longer than 64', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        if (isExample(text)) expect(text).toMatch(/^[\p{L}_-]{1,64}$/u);
      }),
    );
    expect(isExample(Array.from({ length: 4 }, () => 'x'.repeat(16)).join('-'))).toBe(false);
  });
});

test.each([
  ['firstName', true],
  ['FIRST_NAME', true],
  ['email', true],
  ['customerId', true],
  ['ids', true],
  ['shippingAddress', true],
  ['couponCode', true],
  ['accessToken', true],
  ['ip', true],
  ['total', false],
  ['currency', false],
  ['zipper', false],
  ['paid', false],
  ['category', false],
  ['tokenized', false],
])('the name %s speaks of a person or a secret: %j', (name, expected) => expect(isPersonal(name)).toBe(expected));

test('merging examples keeps at most five, each once, whatever the order', () => {
  const values = fc.array(
    fc.oneof(fc.integer({ min: -20, max: 20 }), fc.boolean(), fc.constantFrom('a', 'b', 'c', 'd')),
  );
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const all = mergeExamples(mergeExamples(a, b), c);
      expect(all).toEqual(mergeExamples(c, mergeExamples(b, a)));
      expect(all).toEqual(mergeExamples(all, all));
      expect(new Set(all).size).toBe(all.length);
      expect(all.length).toBe(
        Math.min(MAX_EXAMPLES, new Set([...a, ...b, ...c].map((one) => JSON.stringify(one))).size),
      );
    }),
  );
});
