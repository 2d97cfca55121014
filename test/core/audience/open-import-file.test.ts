import { describe, expect, it } from 'vitest';
import { detectEncoding } from '../../../core/audience/detect-encoding.ts';
import { type FileForm, UnusableFile } from '../../../core/audience/import-form.ts';
import { openImportFile } from '../../../core/audience/open-import-file.ts';
import { encoded } from './encoded.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const open = (file: Uint8Array, asked: Partial<FileForm> = {}) =>
  openImportFile({ bytes: file.length, head: file, others: [] }, asked);
const form = (text: string | Uint8Array, asked: Partial<FileForm> = {}) =>
  open(typeof text === 'string' ? bytes(text) : text, asked).form;

describe('the encoding', () => {
  const german = 'id,name,city\n1,Jürgen Größe,Köln\n2,Zoë Müller,Düsseldorf\n3,Käthe,Münster\n';
  it.each<[string, Uint8Array, string]>([
    ['ASCII', bytes('id,mail\n1,a\n'), 'utf-8'],
    ['UTF-8', bytes(german), 'utf-8'],
    ['UTF-8 with its mark', bytes(`\ufeff${german}`), 'utf-8'],
    ['UTF-8 with one broken row', new Uint8Array([...bytes(german), 0xe9, 0x0a]), 'utf-8'],
    ['UTF-16 with its mark', encoded(`\ufeff${german}`, 'utf-16le'), 'utf-16le'],
    ['UTF-16, the other way round', encoded(`\ufeff${german}`, 'utf-16be'), 'utf-16be'],
    ['UTF-16 without a mark', encoded(german, 'utf-16le'), 'utf-16le'],
    ['UTF-16 without a mark, the other way round', encoded(german, 'utf-16be'), 'utf-16be'],
    ['what Excel saves', encoded(german, 'windows-1252'), 'windows-1252'],
    ['one accent', encoded('id,name\n1,José\n', 'windows-1252'), 'windows-1252'],
  ])('%s', (_, file, encoding) => expect(detectEncoding([file])).toBe(encoding));
  it('Cyrillic of one byte a letter', () => {
    // "Привет, мир. Как дела сегодня?" in windows-1251.
    const text = 'cff0e8e2e5f22c20ece8f02e20cae0ea20e4e5ebe020f1e5e3eee4edff3f';
    expect(detectEncoding([new Uint8Array([...bytes('id;x\n1;'), ...Buffer.from(text, 'hex')])])).toBe('windows-1251');
  });
  it('is found where accents come late', () => {
    const late = encoded('9,Málaga', 'windows-1252');
    expect(detectEncoding([bytes('id,city\n1,Rome\n'), late])).toBe('windows-1252');
  });
  it('is not misled by a character that the edge of a sample cuts', () => {
    const cut = bytes('é'.repeat(50));
    expect(detectEncoding([bytes('a'), cut.subarray(1, 98)])).toBe('utf-8');
  });
});

describe('the format', () => {
  it.each<[string, string, Partial<FileForm>]>([
    ['commas', 'id,mail\n1,a@x.org\n', { format: 'csv', delimiter: ',', header: true }],
    ['semicolons with decimal commas', 'id;price\n1;1,5\n2;3,25\n', { delimiter: ';' }],
    ['tabs', 'id\tnote\n1\ta, b, c\n', { delimiter: '\t' }],
    ['bars', 'id|note\n1|a;b\n', { delimiter: '|' }],
    ['delimiters in quotes', 'id,note\n1,"a;b;c"\n2,"d;e;f"\n', { delimiter: ',' }],
    ['one column', 'mail\na@x.org\n', { delimiter: ',', header: true }],
    ['what Excel says in its first line', 'sep=;\r\nid;mail\r\n1;a,b\r\n', { delimiter: ';', header: true }],
    ['objects', '{"id":1}\n{"id":2}\n', { format: 'ndjson' }],
    ['objects behind a blank line', '\n {"id":1}\n', { format: 'ndjson' }],
    ['a cell that begins with a brace', '{x},b\n1,2\n', { format: 'csv' }],
  ])('%s', (_, text, expected) => expect(form(text)).toMatchObject(expected));
  it('is what somebody says it is', () => {
    expect(form('a;b,c\n', { delimiter: ',', header: false, encoding: 'windows-1252' })).toEqual({
      format: 'csv',
      encoding: 'windows-1252',
      delimiter: ',',
      header: false,
    });
  });
});

describe('a header', () => {
  it.each<[string, string, boolean]>([
    ['is one by a known name', 'email,x\na@x.org,1\n', true],
    ['is one by unknown names', 'foo,bar\nx,1\n', true],
    ['alone', 'foo,bar', true],
    ['is none with an address', 'a@x.org,Paris\nb@x.org,Rome\n', false],
    ['is none with a number', 'ada,42\nbob,43\n', false],
    ['is none when its value comes again', 'ada,Paris\nbob,Paris\n', false],
    ['in Japanese', 'メールアドレス,名前\na@x.org,x\n', true],
  ])('%s', (_, text, header) => expect(form(text).header).toBe(header));
  it('gives the columns, the first rows, and where they begin', () => {
    expect(open(bytes('\ufeff\n id ,mail\n1,a\n2,b'))).toMatchObject({
      columns: ['id', 'mail'],
      rows: [
        ['1', 'a'],
        ['2', 'b'],
      ],
      start: { byte: 14, line: 3 },
    });
    expect(open(bytes('1,a@x.org\n2,b@x.org\n'))).toMatchObject({
      columns: ['#1', '#2'],
      rows: [
        ['1', 'a@x.org'],
        ['2', 'b@x.org'],
      ],
      start: { byte: 0, line: 1 },
    });
  });
  it('of NDJSON is all paths of the first objects', () => {
    const text = '{"id":1,"user":{"mail":"a","tags":["x"]}}\n{"id":2,"vip":true}\n';
    expect(open(bytes(text))).toMatchObject({
      names: ['id', 'user.mail', 'user.tags', 'vip'],
      rows: [
        [1, 'a', ['x'], ''],
        [2, '', '', true],
      ],
    });
  });
});

describe('cannot be used:', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /is empty/],
    ['blank lines', bytes('\n \n\r\n'), /is empty/],
    ['Excel', bytes('PK\u0003\u0004xyz'), /Excel.*save it as CSV/],
    ['old Excel', new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 1]), /Excel/],
    ['gzip', new Uint8Array([0x1f, 0x8b, 8, 0]), /gzip; unpack it/],
    [
      'an image',
      new Uint8Array([
        0x89,
        0x50,
        0x4e,
        0x47,
        ...Array(60)
          .fill(0)
          .map((_, n) => n % 9),
      ]),
      /not text/,
    ],
    ['lines of an old Mac', bytes('id,mail\r1,a\r2,b\r'), /CR alone/],
    ['a JSON list', bytes('[{"id":1},\n{"id":2}]'), /NDJSON/],
    ['a quote that does not close in the first row', bytes('"id,mail\n1,x\n'), /first row cannot be read/],
  ])('%s', (_, file, message) => {
    expect(() => open(file)).toThrow(UnusableFile);
    expect(() => open(file)).toThrow(message);
  });
  it('but a NUL in a cell spoils no file', () => expect(form('id,x\n1,a\u0000\n').format).toBe('csv'));
});
