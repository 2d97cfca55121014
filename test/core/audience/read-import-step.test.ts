import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FileForm, UnusableFile } from '../../../core/audience/import-form.ts';
import type { ImportMapping } from '../../../core/audience/import-mapping.ts';
import { openImportFile } from '../../../core/audience/open-import-file.ts';
import { readImportStep } from '../../../core/audience/read-import-step.ts';
import { CHANNELS } from '../../../core/delivery/channel.ts';
import { encoded } from './encoded.ts';

const mapping: ImportMapping = { id: 'profileId', mail: 'email', city: 'attributes.city' };
const bytes = (text: string, encoding: BufferEncoding = 'utf8') => new Uint8Array(Buffer.from(text, encoding));

/** Reads a whole file, window by window, as read-import does. */
const readAll = (file: Uint8Array, size = file.length, asked: Partial<FileForm> = {}, map = mapping) => {
  const {
    names: _names,
    rows: _rows,
    ...found
  } = openImportFile({ bytes: file.length, head: file, others: [] }, asked);
  const source = { ...found, etag: '' };
  const seen = { rows: [] as object[], errors: [] as object[], refused: 0, counted: 0 };
  let { byte: bytesDone, line: nextLine } = source.start;
  while (bytesDone < file.length) {
    const input = { source, mapping: map, bytesDone, nextLine, errorRoom: 1_000 };
    const step = readImportStep(input, file.subarray(bytesDone, bytesDone + size));
    seen.rows.push(...step.rows);
    seen.errors.push(...step.errors);
    seen.refused += step.refused;
    seen.counted += step.counted;
    ({ bytesDone, nextLine } = step);
  }
  expect(bytesDone).toBe(file.length);
  return seen;
};

describe('a file', () => {
  it('with a byte order mark, CRLF, other columns, and no last line break', () => {
    const file = bytes('\ufeffmail,id,note\r\na@example.com,1,x\r\n,2,"y, ""z"""');
    expect(readAll(file, file.length, {}, { id: 'profileId', mail: 'email' })).toEqual({
      rows: [
        { line: 2, profileId: '1', input: { email: 'a@example.com' }, consents: {}, counted: true },
        { line: 3, profileId: '2', input: {}, consents: {}, counted: true },
      ],
      errors: [],
      refused: 0,
      counted: 2,
    });
  });

  it('with broken rows keeps their neighbours and tells line, column, value and reason', () => {
    const file = Buffer.concat([
      bytes('id,mail,city\n1,a@example.com,Paris\n2,nope,Rome\n"3,c@example.com,Oslo\n4,d@example.com,'),
      bytes('Málaga', 'latin1'),
      bytes('\n5,e@example.com\n6,f@example.com,"two\nlines"\n,g@example.com,x\n8,h@example.com,Lyon\n'),
    ]);
    const { rows, errors, refused, counted } = readAll(new Uint8Array(file), file.length, { encoding: 'utf-8' });
    expect(rows).toMatchObject([
      { profileId: '1' },
      { profileId: '6', input: { attributes: { city: 'two\nlines' } } },
      { profileId: '8', line: 10 },
    ]);
    const encoding = 'not in the encoding of the file; save it as UTF-8';
    expect(errors).toEqual([
      { line: 3, column: 'mail', value: 'nope', message: 'not an email address', excerpt: '2,nope,Rome' },
      { line: 4, column: '', message: `a quote joins lines 4 to 7: ${encoding}`, excerpt: '"3,c@example.com,Oslo' },
      { line: 5, column: '', message: encoding, excerpt: expect.stringContaining('4,d@') },
      { line: 6, column: '', message: '2 columns instead of 3', excerpt: '5,e@example.com' },
      { line: 9, column: 'id', value: '', message: 'no profile id', excerpt: ',g@example.com,x' },
    ]);
    expect([refused, counted]).toEqual([5, 8]);
  });

  it('with semicolons, and one with a sep= line', () => {
    const rows = [{ line: 2, input: { attributes: { city: 'a;b' } } }];
    expect(readAll(bytes('id;mail;city\n1;a@example.com;"a;b"\n'), 100).rows).toMatchObject(rows);
    expect(readAll(bytes('sep=|\r\nid|mail|city\r\n1||Rome\r\n')).rows).toMatchObject([{ line: 3, profileId: '1' }]);
  });
  it('without a header', () => {
    const map: ImportMapping = { '#1': 'profileId', '#2': 'email' };
    expect(readAll(bytes('7,a@example.com\n8,b@example.com\n'), 99, {}, map).rows).toMatchObject([
      { line: 1, profileId: '7', input: { email: 'a@example.com' } },
      { line: 2, profileId: '8' },
    ]);
  });
  it('that ends in a carriage return', () =>
    expect(readAll(bytes('id,mail,city\r\n1,,"Rome"\r')).rows).toMatchObject([
      { profileId: '1', input: { attributes: { city: 'Rome' } } },
    ]));
  it('with a header only', () =>
    expect(readAll(bytes('id,mail,city'))).toEqual({ rows: [], errors: [], refused: 0, counted: 0 }));
  it('stops after so many rows, and tells so many errors', () => {
    const file = bytes('id,mail,city\n1,x,\n2,x,\n3,x,\n');
    const { names: _n, rows: _r, ...source } = openImportFile({ bytes: file.length, head: file, others: [] }, {});
    const input = { source: { ...source, etag: '' }, mapping, bytesDone: 13, nextLine: 2, rowLimit: 2, errorRoom: 1 };
    const step = readImportStep(input, file.subarray(13));
    expect(step).toMatchObject({ counted: 2, refused: 2, nextLine: 4, bytesDone: 23, errors: [{ line: 2 }] });
  });
  it('keeps what a refused row says no to, uncounted', () => {
    const map: ImportMapping = { ...mapping, city: 'unsubscribed' };
    expect(readAll(bytes('id,mail,city\n1,nope,yes\n'), 99, {}, map).rows).toEqual([
      { line: 2, profileId: '1', input: {}, consents: {}, unsubscribed: [...CHANNELS], counted: false },
    ]);
  });
});

describe('NDJSON', () => {
  const map: ImportMapping = { 'user.id': 'profileId', mail: 'email', 'user.tags': 'attributes.tags' };
  it('is read by paths, a line at a time', () => {
    const lines = [
      '{"user":{"id":1,"tags":["a","b"]},"mail":"a@example.com"}',
      '',
      '{"user":{"id":2},"mail":null}',
      '{"user":{"id":3',
      '[1]',
      '{"user":{"id":4},"mail":{"x":1}}',
    ].join('\r\n');
    const { rows, errors, counted } = readAll(bytes(lines), 80, {}, map);
    expect(rows).toMatchObject([
      { line: 1, profileId: '1', input: { email: 'a@example.com', attributes: { tags: ['a', 'b'] } } },
      { line: 3, profileId: '2', input: {} },
    ]);
    expect(errors).toMatchObject([
      { line: 4, column: '', message: 'not JSON' },
      { line: 5, column: '', message: 'not a JSON object' },
      { line: 6, column: 'mail', value: '{"x":1}', message: 'not a single value' },
    ]);
    expect(counted).toBe(5);
  });
});

describe('cannot be used:', () => {
  it('a file without a mapped column', () =>
    expect(() => readAll(bytes('id,city\n1,Paris\n'))).toThrow(/lacks "mail"/));
  it('a line longer than the window', () => {
    const file = bytes(`id,mail,city\n1,,${'x'.repeat(300)}\n`);
    expect(() => readAll(file, 100)).toThrow(UnusableFile);
    expect(() => readAll(file, 100)).toThrow(/Line 2 is longer than 100 bytes/);
  });
});

describe('an encoding', () => {
  it.each(['utf-16le', 'utf-16be', 'windows-1252', 'utf-8'] as const)(
    '%s gives the same rows as any other, however it is cut',
    (encoding) => {
      const text = 'id,mail,city\n1,,Köln\n2,,"Málaga, ""ES"""\n\n3,a@example.com,São\r\n';
      const expected = readAll(bytes(text)).rows;
      const file = encoded(text, encoding);
      for (let size = 60; size <= file.length; size += 1)
        expect(readAll(file, size, { encoding }).rows, `${size}`).toEqual(expected);
    },
  );
  it('with characters of two bytes is split at ASCII only', () => {
    // 0x8c 0x7c is one character, whose second byte is a |.
    const file = Buffer.concat([bytes('id|mail|city\n1||'), Buffer.from([0x8c, 0x7c]), bytes('\n')]);
    expect(readAll(new Uint8Array(file), 99, { encoding: 'shift_jis', delimiter: '|' }).rows).toMatchObject([
      { input: { attributes: { city: '芸' } } },
    ]);
  });
});

it('comes to the same however large the windows are', () => {
  const cell = fc.oneof(fc.stringMatching(/^[a-zé]{0,6}$/), fc.constantFrom('"a\nb"', '"', 'x@example.com', '""'));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.stringMatching(/^[0-9]{0,2}$/), cell, cell), { maxLength: 20 }),
      fc.integer({ min: 60, max: 200 }),
      (rows, size) => {
        const file = bytes(['id,mail,city', ...rows.map((row) => row.join(','))].join('\n'));
        const asked: Partial<FileForm> = { encoding: 'utf-8', delimiter: ',', header: true };
        const whole = readAll(file, file.length, asked);
        // A record of many lines may be longer than so small a window; then the file is refused as a whole.
        try {
          expect(readAll(file, size, asked)).toEqual(whole);
        } catch (error) {
          if (!(error instanceof UnusableFile)) throw error;
        }
      },
    ),
    { numRuns: 300 },
  );
});
