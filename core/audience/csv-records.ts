import { BrokenCsv, csvFields } from './csv-fields.ts';

/** A record, or why there is none, with the number of its first line in the file (from 1). */
export type CsvRecord = { line: number } & ({ fields: string[]; lines: number } | { problem: string; excerpt: string });

/** Longer records are broken: their opening quote is taken for a mistake. */
export const MAX_RECORD_BYTES = 65_536;
const MAX_RECORD_LINES = 100;
const EXCERPT = 200;

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8');

type Line = { start: number; end: number; next: number };
export type CsvOptions = {
  delimiter: string;
  firstLine: number;
  final: boolean;
  accepts: (fields: string[]) => string | undefined;
  /** Stop after so many. @default all */
  limit?: number;
};

/**
 * Records in a window of a file that begins at the start of a record. A broken record costs only its first line: a quote
 * that never closes would otherwise swallow the rest of the file, so what follows is read afresh from the next line.
 * `accepts` says why fields are no record of this file (a wrong number of them, for example).
 * `consumed` bytes and `lines` are done with; a record that may go on behind the window is left for the next one, unless
 * the window is the `final` one. Bytes are split before they are decoded, so wrong encoding spoils single records only.
 */
export const csvRecords = (
  window: Uint8Array,
  { delimiter, firstLine, final, accepts, limit = Number.POSITIVE_INFINITY }: CsvOptions,
): { records: CsvRecord[]; consumed: number; lines: number } => {
  const lines = linesOf(window, final);
  const records: CsvRecord[] = [];
  let at = 0;
  while (at < lines.length && records.length < limit) {
    const extent = recordExtent(window, lines, at);
    if (extent === 'unknown' && !final) break;
    const first = lines[at] as Line;
    const line = firstLine + at;
    const last = lines[at + (extent === 'unknown' ? 0 : extent) - 1] ?? first;
    const outcome =
      extent === 'unknown' || extent === 0
        ? { problem: 'a quoted field does not end' }
        : decoded(window.subarray(first.start, last.end), delimiter, accepts);
    if ('problem' in outcome) {
      const excerpt = lenient.decode(window.subarray(first.start, Math.min(first.end, first.start + EXCERPT)));
      const joined = extent !== 'unknown' && extent > 1 ? `a quote joins lines ${line} to ${line + extent - 1}: ` : '';
      records.push({ line, problem: joined + outcome.problem, excerpt });
      at += 1;
    } else {
      const count = extent as number;
      if (outcome.fields) records.push({ line, fields: outcome.fields, lines: count });
      at += count;
    }
  }
  return { records, consumed: at === 0 ? 0 : (lines[at - 1] as Line).next, lines: at };
};

/** Lines that are whole; of the final window also the last one without a newline. CR before LF belongs to the break. */
const linesOf = (window: Uint8Array, final: boolean): Line[] => {
  const lines: Line[] = [];
  let start = 0;
  for (;;) {
    const newline = window.indexOf(NEWLINE, start);
    if (newline === -1) break;
    lines.push({
      start,
      end: window[newline - 1] === 0x0d && newline > start ? newline - 1 : newline,
      next: newline + 1,
    });
    start = newline + 1;
  }
  if (final && start < window.length) lines.push({ start, end: window.length, next: window.length });
  return lines;
};

/** Number of lines that make the record, by the parity of quotes; 0 when it would be too long; unknown at the end. */
const recordExtent = (window: Uint8Array, lines: readonly Line[], at: number): number | 'unknown' => {
  let odd = false;
  for (let count = 0; ; count += 1) {
    const line = lines[at + count];
    if (!line) return 'unknown';
    if (line.end - (lines[at]?.start ?? 0) > MAX_RECORD_BYTES || count === MAX_RECORD_LINES) return 0;
    for (let q = window.indexOf(QUOTE, line.start); q !== -1 && q < line.end; q = window.indexOf(QUOTE, q + 1))
      odd = !odd;
    if (!odd) return count + 1;
  }
};

const decoded = (
  bytes: Uint8Array,
  delimiter: string,
  accepts: CsvOptions['accepts'],
): { fields?: string[] } | { problem: string } => {
  let text: string;
  try {
    text = strict.decode(bytes);
  } catch {
    return { problem: 'not UTF-8; save the file as UTF-8' };
  }
  // Spreadsheets write empty lines at the end.
  if (text.trim() === '') return {};
  try {
    const fields = csvFields(text, delimiter);
    const problem = accepts(fields);
    return problem ? { problem } : { fields };
  } catch (error) {
    if (error instanceof BrokenCsv) return { problem: error.message };
    throw error;
  }
};

/** Why the beginning of a file shows that it is no CSV in UTF-8; undefined when it may be. */
export const notCsv = (head: Uint8Array): string | undefined => {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    return 'The file is UTF-16; save it as CSV in UTF-8';
  }
  if (head[0] === 0x50 && head[1] === 0x4b && head[2] === 3)
    return 'The file is a ZIP or Excel file; save it as CSV in UTF-8';
  if (head.subarray(0, 4_096).includes(0)) return 'The file is binary or UTF-16; save it as CSV in UTF-8';
  return undefined;
};

/** Bytes of the mark that some programs put before UTF-8. */
export const bomLength = (head: Uint8Array): number =>
  head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
