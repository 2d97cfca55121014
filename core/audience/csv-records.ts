import { type ByteLine, byteLines } from './byte-lines.ts';
import { BrokenCsv, csvFields } from './csv-fields.ts';

/** A record, or why there is none, with the number of its first line in the file (from 1). */
export type CsvRecord = { line: number } & ({ fields: string[]; lines: number } | { problem: string; excerpt: string });

/** Longer records are broken: their opening quote is taken for a mistake. */
export const MAX_RECORD_BYTES = 65_536;
const MAX_RECORD_LINES = 100;
const EXCERPT = 200;
const TOO_LONG = `the line is longer than ${MAX_RECORD_BYTES} bytes`;

const QUOTE = 0x22;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8');

export type CsvOptions = {
  delimiter: string;
  firstLine: number;
  final: boolean;
  /** The fields, as a record of this file; or why they are none. */
  accepts: (fields: string[]) => string[] | { problem: string };
  /** Text of bytes that are ASCII-compatible; throws when they are not in the encoding. @default UTF-8 */
  decode?: (bytes: Uint8Array) => string;
  /** Stop after so many. @default all */
  limit?: number;
};

/**
 * Records in a window of a file that begins at the start of a record. A broken record costs only its first line: a quote
 * that never closes would otherwise swallow the rest of the file, so what follows is read afresh from the next line.
 * `accepts` says which fields are no record of this file (for their number, for example). Blank rows are left out.
 * `consumed` bytes and `lines` are done with; a record that may go on behind the window is left for the next one, unless
 * the window is the `final` one. Bytes are split before they are decoded, so wrong encoding spoils single records only.
 */
export const csvRecords = (
  window: Uint8Array,
  { delimiter, firstLine, final, accepts, decode = utf8, limit = Number.POSITIVE_INFINITY }: CsvOptions,
): { records: CsvRecord[]; consumed: number; lines: number } => {
  const lines = byteLines(window, final);
  const records: CsvRecord[] = [];
  const nextQuote = quoteFinder(window);
  let at = 0;
  while (at < lines.length && records.length < limit) {
    const extent = recordExtent(nextQuote, lines, at);
    if (extent === 'unknown' && !final) break;
    const first = lines[at] as ByteLine;
    const line = firstLine + at;
    const last = lines[at + (extent === 'unknown' ? 0 : extent) - 1] ?? first;
    const outcome =
      extent === 'unknown' || extent === 0
        ? { problem: first.end - first.start > MAX_RECORD_BYTES ? TOO_LONG : 'a quoted field does not end' }
        : decoded(window.subarray(first.start, last.end), delimiter, accepts, decode);
    if ('problem' in outcome) {
      const excerpt = excerptOf(window.subarray(first.start, Math.min(first.end, first.start + EXCERPT)), decode);
      const joined = extent !== 'unknown' && extent > 1 ? `a quote joins lines ${line} to ${line + extent - 1}: ` : '';
      records.push({ line, problem: joined + outcome.problem, excerpt });
      at += 1;
    } else {
      const count = extent as number;
      if (outcome.fields) records.push({ line, fields: outcome.fields, lines: count });
      at += count;
    }
  }
  return { records, consumed: at === 0 ? 0 : (lines[at - 1] as ByteLine).next, lines: at };
};

type QuoteFinder = (start: number) => number;
/** Place of the first quote from `start` on, or -1. A file without quotes is searched for them once, not once a line. */
const quoteFinder = (window: Uint8Array): QuoteFinder => {
  let from = 0;
  let found = window.indexOf(QUOTE);
  return (start) => {
    if (start < from || (found !== -1 && found < start)) {
      from = start;
      found = window.indexOf(QUOTE, start);
    }
    return found;
  };
};

/** Number of lines that make the record, by the parity of quotes; 0 when it would be too long; unknown at the end. */
const recordExtent = (nextQuote: QuoteFinder, lines: readonly ByteLine[], at: number): number | 'unknown' => {
  let odd = false;
  for (let count = 0; ; count += 1) {
    const line = lines[at + count];
    if (!line) return 'unknown';
    if (line.end - (lines[at]?.start ?? 0) > MAX_RECORD_BYTES || count === MAX_RECORD_LINES) return 0;
    for (let q = nextQuote(line.start); q !== -1 && q < line.end; q = nextQuote(q + 1)) odd = !odd;
    if (!odd) return count + 1;
  }
};

const excerptOf = (bytes: Uint8Array, decode: (bytes: Uint8Array) => string): string => {
  try {
    return decode(bytes);
  } catch {
    return lenient.decode(bytes);
  }
};

const utf8 = (bytes: Uint8Array): string => strict.decode(bytes);

const decoded = (
  bytes: Uint8Array,
  delimiter: string,
  accepts: CsvOptions['accepts'],
  decode: NonNullable<CsvOptions['decode']>,
): { fields?: string[] } | { problem: string } => {
  let text: string;
  try {
    text = decode(bytes);
  } catch {
    return { problem: 'not in the encoding of the file; save it as UTF-8' };
  }
  // Spreadsheets write empty lines at the end.
  if (text.trim() === '') return {};
  try {
    const fields = csvFields(text, delimiter);
    // Or lines of nothing but delimiters.
    if (fields.length > 1 && fields.every((field) => field.trim() === '')) return {};
    const fitting = accepts(fields);
    return 'problem' in fitting ? fitting : { fields: fitting };
  } catch (error) {
    if (error instanceof BrokenCsv) return { problem: error.message };
    throw error;
  }
};
