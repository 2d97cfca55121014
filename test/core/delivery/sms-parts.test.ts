import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { smsParts } from '../../../core/delivery/sms-parts.ts';

test.each<[string, string, 'gsm-7' | 'ucs-2', number]>([
  ['nothing', '', 'gsm-7', 1],
  ['160 of GSM', 'a'.repeat(160), 'gsm-7', 1],
  ['161 of GSM', 'a'.repeat(161), 'gsm-7', 2],
  ['two full parts', 'a'.repeat(306), 'gsm-7', 2],
  ['one more', 'a'.repeat(307), 'gsm-7', 3],
  ['accents that GSM has', 'éèàùñÜ', 'gsm-7', 1],
  ['accents that it lacks', 'ç', 'ucs-2', 1],
  ['a curly quote, as editors make it', '’', 'ucs-2', 1],
  ['a line break', 'a\nb', 'gsm-7', 1],
  ['a tab', 'a\tb', 'ucs-2', 1],
  ['80 euros: two places each', '€'.repeat(80), 'gsm-7', 1],
  ['81 euros', '€'.repeat(81), 'gsm-7', 2],
  // 76 euros are 152 places of the first 153: none is cut, so 152 need two full parts and 153 a third.
  ['152 euros', '€'.repeat(152), 'gsm-7', 2],
  ['153 euros', '€'.repeat(153), 'gsm-7', 3],
  ['70 Chinese characters', '汉'.repeat(70), 'ucs-2', 1],
  ['71 Chinese characters', '汉'.repeat(71), 'ucs-2', 2],
  ['134', '汉'.repeat(134), 'ucs-2', 2],
  ['135', '汉'.repeat(135), 'ucs-2', 3],
  ['35 emoji: two units each', '🎉'.repeat(35), 'ucs-2', 1],
  ['36 emoji', '🎉'.repeat(36), 'ucs-2', 2],
  // 33 fit into 67 units, and none is cut.
  ['66 emoji', '🎉'.repeat(66), 'ucs-2', 2],
  ['67 emoji', '🎉'.repeat(67), 'ucs-2', 3],
])('%s', (_, text, encoding, parts) => expect(smsParts(text)).toEqual({ encoding, parts }));

test('more text is never fewer parts, and a part is never left half empty', () => {
  const sign = fc.constantFrom('a', 'é', '€', '汉', '🎉', '[', '\n');
  fc.assert(
    fc.property(fc.array(sign, { maxLength: 400 }), (signs) => {
      const text = signs.join('');
      const { encoding, parts } = smsParts(text);
      const places = signs.reduce(
        (sum, one) => sum + (encoding === 'ucs-2' ? one.length : '€['.includes(one) ? 2 : 1),
        0,
      );
      const [one, several] = encoding === 'gsm-7' ? [160, 153] : [70, 67];
      // What a character that is not cut leaves empty is at most one place a part.
      const [least, most] = [Math.ceil(places / several), Math.ceil(places / (several - 1))];
      if (places <= one) expect(parts).toBe(1);
      else expect(parts >= least && parts <= most).toBe(true);
      expect(smsParts(`${text}a`).parts).toBeGreaterThanOrEqual(parts);
    }),
  );
});
