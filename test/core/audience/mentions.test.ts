import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mentions } from '../../../core/audience/mentions.ts';

const found = (texts: string[], bytes: Buffer, cuts: readonly number[]): boolean => {
  const search = mentions(texts);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return places.slice(1).some((end, n) => search.in(bytes.subarray(places[n], end)));
};
const inBigEndian = (text: string) => Buffer.from(text, 'utf16le').swap16();

test.each([
  ['UTF-8', Buffer.from('id;name\nada-é;Ada\n'), 'ada-é', true],
  ['Latin-1', Buffer.from('id;name\nada-é;Ada\n', 'latin1'), 'ada-é', true],
  ['UTF-16', Buffer.from('id;name\nada-é;Ada\n', 'utf16le'), 'ada-é', true],
  ['UTF-16, the other way round', inBigEndian('id;name\nada-é;Ada\n'), 'ada-é', true],
  ['a sign that ends a pattern', Buffer.from('a+b@example.com'), 'a+b@example.com', true],
  ['a sign that means more in a pattern', Buffer.from('aab@exampleXcom'), 'a+b@example.com', false],
  ['quotes in JSON', Buffer.from('{"id":"the \\"ada\\""}\n'), 'the "ada"', true],
  ['quotes in CSV', Buffer.from('id\n"the ""ada"""\n'), 'the "ada"', true],
  ['nobody', Buffer.from('id;name\nbob;Bob\n'), 'ada', false],
  ['signs that Latin-1 has not', Buffer.from('NNN'), '李', false],
] as const)('%s', (_, bytes, text, expected) => {
  expect(found([text], bytes, [])).toBe(expected);
});

test('nothing is mentioned when there is nothing to look for', () => {
  expect(found([], Buffer.from('anything'), [])).toBe(false);
  expect(found([''], Buffer.from('anything'), [])).toBe(false);
});

test('a text is found wherever the chunks end, and just when it is there', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(letters, { maxLength: 3 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 40 }),
      fc.array(fc.nat(), { maxLength: 5 }),
      (texts, content, cuts) => {
        expect(found(texts, Buffer.from(content), cuts)).toBe(texts.some((text) => content.includes(text)));
      },
    ),
  );
});
