import { CHANNELS, type Channel } from '../delivery/channel.ts';
import { decimal, emailAddress, isShortened, phoneNumber, truth, unsubscription } from './import-cells.ts';
import type { Field, Layout, Target } from './import-mapping.ts';
import type { ImportRow } from './import-people.ts';
import { profileId, profileInput } from './profile.ts';

/** A cell that cannot be imported. `column` is '' when the whole row is wrong. */
export type RowProblem = { column: string; value?: string; message: string };
/** `no`: what a refused row still says no to, when it is clear who says it. */
export type RefusedRow = { problems: RowProblem[]; no?: ImportRow };

const VALUE_LENGTH = 100;

/**
 * Reads one row: text cells of CSV, JSON values of NDJSON. What is blank, null or missing says nothing: an import adds and
 * changes, it does not take away. Phones become E.164, with `country` for those without a country code.
 */
export const importRow = (
  { fields }: Layout,
  values: readonly unknown[],
  country: string | undefined,
): ImportRow | RefusedRow => {
  const problems: RowProblem[] = [];
  const row: ImportRow = { profileId: '', input: {}, consents: {} };
  let idColumn = '';
  for (const { index, column, target } of fields) {
    const value = values[index];
    const cell = textOf(value);
    if (target.kind === 'profileId') idColumn = column;
    if (cell === '') continue;
    const wrong = cell === undefined ? readList(row, target, value) : readCell(row, target, cell, value, country);
    if (wrong) problems.push({ column, value: valueText(value), message: wrong });
  }
  const isIdentified = profileId.safeParse(row.profileId).success;
  if (!isIdentified && !problems.some(({ column }) => column === idColumn)) {
    const message = row.profileId ? 'not a profile id' : 'no profile id';
    problems.push({ column: idColumn, value: valueText(row.profileId), message });
  }
  for (const { path, message } of profileInput.safeParse(row.input).error?.issues ?? []) {
    const field = fields.find((one) => isAt(one, path));
    const value = field && valueText(values[field.index]);
    problems.push({
      column: field?.column ?? '',
      ...(value !== undefined && { value }),
      message: message || 'not valid',
    });
  }
  if (problems.length === 0) return row;
  const said = Object.entries(row.consents).filter(([, given]) => !given);
  if (!isIdentified || (said.length === 0 && !row.unsubscribed)) return { problems };
  return { problems, no: { ...row, input: {}, consents: Object.fromEntries(said) } };
};

/** Undefined for a list or an object. */
const textOf = (value: unknown): string | undefined => {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? undefined : String(value).trim();
};
const valueText = (value: unknown): string =>
  (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, VALUE_LENGTH);

const isAt = ({ target }: Field, [field, name]: PropertyKey[]): boolean =>
  target.kind === 'attribute' ? field === 'attributes' && target.name === name : target.kind === field;

/** Puts what the cell says into the row; or says what is wrong with it. */
const readCell = (
  row: ImportRow,
  target: Target,
  cell: string,
  value: unknown,
  country: string | undefined,
): string | undefined => {
  switch (target.kind) {
    case 'profileId':
      // What a program has rounded may be somebody else's.
      if (typeof value === 'number' && !Number.isSafeInteger(value)) return 'not a number that JSON keeps: quote it';
      if (isShortened(cell)) return 'a number that a spreadsheet has shortened: format its column as text';
      row.profileId = cell;
      return undefined;
    case 'attribute':
      return setAttribute(row, target.name, attributeOf(target.type, cell, value), TYPE_WORDS[target.type ?? 'string']);
    case 'consent': {
      const given = truth(cell);
      if (given === undefined) return 'not yes or no';
      row.consents[target.name] = given;
      return undefined;
    }
    case 'unsubscribed': {
      const left = unsubscription(cell);
      if (left === undefined) return 'not yes, no or a date';
      if (left) unsubscribe(row, target.name);
      return undefined;
    }
    default:
      return setField(row, target.kind, cell, country);
  }
};

const TYPE_WORDS = { string: 'not text', number: 'not a number', boolean: 'not yes or no' };

const attributeOf = (type: string | undefined, cell: string, value: unknown) => {
  if (type === 'number') return decimal(cell);
  if (type === 'boolean') return truth(cell);
  // Values of NDJSON have types of their own.
  return type === undefined && typeof value !== 'string' ? (value as number | boolean) : cell;
};

const setAttribute = (row: ImportRow, name: string, value: unknown, otherwise: string): string | undefined => {
  if (value === undefined) return otherwise;
  row.input.attributes ??= {};
  row.input.attributes[name] = value as string;
  return undefined;
};

/** An attribute may be a list; everything else is one value. */
const readList = (row: ImportRow, target: Target, value: unknown): string | undefined => {
  if (target.kind !== 'attribute' || target.type || !Array.isArray(value)) return 'not a single value';
  return setAttribute(row, target.name, value, '');
};

const unsubscribe = (row: ImportRow, consent: string) => {
  if (consent.includes('/')) row.consents[consent] = false;
  else row.unsubscribed = [...new Set([...(row.unsubscribed ?? []), ...(consent ? [consent as Channel] : CHANNELS)])];
};

const MESSAGES = {
  email: 'not an email address',
  phone: 'not a phone number with country code, such as +33612345678',
  timeZone: 'not an IANA time zone, such as Europe/Paris',
  locale: 'not a locale, such as fr-FR',
  pushToken: 'not a push token',
  wechatOpenId: 'not an open id of WeChat',
} as const;

/** Only what is valid is put into the row, so that its other cells are judged too. */
const setField = (
  row: ImportRow,
  kind: keyof typeof MESSAGES,
  cell: string,
  country: string | undefined,
): string | undefined => {
  const value = kind === 'phone' ? phoneNumber(cell, country) : kind === 'email' ? emailAddress(cell) : cell;
  if (value === undefined || !profileInput.shape[kind].safeParse(value).success) {
    const countryHint =
      kind === 'phone' && country ? `not a phone number of ${country} or with country code` : undefined;
    return countryHint ?? MESSAGES[kind];
  }
  row.input[kind] = value;
  return undefined;
};
