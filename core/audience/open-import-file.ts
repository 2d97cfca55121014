import { csvRecords } from './csv-records.ts';
import { byteOrderMark, detectEncoding } from './detect-encoding.ts';
import { detectDelimiter, looksLikeHeader } from './detect-table.ts';
import { type FileForm, type ReadableBytes, readableBytes, UnusableFile } from './import-form.ts';
import { memberAt, ndjsonRecords, pathsOf } from './ndjson-records.ts';
import type { ImportSource } from './profile-import.ts';

/** `head` is the beginning of the file; `others` are pieces of the rest, because accents may come late. */
export type FileSamples = { bytes: number; head: Uint8Array; others: Uint8Array[] };

/** What a file is, with the values of its first rows in the order of `names`: columns of CSV, or paths in the first objects. */
export type OpenedFile = Omit<ImportSource, 'etag'> & { names: string[]; rows: unknown[][] };

const SAMPLE_ROWS = 50;

const SIGNATURES: [number[], string][] = [
  [[0x50, 0x4b, 3], 'a ZIP or Excel file; save it as CSV'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an Excel file; save it as CSV'],
  [[0x1f, 0x8b], 'compressed with gzip; unpack it first'],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file; save it as CSV or NDJSON'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF; save its table as CSV'],
];

/** Finds out what `asked` does not say. Throws UnusableFile. */
export const openImportFile = ({ bytes, head, others }: FileSamples, asked: Partial<FileForm>): OpenedFile => {
  if (bytes === 0) throw new UnusableFile('The file is empty');
  const [, what] = SIGNATURES.find(([signature]) => signature.every((byte, n) => head[n] === byte)) ?? [];
  if (what) throw new UnusableFile(`The file is ${what}`);
  const encoding = asked.encoding ?? detectEncoding([head, ...others]);
  const mark = byteOrderMark(head);
  const offset = mark.encoding === encoding ? mark.length : 0;
  const readable = readableBytes(head.subarray(offset), encoding);
  const text = new TextDecoder().decode(readable.bytes.subarray(0, 65_536));
  if (isBinary(readable.bytes)) throw new UnusableFile('The file is not text; save it as CSV in UTF-8');
  if (text.trim() === '') throw new UnusableFile('The file is empty');
  if (!text.includes('\n') && /\r./.test(text))
    throw new UnusableFile('Its lines end in CR alone, as those of old Macs; save it again as CSV in UTF-8');
  const format = asked.format ?? (isJson(text) ? 'ndjson' : 'csv');
  const begun = { bytes, encoding, offset, readable, final: head.length >= bytes, text };
  return format === 'ndjson' ? openNdjson(begun) : openCsv(begun, asked);
};

type Begun = {
  bytes: number;
  encoding: FileForm['encoding'];
  offset: number;
  readable: ReadableBytes;
  final: boolean;
  text: string;
};

/** Control characters that no text has, but a few of which a broken cell may have. */
const isBinary = (bytes: Uint8Array): boolean => {
  const sample = bytes.subarray(0, 4_096);
  const odd = sample.reduce((count, byte) => count + (byte < 0x09 || (byte > 0x0d && byte < 0x20) ? 1 : 0), 0);
  return odd > 4 && odd > sample.length / 50;
};

const isJson = (text: string): boolean => {
  const start = text.trimStart();
  // A list is taken for CSV by nobody; openNdjson says what to do with it.
  return /^(\{\s*("|\})|\[\s*\{)/.test(start);
};

const openNdjson = ({ bytes, encoding, offset, readable, final, text }: Begun): OpenedFile => {
  if (text.trimStart().startsWith('['))
    throw new UnusableFile(
      'The file is one JSON list; write each object on a line of its own (NDJSON), without the brackets',
    );
  const { records } = ndjsonRecords(readable.bytes, {
    firstLine: 1,
    final,
    decode: readable.decode,
    limit: SAMPLE_ROWS,
  });
  const objects = records.flatMap((record) => ('object' in record ? [record.object] : []));
  if (objects.length === 0) throw new UnusableFile('None of its first lines is a JSON object: is this NDJSON?');
  const names = [...new Set(objects.flatMap((object) => pathsOf(object)))].slice(0, 200);
  return {
    bytes,
    form: { format: 'ndjson', encoding, delimiter: ',', header: false },
    start: { byte: offset, line: 1 },
    names,
    rows: objects.map((object) => names.map((name) => memberAt(object, name) ?? '')),
  };
};

const openCsv = (begun: Begun, asked: Partial<FileForm>): OpenedFile => {
  const { bytes, encoding, offset, readable, final, text } = begun;
  // Excel's own first line, which tells it the delimiter.
  const [line = '', declared] = /^sep=([,;\t|])\r?\n/i.exec(text) ?? [];
  const body = readable.bytes.subarray(line.length);
  const read = { firstLine: 1, final, decode: readable.decode, accepts: (fields: string[]) => fields };
  const delimiter = asked.delimiter ?? (declared as FileForm['delimiter'] | undefined) ?? detectDelimiter(body, read);
  const top = csvRecords(body, { ...read, delimiter, limit: 1 });
  const [first] = top.records;
  if (!first) throw new UnusableFile('Its first row does not end: is a quote missing?');
  if ('problem' in first) throw new UnusableFile(`Its first row cannot be read: ${first.problem}`);
  const next = csvRecords(body.subarray(top.consumed), { ...read, delimiter, limit: SAMPLE_ROWS });
  const below = next.records.flatMap((record) => ('fields' in record ? [record.fields] : []));
  const header = asked.header ?? looksLikeHeader(first.fields, below);
  const columns = header ? first.fields.map((name) => name.trim()) : first.fields.map((_, n) => `#${n + 1}`);
  const skipped = line.length + (header ? top.consumed : 0);
  return {
    bytes,
    form: { format: 'csv', encoding, delimiter, header },
    columns,
    start: { byte: offset + readable.sourceBytes(skipped), line: 1 + (line ? 1 : 0) + (header ? top.lines : 0) },
    names: columns,
    rows: header ? below : [first.fields, ...below],
  };
};
