import * as z from 'zod/mini';
import { CHANNELS } from '../delivery/channel.ts';
import { UnusableFile } from './import-form.ts';

const CONSENT = `(${CHANNELS.join('|')})(/[a-z0-9][a-z0-9-]{0,31})?`;
const TARGET = new RegExp(
  `^(profileId|email|phone|pushToken|wechatOpenId|timeZone|locale|attributes\\.[A-Za-z][A-Za-z0-9_]{0,63}(:(string|number|boolean))?|consent\\.${CONSENT}|unsubscribed(\\.${CONSENT})?)$`,
);
const target = z.string().check(z.regex(TARGET));

/**
 * Which column of a CSV file, or which path of an NDJSON object, becomes what: `{"Customer": "profileId", "Mail": "email",
 * "Age": "attributes.age:number", "News": "consent.email/news", "Left": "unsubscribed"}`. A column may become several
 * things: `["profileId", "email"]`. Columns that it does not name are ignored.
 */
export const importMapping = z
  .record(
    z.string().check(z.minLength(1), z.maxLength(200)),
    z.union([target, z.array(target).check(z.minLength(1), z.maxLength(5))]),
  )
  .check(
    z.refine((mapping) => targetsOf(mapping).filter((one) => one === 'profileId').length === 1, {
      message: 'exactly one column must be the profileId',
    }),
    z.refine((mapping) => new Set(targetsOf(mapping).map(nameOf)).size === targetsOf(mapping).length, {
      message: 'two columns become the same',
    }),
    z.refine((mapping) => targetsOf(mapping).length <= 200, { message: 'at most 200 columns' }),
  );
export type ImportMapping = z.infer<typeof importMapping>;
const targetsOf = (mapping: ImportMapping): string[] => Object.values(mapping).flat();
const nameOf = (one: string) => one.replace(/:.*$/, '');

/** What a target means. `name` is that of the attribute, or the consent. */
export type Target =
  | { kind: 'profileId' | 'email' | 'phone' | 'pushToken' | 'wechatOpenId' | 'timeZone' | 'locale' }
  | { kind: 'attribute'; name: string; type?: 'string' | 'number' | 'boolean' }
  | { kind: 'consent' | 'unsubscribed'; name: string };

const parseTarget = (text: string): Target => {
  const [, noun = '', name = '', type] = /^(\w+)(?:\.([^:]+))?(?::(\w+))?$/.exec(text) ?? [];
  if (noun === 'attributes') return { kind: 'attribute', name, ...(type && { type: type as 'string' }) };
  return noun === 'consent' || noun === 'unsubscribed' ? { kind: noun, name } : { kind: noun as 'email' };
};

/** The mapping, applied to one file: `field.index` is the place of its value among those of a record. */
export type Field = { index: number; column: string; target: Target };
export type Layout = {
  /** Columns of the CSV file, or the paths to read from each NDJSON object. */
  columns: readonly string[];
  fields: readonly Field[];
};

/** Where the mapped columns are. Throws UnusableFile when the file does not have them. */
export const layoutOf = (mapping: ImportMapping, header: readonly string[] | undefined): Layout => {
  const columns = header?.map((name) => name.trim()) ?? Object.keys(mapping);
  const wanted = header ? Object.keys(mapping).map((name) => name.trim()) : columns;
  const missing = wanted.filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    const has = columns.slice(0, 50).map(quote).join(', ');
    throw new UnusableFile(`The file lacks ${missing.map(quote).join(', ')}; it has ${has}`);
  }
  const twice = wanted.filter((name) => columns.indexOf(name) !== columns.lastIndexOf(name));
  if (twice.length > 0) throw new UnusableFile(`The header has ${twice.map(quote).join(', ')} more than once`);
  const fields = Object.entries(mapping).flatMap(([column, targets]) =>
    [targets]
      .flat()
      .map((one) => ({ index: columns.indexOf(header ? column.trim() : column), column, target: parseTarget(one) })),
  );
  return { columns, fields };
};
const quote = (name: string) => `"${name.slice(0, 100)}"`;

/** The fields of a CSV record as a row of this file; or why they cannot be one. */
export const fitFields = ({ columns, fields: mapped }: Layout, fields: string[]): string[] | { problem: string } => {
  // Some programs end each row with delimiters that the header does not have.
  const extra = fields.slice(columns.length);
  if (fields.length < columns.length || extra.some((cell) => cell.trim() !== ''))
    return { problem: `${fields.length} columns instead of ${columns.length}` };
  // No address has a line break. It is the sign of two broken quotes that pair up across rows.
  const broken = mapped.find(
    ({ index, target: { kind } }) => kind !== 'attribute' && /[\r\n]/.test(fields[index] ?? ''),
  );
  if (broken) return { problem: `a line break in ${broken.column}: is a quote missing?` };
  return extra.length > 0 ? fields.slice(0, columns.length) : fields;
};
