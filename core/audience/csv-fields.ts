/** The text is not one record of CSV (RFC 4180). */
export class BrokenCsv extends Error {
  override name = 'BrokenCsv';
}

/**
 * Fields of one record, which may span lines inside quotes. Strict: a quote stands only at the beginning and end of a
 * field, and twice inside for itself. Throws BrokenCsv.
 */
export const csvFields = (record: string, delimiter: string): string[] => {
  if (!record.includes('"')) return record.split(delimiter);
  const fields: string[] = [];
  for (let at = 0; ; ) {
    const { field, end } = record[at] === '"' ? quoted(record, at, delimiter) : plain(record, at, delimiter);
    fields.push(field);
    if (end === record.length) return fields;
    at = end + delimiter.length;
  }
};

const plain = (record: string, start: number, delimiter: string) => {
  const next = record.indexOf(delimiter, start);
  const end = next === -1 ? record.length : next;
  const field = record.slice(start, end);
  if (field.includes('"')) throw new BrokenCsv('a quote inside a field that does not begin with one');
  return { field, end };
};

const quoted = (record: string, start: number, delimiter: string) => {
  let close = record.indexOf('"', start + 1);
  while (close !== -1 && record[close + 1] === '"') close = record.indexOf('"', close + 2);
  if (close === -1) throw new BrokenCsv('a quoted field does not end');
  const end = close + 1;
  if (end !== record.length && !record.startsWith(delimiter, end)) {
    throw new BrokenCsv('text after the closing quote of a field');
  }
  return { field: record.slice(start + 1, close).replaceAll('""', '"'), end };
};
