/** Languages of the pages for people; the first is for everybody else. */
export const LOCALES = ['en', 'zh', 'de', 'fr'] as const;
export type Locale = (typeof LOCALES)[number];

/** A longer header is no browser's. */
const MAX_HEADER = 1_000;

/** The language of a tag like `de-AT` or `zh_Hans`, if a page has it. */
const localeOf = (tag: string): Locale | undefined => {
  const [language] = tag.trim().toLowerCase().split(/[-_]/);
  return LOCALES.find((locale) => locale === language);
};

/**
 * The language of a page: the person's own locale, if the pages have it, else the first they have of the browser's
 * (`Accept-Language`, by weight, as RFC 9110, 12.5.4), else English.
 */
export const pageLocale = (own: string | undefined, accepted: string | undefined): Locale => {
  const wanted = (accepted ?? '')
    .slice(0, MAX_HEADER)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';');
      const weight = parameters.map((one) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/i.exec(one)?.[1]).find((one) => one);
      return { locale: localeOf(tag), weight: Number(weight ?? 1) };
    })
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight);
  return (own && localeOf(own)) || (wanted.find(({ locale }) => locale)?.locale ?? LOCALES[0]);
};
