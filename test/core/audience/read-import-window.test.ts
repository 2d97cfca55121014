import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noProgress, type ProfileImport } from '../../../core/audience/profile-import.ts';
import { readImportWindow, UnusableFile } from '../../../core/audience/read-import-window.ts';

const mapping = { id: 'profileId', mail: 'email', city: 'attributes.city' };
const start = (file: Uint8Array, more: Partial<ProfileImport> = {}): ProfileImport => ({
  id: 'i',
  version: 1,
  name: 'Customers',
  mapping,
  delimiter: ',',
  state: 'running',
  author: 'mia',
  createdMs: 0,
  key: 'k',
  progress: noProgress(file.length),
  nextLine: 1,
  ...more,
});
const bytes = (text: string, encoding: BufferEncoding = 'utf8') => new Uint8Array(Buffer.from(text, encoding));

/** Reads a whole file, window by window, as import-part does. */
const readAll = (file: Uint8Array, size = file.length, more: Partial<ProfileImport> = {}) => {
  let it = start(file, more);
  const seen = { rows: [] as object[], errors: [] as object[], refused: 0 };
  while (it.progress.bytesDone < file.length) {
    const window = readImportWindow(it, file.subarray(it.progress.bytesDone, it.progress.bytesDone + size));
    seen.rows.push(...window.rows);
    seen.errors.push(...window.errors);
    seen.refused += window.refused;
    it = {
      ...it,
      header: window.header,
      nextLine: window.nextLine,
      progress: { ...it.progress, bytesDone: window.bytesDone },
    };
  }
  return seen;
};

describe('a file', () => {
  it('with a byte order mark, CRLF, other columns, and no last line break', () => {
    const file = bytes('\ufeffmail,id,note\r\na@example.com,1,x\r\n,2,"y, ""z"""');
    expect(readAll(file, file.length, { mapping: { id: 'profileId', mail: 'email' } })).toEqual({
      rows: [
        { line: 2, profileId: '1', input: { email: 'a@example.com' }, consents: {} },
        { line: 3, profileId: '2', input: {}, consents: {} },
      ],
      errors: [],
      refused: 0,
    });
  });

  it('with broken rows keeps their neighbours and tells line, column and reason', () => {
    const file = Buffer.concat([
      bytes('id,mail,city\n1,a@example.com,Paris\n2,nope,Rome\n"3,c@example.com,Oslo\n4,d@example.com,'),
      bytes('Málaga', 'latin1'),
      bytes('\n5,e@example.com\n6,f@example.com,"two\nlines"\n,g@example.com,x\n8,h@example.com,Lyon\n'),
    ]);
    const { rows, errors, refused } = readAll(new Uint8Array(file));
    expect(rows).toMatchObject([
      { profileId: '1' },
      { profileId: '6', input: { attributes: { city: 'two\nlines' } } },
      { profileId: '8', line: 10 },
    ]);
    expect(errors).toEqual([
      { line: 3, column: 'mail', message: 'not an email address', excerpt: '2,nope,Rome' },
      {
        line: 4,
        column: '',
        message: 'a quote joins lines 4 to 7: not UTF-8; save the file as UTF-8',
        excerpt: '"3,c@example.com,Oslo',
      },
      { line: 5, column: '', message: 'not UTF-8; save the file as UTF-8', excerpt: expect.stringContaining('4,d@') },
      { line: 6, column: '', message: '2 columns instead of 3', excerpt: '5,e@example.com' },
      { line: 9, column: 'id', message: 'no profile id', excerpt: ',g@example.com,x' },
    ]);
    expect(refused).toBe(5);
  });

  it('with semicolons', () => {
    expect(readAll(bytes('id;mail;city\n1;a@example.com;"a;b"\n'), 100, { delimiter: ';' }).rows).toMatchObject([
      { input: { attributes: { city: 'a;b' } } },
    ]);
  });
  it('with a header only', () => expect(readAll(bytes('id,mail,city'))).toEqual({ rows: [], errors: [], refused: 0 }));
});

describe('cannot be used:', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['UTF-16', bytes('\ufeffid,mail,city\n', 'utf16le'), /UTF-16/],
    ['a binary file', new Uint8Array([1, 2, 0, 4]), /binary/],
    ['a file without a mapped column', bytes('id,city\n1,Paris\n'), /lacks "mail"/],
    ['a file of another delimiter', bytes('id;mail;city\n1;;\n'), /lacks "id"/],
    ['a broken header', bytes('"id,mail,city\n1,,\n'), /header cannot be read/],
    ['blank lines', bytes('\n\n'), /no header/],
  ])('%s', (_, file, message) => {
    expect(() => readAll(file)).toThrow(UnusableFile);
    expect(() => readAll(file)).toThrow(message);
  });
  it('a line longer than the window', () => {
    expect(() => readAll(bytes(`id,mail,city\n1,,${'x'.repeat(300)}\n`), 100)).toThrow(/longer than 100 bytes/);
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
        const whole = readAll(file);
        // A record of many lines may be longer than so small a window; then the file is refused as a whole.
        try {
          expect(readAll(file, size)).toEqual(whole);
        } catch (error) {
          if (!(error instanceof UnusableFile)) throw error;
        }
      },
    ),
    { numRuns: 300 },
  );
});
