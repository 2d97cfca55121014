import { type CsvOptions, csvRecords } from './csv-records.ts';
import { truth } from './import-cells.ts';
import { DELIMITERS, type FileForm } from './import-form.ts';
import { targetByName } from './propose-mapping.ts';

const LOOKED_AT = 30;

/** The delimiter that splits most of the first rows into the same number of columns, the more columns the better. */
export const detectDelimiter = (
  body: Uint8Array,
  options: Omit<CsvOptions, 'delimiter' | 'limit'>,
): FileForm['delimiter'] => {
  const scores = DELIMITERS.map((delimiter) => {
    const { records } = csvRecords(body, { ...options, delimiter, limit: LOOKED_AT });
    const widths = records.map((record) => ('fields' in record ? record.fields.length : 0));
    const [first = 0] = widths;
    const alike = widths.filter((width) => width === first).length / Math.max(1, widths.length);
    return { delimiter, first, score: first > 1 ? alike * (1 + Math.log(first)) : 0 };
  });
  const [best] = scores.sort((a, b) => b.score - a.score);
  return best && best.score > 0 ? best.delimiter : ',';
};

const DATA = [/^[^@\s]+@[^@\s]+\.[^@\s]+$/, /^[+-]?[\d\s().,/-]+$/, /^\d{4}-\d\d-\d\d/];
const isData = (cell: string): boolean =>
  DATA.some((pattern) => pattern.test(cell)) || (cell.length > 1 && truth(cell) !== undefined);

/**
 * Names are text and no data. A name that is known decides for a header, a cell that can only be data against one; in doubt
 * it is one, as nearly all files have one.
 */
export const looksLikeHeader = (first: readonly string[], below: readonly (readonly string[])[]): boolean => {
  const cells = first.map((cell) => cell.trim());
  if (cells.some((cell) => cell.includes('@') && isData(cell))) return false;
  if (cells.some((cell) => targetByName(cell) !== undefined)) return true;
  const filled = cells.filter((cell) => cell !== '');
  if (filled.some(isData) || filled.length === 0) return false;
  // A value that stands further down in its column is a value here, too.
  return !cells.some((cell, n) => cell !== '' && below.some((row) => row[n]?.trim() === cell));
};
