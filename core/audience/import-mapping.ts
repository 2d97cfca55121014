import * as z from 'zod/mini';
import { mergeInputs, type ProfileInput, profileId, profileInput } from './profile.ts';

const TARGET =
  /^(profileId|email|phone|pushToken|timeZone|locale|attributes\.[A-Za-z][A-Za-z0-9_]{0,63}(:(string|number|boolean))?|consent\.(push|sms|email)(\/[a-z0-9][a-z0-9-]{0,31})?)$/;

/**
 * Which column of the file becomes what: `{"Customer": "profileId", "Mail": "email", "Age": "attributes.age:number",
 * "News": "consent.email/news"}`. Columns that it does not name are ignored. Attributes are text unless it says otherwise.
 */
export const importMapping = z
  .record(z.string().check(z.minLength(1), z.maxLength(200)), z.string().check(z.regex(TARGET)))
  .check(
    z.refine((mapping) => Object.values(mapping).filter((target) => target === 'profileId').length === 1, {
      message: 'exactly one column must be the profileId',
    }),
    z.refine((mapping) => new Set(Object.values(mapping).map(nameOf)).size === Object.keys(mapping).length, {
      message: 'two columns become the same',
    }),
    z.refine((mapping) => Object.keys(mapping).length <= 200, { message: 'at most 200 columns' }),
  );
export type ImportMapping = z.infer<typeof importMapping>;
const nameOf = (target: string) => target.replace(/:.*$/, '');

/** The mapping, applied to the header of one file. */
export type Layout = { columns: number; fields: { index: number; column: string; target: string }[] };

/** Where the mapped columns are; or why this header does not fit. */
export const layoutOf = (mapping: ImportMapping, header: readonly string[]): Layout | { problem: string } => {
  const names = header.map((name) => name.trim());
  const missing = Object.keys(mapping).filter((column) => !names.includes(column.trim()));
  if (missing.length > 0) {
    return {
      problem: `The header lacks ${missing.map(quote).join(', ')}; it has ${names.slice(0, 50).map(quote).join(', ')}`,
    };
  }
  const twice = Object.keys(mapping).filter(
    (column) => names.indexOf(column.trim()) !== names.lastIndexOf(column.trim()),
  );
  if (twice.length > 0) return { problem: `The header has ${twice.map(quote).join(', ')} more than once` };
  const fields = Object.entries(mapping).map(([column, target]) => ({
    index: names.indexOf(column.trim()),
    column,
    target,
  }));
  return { columns: header.length, fields };
};
const quote = (name: string) => `"${name.slice(0, 100)}"`;

/** Why the fields cannot be a row of this file. */
export const misfit = ({ columns, fields: mapped }: Layout, fields: readonly string[]): string | undefined => {
  if (fields.length !== columns) return `${fields.length} columns instead of ${columns}`;
  // No address has a line break. It is the sign of two broken quotes that pair up across rows.
  const broken = mapped.find(
    ({ index, target }) => !target.startsWith('attributes.') && /[\r\n]/.test(fields[index] ?? ''),
  );
  return broken && `a line break in ${broken.column}: is a quote missing?`;
};

/** What one row says about one person. */
export type ImportRow = { profileId: string; input: ProfileInput; consents: Record<string, boolean> };
export type RowProblem = { column: string; message: string };

/** Reads one row. Blank cells say nothing: an import adds and changes, it does not take away. */
export const importRow = (
  { fields: mapped }: Layout,
  fields: readonly string[],
): ImportRow | { problems: RowProblem[] } => {
  const problems: RowProblem[] = [];
  const columns = new Map<string, string>();
  const row: ImportRow = { profileId: '', input: {}, consents: {} };
  const attributes: NonNullable<ProfileInput['attributes']> = {};
  for (const { index, column, target } of mapped) {
    const cell = (fields[index] ?? '').trim();
    const [noun = '', name = ''] = nameOf(target).split(/\.(.*)/s);
    columns.set(name && noun === 'attributes' ? `attributes.${name}` : noun, column);
    if (cell === '') continue;
    if (noun === 'profileId') row.profileId = cell;
    else if (noun === 'consent') assign(row.consents, name, truth(cell), column, problems, 'yes or no');
    else if (noun !== 'attributes') row.input[noun as 'email'] = noun === 'phone' ? dialled(cell) : cell;
    else if (target.endsWith(':number')) assign(attributes, name, decimal(cell), column, problems, 'a number');
    else if (target.endsWith(':boolean')) assign(attributes, name, truth(cell), column, problems, 'yes or no');
    else attributes[name] = cell;
  }
  if (Object.keys(attributes).length > 0) row.input.attributes = attributes;
  const identified = profileId.safeParse(row.profileId);
  if (!identified.success) {
    problems.push({
      column: columns.get('profileId') ?? '',
      message: row.profileId ? 'not a profile id' : 'no profile id',
    });
  }
  for (const issue of profileInput.safeParse(row.input).error?.issues ?? []) {
    const path = issue.path.slice(0, 2).join('.');
    problems.push({ column: columns.get(path) ?? '', message: MESSAGES[path] ?? issue.message });
  }
  return problems.length > 0 ? { problems } : row;
};

const MESSAGES: Record<string, string> = {
  email: 'not an email address',
  phone: 'not a phone number with country code, such as +33612345678',
  timeZone: 'not an IANA time zone, such as Europe/Paris',
  locale: 'not a locale, such as fr-FR',
};

const assign = <T>(
  to: Record<string, T>,
  name: string,
  value: T | undefined,
  column: string,
  problems: RowProblem[],
  wanted: string,
) => {
  if (value === undefined) problems.push({ column, message: `not ${wanted}` });
  else to[name] = value;
};

const truth = (cell: string): boolean | undefined => {
  if (/^(yes|y|true|t|1|on)$/i.test(cell)) return true;
  return /^(no|n|false|f|0|off)$/i.test(cell) ? false : undefined;
};

const decimal = (cell: string): number | undefined => {
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) ? Number(cell) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
};

/** People write +33 6 12-34-56-78, or 0033 for +33. */
const dialled = (cell: string): string => cell.replace(/[\s().-]/g, '').replace(/^00/, '+');

/**
 * What several rows about the same person come to, in order: the last value wins, but an unsubscribe stays, as it would
 * if the rows were imported one by one.
 */
export const foldRows = (rows: readonly ImportRow[]): ImportRow[] => {
  const people = new Map<string, ImportRow>();
  for (const row of rows) {
    const known = people.get(row.profileId);
    if (!known) people.set(row.profileId, structuredClone(row));
    else {
      known.input = mergeInputs(known.input, row.input);
      for (const [key, given] of Object.entries(row.consents))
        known.consents[key] = known.consents[key] === false ? false : given;
    }
  }
  return [...people.values()];
};
