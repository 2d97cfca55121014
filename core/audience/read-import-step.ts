import { csvRecords } from './csv-records.ts';
import { readableBytes, UnusableFile } from './import-form.ts';
import { fitFields, type ImportMapping, type Layout, layoutOf } from './import-mapping.ts';
import type { SpooledRow } from './import-people.ts';
import { importRow } from './import-row.ts';
import { memberAt, ndjsonRecords } from './ndjson-records.ts';
import type { ImportError, ImportSource } from './profile-import.ts';

/** Where the window begins, and what is to be made of it. */
export type StepInput = {
  source: ImportSource;
  mapping: ImportMapping;
  country?: string;
  bytesDone: number;
  nextLine: number;
  /** Stop after so many rows. @default all of the window */
  rowLimit?: number;
  /** So many errors are told; all are counted. */
  errorRoom: number;
};

/** What a window of the file came to, and the place after it. */
export type Step = {
  /** Those to import; and of refused ones what they say no to. */
  rows: SpooledRow[];
  errors: ImportError[];
  counted: number;
  refused: number;
  bytesDone: number;
  nextLine: number;
};

const EXCERPT = 200;

/** A row of either format: its values in the order of the layout's columns, or why there are none. */
type Values = { line: number; excerpt: () => string } & ({ values: readonly unknown[] } | { problem: string });

/** Reads the window of the file that begins at `bytesDone`. Deterministic, so a step that is taken again comes to the same. Throws UnusableFile. */
export const readImportStep = (input: StepInput, window: Uint8Array): Step => {
  const { source, mapping, country, bytesDone, nextLine, errorRoom } = input;
  const final = bytesDone + window.length >= source.bytes;
  const layout = layoutOf(mapping, source.columns);
  const { bytes, decode, sourceBytes } = readableBytes(window, source.form.encoding);
  const options = {
    firstLine: nextLine,
    final,
    decode,
    ...(input.rowLimit !== undefined && { limit: input.rowLimit }),
  };
  const { records, consumed, lines } =
    source.form.format === 'csv'
      ? csvValues(layout, source.form.delimiter, bytes, options)
      : ndjsonValues(layout, bytes, options);
  if (!final && consumed === 0) {
    throw new UnusableFile(
      `Line ${nextLine} is longer than ${window.length} bytes: is this a ${source.form.format} file?`,
    );
  }
  const step: Step = {
    rows: [],
    errors: [],
    counted: records.length,
    refused: 0,
    bytesDone: bytesDone + sourceBytes(consumed),
    nextLine: nextLine + lines,
  };
  for (const record of records) {
    const { line } = record;
    const row =
      'problem' in record
        ? { problems: [{ column: '', message: record.problem }] }
        : importRow(layout, record.values, country);
    if (!('problems' in row)) step.rows.push({ ...row, line, counted: true });
    else {
      step.refused += 1;
      if (row.no) step.rows.push({ ...row.no, line, counted: false });
      for (const problem of row.problems)
        if (step.errors.length < errorRoom) step.errors.push({ line, ...problem, excerpt: record.excerpt() });
    }
  }
  return step;
};

type Options = { firstLine: number; final: boolean; decode: (bytes: Uint8Array) => string; limit?: number };
type Found = { records: Values[]; consumed: number; lines: number };

const csvValues = (layout: Layout, delimiter: string, bytes: Uint8Array, options: Options): Found => {
  const accepts = (fields: string[]) => fitFields(layout, fields);
  const { records, ...place } = csvRecords(bytes, { ...options, delimiter, accepts });
  return {
    ...place,
    records: records.map((record): Values => {
      if ('problem' in record) return { line: record.line, problem: record.problem, excerpt: () => record.excerpt };
      const excerpt = () => record.fields.join(delimiter).slice(0, EXCERPT);
      return { line: record.line, values: record.fields, excerpt };
    }),
  };
};

const ndjsonValues = ({ columns }: Layout, bytes: Uint8Array, options: Options): Found => {
  const { records, ...place } = ndjsonRecords(bytes, options);
  return {
    ...place,
    records: records.map((record): Values => {
      if ('problem' in record) return { line: record.line, problem: record.problem, excerpt: () => record.excerpt };
      const values = columns.map((path) => memberAt(record.object, path));
      return { line: record.line, values, excerpt: () => record.text.slice(0, EXCERPT) };
    }),
  };
};
