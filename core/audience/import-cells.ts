import parsePhoneNumber, { type CountryCode, isSupportedCountry } from 'libphonenumber-js/min';

/** Words for yes and no in the languages of the files that come: en, fr, es, it, de, nl, pt, sv/da, pl, ru, ja, zh. */
const YES = /^(yes|y|true|t|1|on|oui|o|sí|si|sì|s|ja|j|sim|tak|да|はい|是|subscribed|opted[- _]?in|opt[- _]?in)$/i;
const NO =
  /^(no|n|false|f|0|off|non|nein|nee|nej|não|nao|nie|нет|いいえ|否|unsubscribed|opted[- _]?out|opt[- _]?out)$/i;
/**
 * Words that a column for unsubscribes has beside yes and no. Of a person who was cleaned or bounced nobody should hear; the
 * date of zeros is what MySQL has for none.
 */
const LEFT = /^(unsubscribed?|opted[- _]?out|opt[- _]?out|cleaned|bounced|complained|blocked|désinscrit|abgemeldet)$/i;
const STAYS = /^(subscribed|opted[- _]?in|opt[- _]?in|active|none|null|never|-|0000-00-00([T ].*)?)$/i;
/** A date, with or without time, in the order of any country: exports have a column that says since when. */
const DATE = /^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([T ,].*)?$/;

export const truth = (cell: string): boolean | undefined => {
  if (YES.test(cell)) return true;
  return NO.test(cell) ? false : undefined;
};

/** True: the person is unsubscribed. False: the cell says nothing about that. Undefined: it cannot be understood. */
export const unsubscription = (cell: string): boolean | undefined => {
  if (STAYS.test(cell)) return false;
  return LEFT.test(cell) || DATE.test(cell) ? true : truth(cell);
};

/** Excel writes numbers of more than 11 digits so, and several of them alike: 4.00638E+12, in some countries with a comma. */
export const isShortened = (cell: string): boolean => /^\d[.,]\d+E\+\d\d$/i.test(cell);

export const decimal = (cell: string): number | undefined => {
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) ? Number(cell) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
};

/** What people write around or instead of a number that is already E.164. */
const E164 = /^\+[1-9]\d{7,14}$/;

/**
 * The number in E.164. Without a country code it is one of `country` (ISO 3166-1 alpha-2). It must be as long as numbers of
 * its country may be; whether it is given to somebody nobody knows (libphonenumber's `isPossible`: plans of numbers change).
 */
export const phoneNumber = (cell: string, country: string | undefined): string | undefined => {
  const written = cell.replace(/^tel:/i, '').replace(/^00/, '+');
  const plain = written.replace(/[\s().-]/g, '');
  const dialled = E164.test(plain) ? plain : written;
  const inCountry =
    country !== undefined && isSupportedCountry(country) ? { defaultCountry: country as CountryCode } : {};
  const found = parsePhoneNumber(dialled, { ...inCountry, extract: false });
  return found?.isPossible() ? found.number : undefined;
};

/** The address with its domain in lower case, which is the same one; whether the name before the @ is, its host decides. */
export const emailAddress = (cell: string): string => {
  const at = cell.lastIndexOf('@');
  return at < 0 ? cell : cell.slice(0, at) + cell.slice(at).toLowerCase();
};
