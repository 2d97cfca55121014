import { bomLength, csvRecords, notCsv } from './csv-records.ts';
import { type ImportRow, importRow, layoutOf, misfit } from './import-mapping.ts';
import type { ImportError, ProfileImport } from './profile-import.ts';

/** The file cannot be imported, whatever is tried again: the message says why, in the marketer's words. */
export class UnusableFile extends Error {
  override name = 'UnusableFile';
}

/** What a window of the file came to, and the import's place after it. */
export type ImportWindow = {
  rows: (ImportRow & { line: number })[];
  /** Of refused rows; a row may have several. */
  errors: ImportError[];
  refused: number;
  header: string[];
  bytesDone: number;
  nextLine: number;
};

/**
 * Reads the window of the file that begins at `progress.bytesDone`. Deterministic, so a part that is run again comes to
 * the same. Throws UnusableFile.
 */
export const readImportWindow = (
  { mapping, delimiter, progress, header: known, nextLine: firstLine }: ProfileImport,
  window: Uint8Array,
): ImportWindow => {
  const final = progress.bytesDone + window.length >= progress.bytesTotal;
  let offset = 0;
  let nextLine = firstLine;
  let header = known;
  if (!header) {
    const problem = notCsv(window);
    if (problem) throw new UnusableFile(problem);
    offset = bomLength(window);
    const options = { delimiter, firstLine, final, accepts: () => undefined, limit: 1 };
    const first = csvRecords(window.subarray(offset), options);
    const [record] = first.records;
    if (!record) throw new UnusableFile('The file has no header');
    if ('problem' in record) throw new UnusableFile(`The header cannot be read: ${record.problem}`);
    header = record.fields;
    offset += first.consumed;
    nextLine += first.lines;
  }
  const layout = layoutOf(mapping, header);
  if ('problem' in layout) throw new UnusableFile(layout.problem);

  const body = csvRecords(window.subarray(offset), {
    delimiter,
    firstLine: nextLine,
    final,
    accepts: (fields) => misfit(layout, fields),
  });
  if (!final && offset + body.consumed === 0) {
    throw new UnusableFile(`Line ${nextLine} is longer than ${window.length} bytes: is this a CSV file?`);
  }
  const rows: ImportWindow['rows'] = [];
  const errors: ImportError[] = [];
  let refused = 0;
  for (const record of body.records) {
    const { line } = record;
    const result = 'problem' in record ? undefined : importRow(layout, record.fields);
    if (result && !('problems' in result)) {
      rows.push({ ...result, line });
      continue;
    }
    refused += 1;
    if ('problem' in record) errors.push({ line, column: '', message: record.problem, excerpt: record.excerpt });
    else {
      const excerpt = record.fields.join(delimiter).slice(0, 200);
      for (const problem of result?.problems ?? []) errors.push({ line, ...problem, excerpt });
    }
  }
  return {
    rows,
    errors,
    refused,
    header,
    bytesDone: progress.bytesDone + offset + body.consumed,
    nextLine: nextLine + body.lines,
  };
};
