import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Examples,
  exampleNews,
  exampleOf,
  isExample,
  MAX_EXAMPLES,
  MIN_PEOPLE,
  markOf,
  mergeExamples,
} from '../../../core/event/catalogue-example.ts';

const NONE: Examples = { examples: [] };

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

/** `heard` has texts with one to two people each, as one worker may have noted them. */
const examples = fc
  .array(
    fc.record({
      value: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.boolean(), fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')),
      person: fc.constantFrom('ada', 'bob', 'cleo', 'dan'),
    }),
    { maxLength: 12 },
  )
  .map((heard) => ({
    heard,
    examples: heard.reduce<Examples>((all, { value, person }) => mergeExamples(all, exampleOf(value, person)), NONE),
  }));

describe('examples of several people', () => {
  const said = (...heard: [text: string, person: string][]): Examples =>
    heard.reduce<Examples>((all, [text, person]) => mergeExamples(all, exampleOf(text, person)), NONE);

  test('a text is shown once three people have sent it, however often one of them does', () => {
    const two = said(['gold', 'ada'], ['gold', 'bob'], ['gold', 'ada'], ['gold', 'bob']);
    expect(two.examples).toEqual([]);
    const three = mergeExamples(two, exampleOf('gold', 'cleo'));
    expect(three).toEqual({ examples: ['gold'] });
    expect(mergeExamples(three, two)).toEqual({ examples: ['gold'] });
  });

  test('numbers and truth values are shown at once', () => {
    expect(exampleOf(5, 'ada')).toEqual({ examples: [5] });
    expect(exampleOf(false, 'ada')).toEqual({ examples: [false] });
  });

  test('nothing that is kept of a text says who sent it', () => {
    expect(JSON.stringify(said(['gold', 'ada'], ['gold', 'bob']))).not.toMatch(/ada|bob/);
    expect(markOf('gold', 'ada')).not.toBe(markOf('silver', 'ada'));
    expect(markOf('gold', 'ada')).toBeLessThan(65_536);
  });

  test('merging keeps at most five, each once, whatever the order; only texts of three people are among them', () => {
    fc.assert(
      fc.property(examples, examples, examples, (a, b, c) => {
        const all = mergeExamples(mergeExamples(a.examples, b.examples), c.examples);
        expect(all).toEqual(mergeExamples(c.examples, mergeExamples(b.examples, a.examples)));
        expect(all).toEqual(mergeExamples(all, all));
        expect(all).toEqual(mergeExamples(all, a.examples));
        const heard = [...a.heard, ...b.heard, ...c.heard];
        const kept = all.examples.length + (all.candidates ?? []).length;
        expect(kept).toBe(Math.min(MAX_EXAMPLES, new Set(heard.map(({ value }) => JSON.stringify(value))).size));
        for (const shown of all.examples) {
          const people = new Set(heard.filter(({ value }) => value === shown).map(({ person }) => person));
          expect(people.size).toBeGreaterThanOrEqual(typeof shown === 'string' ? MIN_PEOPLE : 1);
        }
      }),
    );
  });

  test('a value is news exactly when merging it changes something', () => {
    fc.assert(
      fc.property(examples, examples, ({ examples: known }, { heard }) => {
        for (const { value, person } of heard) {
          const after = mergeExamples(known, exampleOf(value, person));
          expect(exampleNews(known)(value, person)).toBe(JSON.stringify(after) !== JSON.stringify(known));
        }
      }),
    );
  });
});
