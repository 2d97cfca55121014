import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileOf, kindOfFile } from '../../../../core/strategy/template/material.ts';
import { pictureOf } from '../../../../core/strategy/template/picture.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(/[\s|]/g, ''), 'hex');
const text = (value: string) => Buffer.from(value, 'latin1');
const PNG = hex('89504e470d0a1a0a 0000000d 49484452 00000320 000000c8 08060000 00 00000000');
const GIF = Buffer.concat([text('GIF89a'), hex('0300 0200 80 00 00')]);
/** A comment, a table, then the frame: 640 × 480. */
const JPEG = hex('ffd8 fffe0004 4142 ffc40003 00 ff ffc0 0011 08 01e0 0280 03 0000');
const webp = (chunk: string, rest: string) =>
  Buffer.concat([text(`RIFF....WEBP${chunk}....`), hex(rest), Buffer.alloc(20)]);

describe('a picture is what its bytes say', () => {
  test.each([
    ['PNG', PNG, { kind: 'png', width: 800, height: 200 }],
    ['GIF', GIF, { kind: 'gif', width: 3, height: 2 }],
    ['JPEG', JPEG, { kind: 'jpg', width: 640, height: 480 }],
    ['WebP with losses', webp('VP8 ', '000000 9d012a 8002 e001'), { kind: 'webp', width: 640, height: 480 }],
    ['WebP without', webp('VP8L', '2f 7fc27700'), { kind: 'webp', width: 640, height: 480 }],
    ['WebP of several parts', webp('VP8X', '00000000 7f0200 df0100'), { kind: 'webp', width: 640, height: 480 }],
  ])('%s', (_, bytes, picture) => expect(pictureOf(bytes)).toEqual(picture));

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['HTML', text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ['a PDF', text('%PDF-1.7 and more than thirty bytes of it')],
    ['a PNG that breaks off', PNG.subarray(0, 20)],
    ['a JPEG without a frame', hex('ffd8 fffe0004 4142 ffd9 0000 0000 0000')],
    ['a JPEG whose parts do not follow one another', hex('ffd8 0000 0000 0000 0000 0000')],
    ['a picture of no size', Buffer.concat([text('GIF89a'), hex('0000 0200 80 00 00')])],
    ['WebP of an unknown kind', webp('VP9 ', '00')],
  ])('%s is none', (_, bytes) => expect(pictureOf(bytes)).toBeUndefined());

  test('whatever the bytes are, it never throws', () => {
    const begins = fc.constantFrom(PNG, GIF, JPEG, text('RIFF....WEBPVP8X'), text('RIFF....WEBPVP8L'), hex('ffd8ffe0'));
    fc.assert(
      fc.property(begins, fc.nat(40), fc.uint8Array({ maxLength: 60 }), (begin, length, rest) => {
        pictureOf(Buffer.concat([begin.subarray(0, length), rest]));
      }),
      { numRuns: 500 },
    );
  });
});

test('only names that Herald gave are files', () => {
  const id = '01KB3V5Q2N0000000000000000';
  expect(kindOfFile(fileOf({ id, picture: { kind: 'webp', width: 1, height: 1 } }))).toBe('webp');
  for (const name of ['x.png', `${id}.svg`, `../${id}.png`, `${id}.png/`, `${id}.png.png`, id])
    expect(kindOfFile(name), name).toBeUndefined();
});
