import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BrokenCsv, csvFields } from '../../../core/audience/csv-fields.ts';
import { type CsvRecord, csvRecords } from '../../../core/audience/csv-records.ts';

const bytes = (text: string, encoding: BufferEncoding = 'utf8') => new Uint8Array(Buffer.from(text, encoding));
const two = (fields: string[]) => (fields.length === 2 ? fields : { problem: `${fields.length} columns` });
const read = (window: Uint8Array, final = true) =>
  csvRecords(window, { delimiter: ',', firstLine: 1, final, accepts: two });
const short = (records: CsvRecord[]) =>
  records.map((record) => ('problem' in record ? `${record.line}: ${record.problem}` : record.fields.join('|')));
const texts = (text: string) => short(read(bytes(text)).records);

describe('fields', () => {
  it.each([
    ['a,b', ['a', 'b']],
    ['', ['']],
    [',', ['', '']],
    ['"a","b"', ['a', 'b']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""hi""",', ['say "hi"', '']],
    ['"",""', ['', '']],
    ['"two\nlines",x', ['two\nlines', 'x']],
    [' a , b ', [' a ', ' b ']],
  ])('%j', (record, fields) => expect(csvFields(record, ',')).toEqual(fields));
  it.each(['"a', 'a"b,c', 'a,"b', '"a"b,c', '"a" ,b', '"""', 'a,b"'])('%j is broken', (record) =>
    expect(() => csvFields(record, ',')).toThrow(BrokenCsv),
  );
});

describe('records', () => {
  it('reads lines that end in LF, CRLF or nothing, and skips blank ones', () => {
    expect(texts('a,1\r\nb,2\n\n  \nc,3')).toEqual(['a|1', 'b|2', 'c|3']);
  });
  it('skips rows of nothing but delimiters, which spreadsheets leave', () => {
    expect(texts('a,1\n,\n" ",\nb,2\n')).toEqual(['a|1', 'b|2']);
  });
  it('refuses a line that is too long', () => {
    expect(texts(`a,${'x'.repeat(70_000)}\nb,2\n`)).toEqual(['1: the line is longer than 65536 bytes', 'b|2']);
  });
  it('searches a file without quotes for them once', () => {
    // A search to the end of the window for each line would take minutes.
    expect(read(bytes('a,1\n'.repeat(400_000))).records).toHaveLength(400_000);
  });
  it('reads line breaks inside quotes', () => {
    const { records, lines } = read(bytes('a,"1\r\n2"\nb,3\n'));
    expect(records).toEqual([
      { line: 1, fields: ['a', '1\r\n2'], lines: 2 },
      { line: 3, fields: ['b', '3'], lines: 1 },
    ]);
    expect(lines).toBe(3);
  });
  it('a quote that never closes costs its own line only', () => {
    const rows = Array.from({ length: 500 }, (_, n) => `p${n},x`);
    rows[3] = 'p3,"x';
    expect(texts(rows.join('\n'))).toEqual(
      rows.map((row, n) => (n === 3 ? '4: a quoted field does not end' : row.replace(',', '|'))),
    );
  });
  it('two broken quotes far apart cost their own lines only', () => {
    const found = texts('a,"1\nb,2\nc,3\n"d,4\ne,5\n');
    expect(found.map((row) => row.replace(/: .*/, ''))).toEqual(['1', 'b|2', 'c|3', '4', 'e|5']);
  });
  it.each([
    ['a quote in the middle', 'a,1\nb,5" pipe\nc,3\n', 2],
    ['text after a quote', 'a,1\n"b"x,2\nc,3\n', 2],
    ['a column too many', 'a,1\nb,2,3\nc,3\n', 2],
    ['a column too few', 'a,1\nb\nc,3\n', 2],
  ])('%s costs its own line', (_, text, line) => {
    const found = texts(text);
    expect(found).toHaveLength(3);
    expect([found[0], found[2]]).toEqual(['a|1', 'c|3']);
    expect(found[1]).toMatch(new RegExp(`^${line}: `));
  });
  it('wrong encoding costs the rows that have it', () => {
    const latin = Buffer.concat([bytes('a,1\n'), bytes('b,é\n', 'latin1'), bytes('c,é\n')]);
    const { records } = read(new Uint8Array(latin));
    expect(short(records)).toEqual(['a|1', '2: not in the encoding of the file; save it as UTF-8', 'c|é']);
    expect(records[1]).toMatchObject({ excerpt: 'b,\ufffd' });
  });
  it('keeps excerpts short', () => {
    const [record] = read(bytes(`a,"${'x'.repeat(70_000)}\nb,2\n`)).records;
    expect(record).toMatchObject({ line: 1, excerpt: expect.stringMatching(/^.{200}$/) });
  });
  it('leaves for the next window what may go on behind this one', () => {
    const whole = bytes('a,1\nb,"2\n3"\nc,4\n');
    const first = read(whole.subarray(0, 9), false);
    expect([short(first.records), first.consumed, first.lines]).toEqual([['a|1'], 4, 1]);
    expect(read(bytes('no newline yet'), false)).toEqual({ records: [], consumed: 0, lines: 0 });
  });
});

/** A window of a file of rows, some of them spoiled. */
const cell = fc.oneof(fc.stringMatching(/^[a-z ,"\n\r;é😀]{0,8}$/u), fc.constantFrom('', '"', '""', ',', '\n', 'x"y'));
const quoted = (value: string) =>
  /[",\n\r]/.test(value) || value.trim() !== value ? `"${value.replaceAll('"', '""')}"` : value;

it('good files are read as csv-parse reads them', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), (rows, newline) => {
      const text = rows.map((row) => `${row.map(quoted).join(',')}${newline}`).join('');
      const expected = (
        parse(text, { relax_column_count: true, record_delimiter: newline, skip_empty_lines: false }) as string[][]
      ).filter((row) => row.some((field) => field.trim() !== ''));
      const found = read(bytes(text)).records.flatMap((record) => ('fields' in record ? [record.fields] : []));
      expect(found).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

it('however a file is cut into windows, it is read the same', () => {
  const spoiled = fc.oneof(
    fc.tuple(cell, cell).map((row) => row.map(quoted).join(',')),
    fc.stringMatching(/^[a-z,"]{0,10}$/),
  );
  fc.assert(
    fc.property(fc.array(spoiled, { maxLength: 12 }), fc.integer({ min: 20, max: 90 }), (rows, size) => {
      const file = bytes(rows.join('\n'));
      const whole = read(file);
      const records: CsvRecord[] = [];
      let at = 0;
      let line = 1;
      let span = size;
      while (at < file.length) {
        const final = at + span >= file.length;
        const part = csvRecords(file.subarray(at, at + span), { delimiter: ',', firstLine: line, final, accepts: two });
        records.push(...part.records);
        at += part.consumed;
        line += part.lines;
        // A record longer than the window: the import would refuse the file, here the window grows.
        span = part.consumed === 0 ? span * 2 : size;
      }
      expect(records).toEqual(whole.records);
    }),
    { numRuns: 500 },
  );
});
