import type { Channel } from '../../delivery/channel.ts';
import type { TemplateContent } from '../template.ts';

/**
 * Where to look for the words of somebody with this locale, the nearest first: zh-Hant-TW is zh-Hant-TW, zh-TW, zh-Hant, zh, and
 * so is zh_TW, for what a locale leaves out is added by the likely subtags of Unicode (UTS 35). Language and region alone are only
 * looked for where they mean the same script: sr-Latn-RS is not sr-RS, which is Cyrillic. Before the language alone comes the parent
 * that CLDR names: es-MX is es-419, then es. Empty for what is no locale.
 */
export const localeChain = (locale: string | undefined): string[] => {
  if (locale === undefined || locale === '') return [];
  const asked = parsed(locale.replaceAll('_', '-'));
  if (!asked) return [];
  const { language, script, region } = asked.maximize();
  const plain = new Intl.Locale(`${language}-${region ?? 'ZZ'}`).maximize();
  const found = [
    asked.baseName,
    script && region && `${language}-${script}-${region}`,
    region && plain.script === script && `${language}-${region}`,
    ...regionalParents(language, script, region),
    script && `${language}-${script}`,
    language,
    ...(NORWEGIAN[language] ?? []),
  ];
  return [...new Set(found.filter((tag) => typeof tag === 'string' && tag !== ''))] as string[];
};

const codes = (text: string): ReadonlySet<string> => new Set(text.split(' '));
/** Regions whose Spanish is nearer to that of Latin America, and whose English to that of the world, than to the language alone. */
const LATIN_AMERICA = codes('AR BO BR BZ CL CO CR CU DO EC GT HN MX NI PA PE PR PY SV US UY VE');
const WORLD_ENGLISH = codes(
  'AU AT BB BE BM BW BZ CH CY DE DK FI FJ GB GH GI GY HK IE IL IN JM KE KY LK LS MT MU MW MY NA NG NL NZ PG PK SE SG SI TT TZ UG VG VU WS ZA ZM ZW',
);
const LUSOPHONE = codes('AO CH CV FR GQ GW LU MO MZ ST TL');

/** Norwegian has two ways of writing; whoever names none of them mostly writes Bokmål. */
const NORWEGIAN: Record<string, string[]> = { nb: ['no'], nn: ['no', 'nb'], no: ['nb'] };

/** Parents that do not follow from the name of a locale (CLDR, supplementalData, parentLocales), of those that are often written. */
const regionalParents = (language: string, script: string | undefined, region: string | undefined): string[] => {
  if (region === undefined) return [];
  if (language === 'es' && LATIN_AMERICA.has(region)) return ['es-419'];
  if (language === 'en' && WORLD_ENGLISH.has(region)) return ['en-001'];
  if (language === 'pt' && LUSOPHONE.has(region)) return ['pt-PT'];
  return language === 'zh' && script === 'Hant' && region === 'MO' ? ['zh-Hant-HK', 'zh-HK'] : [];
};

const parsed = (tag: string): Intl.Locale | undefined => {
  try {
    return new Intl.Locale(tag);
  } catch {
    return undefined;
  }
};

/** Which locale's words of a channel these are; undefined: those of `channels`, whose locale nobody has named. */
export type Localized<C extends Channel> = { locale?: string; content: NonNullable<TemplateContent['channels'][C]> };

/** The content of a channel for somebody whose locale has this chain; undefined when the template does not have the channel. */
export const localized = <C extends Channel>(
  { locale, channels, locales = {} }: TemplateContent,
  channel: C,
  chain: readonly string[],
): Localized<C> | undefined => {
  for (const tag of chain) {
    if (tag === locale) break;
    const content = Object.hasOwn(locales, tag) ? locales[tag]?.[channel] : undefined;
    if (content) return { locale: tag, content: content as Localized<C>['content'] };
  }
  const content = channels[channel];
  return content && { ...(locale && { locale }), content: content as Localized<C>['content'] };
};

/** What does not fit between the locales of a template: everybody must have words in every channel of it. */
export const localeSlips = ({ locale, channels, locales }: TemplateContent): { path: string; message: string }[] => {
  if (!locales || Object.keys(locales).length === 0) return [];
  if (!locale) return [{ path: 'locale', message: 'Name the locale of `channels`: that is what everybody else gets' }];
  const again = Object.hasOwn(locales, locale)
    ? [{ path: `locales.${locale}`, message: `${locale} is the locale of \`channels\`: write it there` }]
    : [];
  const alone = Object.entries(locales).flatMap(([tag, own]) =>
    Object.keys(own)
      .filter((channel) => own[channel as Channel] !== undefined && channels[channel as Channel] === undefined)
      .map((channel) => ({
        path: `locales.${tag}.${channel}`,
        message: `Whoever has another locale gets no ${channel}: write it in \`channels\`, too`,
      })),
  );
  return [...again, ...alone];
};
