import { isTimeZone } from '../../audience/profile.ts';

/** For whom something is written: the words' language, as the person's region writes it, by the person's clock. */
export type Reader = { locale: string; timeZone: string };

/** `words`: the locale of the content; absent: nobody said. The person's own is used where it is of the same language. */
export const readerOf = (
  words: string | undefined,
  { locale, timeZone }: { locale?: string | undefined; timeZone?: string | undefined },
): Reader => {
  const [written, own] = [canonical(words), canonical(locale)];
  const language = (tag: string | undefined) => tag && new Intl.Locale(tag).language;
  const isSame = written === undefined || language(written) === language(own);
  const zone = timeZone && isTimeZone(timeZone) ? timeZone : 'UTC';
  return { locale: (isSame ? own : undefined) ?? written ?? 'en', timeZone: zone };
};

const canonical = (tag: string | undefined): string | undefined => {
  try {
    return tag ? Intl.getCanonicalLocales(tag.replaceAll('_', '-'))[0] : undefined;
  } catch {
    return undefined;
  }
};

/** What a template wrote behind the colon makes no sense for anybody. */
export class ArgumentFault extends Error {
  override name = 'ArgumentFault';
}

const MAX_FORMATTERS = 500;
type Made = { number: Intl.NumberFormat; date: Intl.DateTimeFormat; plural: Intl.PluralRules };
const MAKERS: Record<keyof Made, new (locale: string, options: object) => Made[keyof Made]> = {
  ...{ number: Intl.NumberFormat, date: Intl.DateTimeFormat, plural: Intl.PluralRules },
};
const made = new Map<string, Made[keyof Made]>();

/** Making one takes longer than many uses of it. */
const formatter = <K extends keyof Made>(kind: K, locale: string, options: object): Made[K] => {
  const key = `${kind} ${locale} ${JSON.stringify(options)}`;
  try {
    const own = made.get(key) ?? new MAKERS[kind](locale, options);
    if (made.size < MAX_FORMATTERS) made.set(key, own);
    return own as Made[K];
  } catch (error) {
    throw new ArgumentFault((error as Error).message);
  }
};

type Filter = (value: unknown, reader: Reader, args: readonly unknown[]) => string;

/**
 * The filters that Herald adds to those of Liquid. A value that is missing gives nothing; one that makes no sense throws, and the
 * message is not sent. What is behind the colon is looked at first, so that a mistake there is found when the template is saved.
 */
export const FILTERS: Record<string, Filter> = {
  /** `{{ 1299.5 | money: "EUR" }}`: €1,299.50, or 1.299,50 € */
  money: (value, { locale }, args) => {
    const [currency] = args;
    if (args.length === 0) throw new ArgumentFault('money needs a currency: money: "EUR"');
    const format = currency === undefined ? undefined : formatter('number', locale, { style: 'currency', currency });
    return isMissing(value) || !format ? '' : format.format(numberOf('money', value));
  },

  /** `{{ 1299.5 | number }}`, `{{ 0.256 | number: 1 }}`: at most so many digits behind the point. */
  number: (value, { locale }, [digits = 2]) => {
    const format = formatter('number', locale, { maximumFractionDigits: digits });
    return isMissing(value) ? '' : format.format(numberOf('number', value));
  },

  /** `{{ event.time | local_date }}`, `… | local_date: "full"`. A date without a time is the same day everywhere. */
  local_date: (value, { locale, timeZone }, [dateStyle = 'long']) => {
    const isDay = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value);
    const format = formatter('date', locale, { dateStyle, timeZone: isDay ? 'UTC' : timeZone });
    return isMissing(value) ? '' : format.format(instantOf('local_date', value));
  },

  /** `{{ event.time | local_time }}`: what the person's clock shows then. */
  local_time: (value, { locale, timeZone }, [timeStyle = 'short']) => {
    const format = formatter('date', locale, { timeStyle, timeZone });
    return isMissing(value) ? '' : format.format(instantOf('local_time', value));
  },

  /** `{{ n | pluralize: "item", "items" }}`, or by CLDR's forms: `one: "plik", few: "pliki", other: "plików"`; absent ones are `other`. */
  pluralize: (value, { locale }, args) => {
    const named = new Map(args.filter((one): one is [string, unknown] => Array.isArray(one)));
    const [one, other = one] = args.filter((word) => !Array.isArray(word));
    if (args.length === 0) throw new ArgumentFault('pluralize needs words: pluralize: "item", "items"');
    if (isMissing(value)) return '';
    const form = formatter('plural', locale, {}).select(numberOf('pluralize', value));
    return String(named.get(form) ?? named.get('other') ?? (form === 'one' ? one : other) ?? '');
  },
};

const isMissing = (value: unknown): boolean => value === undefined || value === null || value === '';

const numberOf = (filter: string, value: unknown): number => {
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw new Error(`${filter} takes a number, not ${String(value).slice(0, 40)}`);
};

/** ISO 8601, or seconds since 1970, as Liquid's own `date` takes them. */
const instantOf = (filter: string, value: unknown): Date => {
  const date = typeof value === 'number' ? new Date(value * 1_000) : new Date(String(value));
  if (Number.isNaN(date.getTime())) throw new Error(`${filter} takes a time, not ${String(value).slice(0, 40)}`);
  return date;
};
