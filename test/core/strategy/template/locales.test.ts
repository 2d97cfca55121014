import * as liquidjs from 'liquidjs';
import { describe, expect, test } from 'vitest';
import { needsLinks } from '../../../../core/delivery/links/needs-links.ts';
import { renderer } from '../../../../core/strategy/render.ts';
import { localeChain, localeSlips } from '../../../../core/strategy/template/locales.ts';
import { contentOf, type TemplateContent, templateInput } from '../../../../core/strategy/template.ts';

const { render, errorsIn, attributesOf, needsOf, missingIn } = renderer(liquidjs);

describe('where the words of somebody are looked for', () => {
  test.each<[string | undefined, string[]]>([
    ['zh-Hant-TW', ['zh-Hant-TW', 'zh-TW', 'zh-Hant', 'zh']],
    ['zh_TW', ['zh-TW', 'zh-Hant-TW', 'zh-Hant', 'zh']],
    ['zh-CN', ['zh-CN', 'zh-Hans-CN', 'zh-Hans', 'zh']],
    ['ZH-hant', ['zh-Hant', 'zh-Hant-TW', 'zh-TW', 'zh']],
    ['pt-br', ['pt-BR', 'pt-Latn-BR', 'pt-Latn', 'pt']],
    ['de', ['de', 'de-Latn-DE', 'de-DE', 'de-Latn']],
    ['sr-Latn-RS', ['sr-Latn-RS', 'sr-Latn', 'sr']],
    ['en-US-u-nu-latn', ['en-US', 'en-Latn-US', 'en-Latn', 'en']],
    ['es-419', ['es-419', 'es-Latn-419', 'es-Latn', 'es']],
    ['es-MX', ['es-MX', 'es-Latn-MX', 'es-419', 'es-Latn', 'es']],
    ['es-ES', ['es-ES', 'es-Latn-ES', 'es-Latn', 'es']],
    ['en-AU', ['en-AU', 'en-Latn-AU', 'en-001', 'en-Latn', 'en']],
    ['pt-AO', ['pt-AO', 'pt-Latn-AO', 'pt-PT', 'pt-Latn', 'pt']],
    ['zh-MO', ['zh-MO', 'zh-Hant-MO', 'zh-Hant-HK', 'zh-HK', 'zh-Hant', 'zh']],
    ['nb-NO', ['nb-NO', 'nb-Latn-NO', 'nb-Latn', 'nb', 'no']],
    ['nn', ['nn', 'nn-Latn-NO', 'nn-NO', 'nn-Latn', 'no', 'nb']],
    ['no', ['no', 'no-Latn-NO', 'no-NO', 'no-Latn', 'nb']],
    ['', []],
    [undefined, []],
    ['no locale at all', []],
    ['x', []],
  ])('%s', (locale, chain) => expect(localeChain(locale)).toEqual(chain));
});

describe('a name that a locale had before', () => {
  const errors = (tag: string) => {
    const own = { sms: { text: 'Hello' } };
    const parsed = templateInput.safeParse({ name: 't', locale: 'fr', channels: own, locales: { [tag]: own } });
    return parsed.success ? 'fits' : 'refused';
  };
  test.each(['en-UK', 'iw', 'in', 'sr-YU', 'sh'])('%s is refused: nobody would find it', (tag) => {
    expect(localeChain(tag)).not.toContain(tag);
    expect(errors(tag)).toBe('refused');
  });
  test.each(['en-GB', 'he', 'id', 'zh-Hant-TW', 'es-419', 'no', 'fil', 'de'])('%s is one of today', (tag) => {
    expect(errors(tag)).toBe('fits');
  });
});

const greeting: TemplateContent = {
  name: 't',
  locale: 'en',
  channels: { sms: { text: 'Hello' }, push: { title: 'Hello', body: 'en' } },
  locales: {
    zh: { sms: { text: '你好' } },
    'zh-Hant': { sms: { text: '您好' }, push: { title: '您好', body: 'zh-Hant' } },
    'en-GB': { sms: { text: 'Good day {{ profile.attributes.name }}' } },
    fr: { push: { title: 'Bonjour', body: '{{ profile.attributes.ville | default: "ici" }}' } },
  },
};
const words = (channel: 'sms' | 'push', locale?: string) => {
  const profile = { profileId: 'ada', ...(locale && { locale }), attributes: { name: 'Ada' } };
  const result = render(greeting, channel, { profile });
  if (result.kind !== 'rendered') return result.message;
  return 'text' in result.content ? result.content.text : 'title' in result.content && result.content.title;
};

describe('what somebody gets', () => {
  test.each<['sms' | 'push', string | undefined, string]>([
    ['sms', 'zh-Hant-TW', '您好'],
    ['sms', 'zh-TW', '您好'],
    ['sms', 'zh-CN', '你好'],
    ['sms', 'en-US', 'Hello'],
    ['sms', 'en-GB', 'Good day Ada'],
    ['sms', 'en', 'Hello'],
    ['sms', 'fr', 'Hello'],
    ['sms', 'ja', 'Hello'],
    ['sms', undefined, 'Hello'],
    ['sms', 'constructor', 'Hello'],
    ['push', 'zh-Hant-HK', '您好'],
    // Simplified: not what the template has in traditional characters.
    ['push', 'zh-CN', 'Hello'],
    ['push', 'fr_CA', 'Bonjour'],
    ['push', 'en-GB', 'Hello'],
  ])('%s for %s', (channel, locale, text) => expect(words(channel, locale)).toBe(text));

  test('the same template object keeps its locales apart', () => {
    expect(['fr', 'zh-TW', 'fr', undefined].map((locale) => words('push', locale))).toEqual([
      'Bonjour',
      '您好',
      'Bonjour',
      'Hello',
    ]);
  });

  test('a template without locales is for everybody, as it always was', () => {
    const plain: TemplateContent = { name: 't', channels: { sms: { text: 'Hi' } } };
    expect(contentOf({ ...plain, id: 'x' } as TemplateContent)).toEqual(plain);
    const profile = { profileId: 'ada', locale: 'fr', attributes: {} };
    expect(render(plain, 'sms', { profile })).toMatchObject({ content: { text: 'Hi' } });
  });
});

describe('what is looked at in all locales', () => {
  test('errors, with the place of each', () => {
    const wrong = { ...greeting, locales: { fr: { sms: { text: 'a\n{{ profil.email }}' } } } };
    expect(errorsIn(wrong)).toMatchObject([{ field: 'locales.fr.sms.text', line: 2 }]);
  });
  test('attributes, links and events', () => {
    expect(attributesOf(greeting)).toEqual(['name', 'ville']);
    const linked = { ...greeting, locales: { fr: { sms: { text: '{{ unsubscribe_url }} {{ event.type }}' } } } };
    expect([needsLinks(greeting, 'sms'), needsLinks(linked, 'sms')]).toEqual([false, true]);
    expect(needsOf(linked).event).toBe(true);
  });
  test('missing values only where this person reads them', () => {
    const of = (locale: string) => missingIn(greeting, 'push', { profile: { profileId: 'a', locale, attributes: {} } });
    expect([of('fr'), of('de')]).toEqual([['profile.attributes.ville'], []]);
  });
});

describe('what does not fit', () => {
  const sms = { sms: { text: 'x' } };
  test.each<[string, Partial<TemplateContent>, string[]]>([
    ['no locales', { channels: sms }, []],
    ['empty locales', { channels: sms, locales: {} }, []],
    ['a default that nobody named', { channels: sms, locales: { fr: sms } }, ['locale']],
    ['the default again', { locale: 'fr', channels: sms, locales: { fr: sms } }, ['locales.fr']],
    [
      'a channel that others lack',
      { locale: 'en', channels: sms, locales: { fr: { ...sms, push: { title: 'a', body: 'b' } } } },
      ['locales.fr.push'],
    ],
  ])('%s', (_, parts, paths) =>
    expect(localeSlips({ name: 't', channels: {}, ...parts }).map(({ path }) => path)).toEqual(paths),
  );

  test.each(['zh-hant', 'zh_Hant', 'ZH', 'english', 'de-de', ''])('%s is no name of a locale', (tag) => {
    const body = JSON.parse(`{"name":"t","locale":"en","channels":{},"locales":{"${tag}":{}}}`);
    expect(templateInput.safeParse(body).success).toBe(false);
  });
  test('links are followed in all locales or in none', () => {
    const locales = { fr: { sms: { text: 'x', trackLinks: true } } };
    expect(templateInput.safeParse({ name: 't', locale: 'en', channels: sms, locales }).success).toBe(false);
  });
});
