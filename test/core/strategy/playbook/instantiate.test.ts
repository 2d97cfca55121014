import * as liquidjs from 'liquidjs';
import { describe, expect, test } from 'vitest';
import { fill, fillHtml, fillText, UnknownPlaceholder } from '../../../../core/strategy/playbook/fill-placeholders.ts';
import { instantiate } from '../../../../core/strategy/playbook/instantiate.ts';
import type { Playbook } from '../../../../core/strategy/playbook/playbook.ts';
import { valueSlips } from '../../../../core/strategy/playbook/values.ts';
import { renderer } from '../../../../core/strategy/render.ts';

const about = { en: 'x', zh: 'x' };
const playbook: Playbook = {
  id: 'test',
  goal: 'conversion',
  title: { en: 'Test', zh: '测试' },
  summary: about,
  marketing: true,
  parameters: {
    brand: { kind: 'text', maxLength: 20, example: 'Luma', about },
    shopUrl: { kind: 'url', example: 'https://luma.example', about },
    offer: { kind: 'text', maxLength: 20, default: { en: '10% off', zh: '九折' }, example: 'x', about },
    currency: { kind: 'currency', example: 'EUR', about },
    days: { kind: 'number', whole: true, minimum: 1, maximum: 9, default: 3, about },
    wait: { kind: 'duration', atMost: { days: 2 }, default: { hours: 1 }, about },
    at: { kind: 'time', default: '09:00', about },
    topic: { kind: 'topic', default: 'news', about },
    came: { kind: 'event', default: 'visit', properties: {}, about },
    name: { kind: 'attribute', default: 'firstName', example: 'Ada', about },
  },
  segments: {
    who: { name: { en: 'who', zh: '谁' }, segment: { event: '[[came]]', last: { moreThanDaysAgo: '[[days]]' } } },
  },
  templates: {
    one: {
      name: { en: 'one', zh: '一' },
      content: {
        en: {
          email: {
            subject: '[[offer]]',
            heading: 'Hi {{ profile.attributes.[[name]] | default: "you" }}',
            lines: ['[[brand]]: [[offer]]'],
            button: { text: 'Go', url: '{{ event.properties.url | default: "[[shopUrl]]" }}' },
          },
        },
        zh: {
          email: {
            subject: '[[offer]]',
            heading: '您好',
            lines: ['[[brand]]'],
            button: { text: '去', url: '[[shopUrl]]' },
          },
        },
      },
    },
  },
  plan: {
    kind: 'trigger',
    draft: {
      eventType: '[[came]]',
      window: { without: { eventType: 'bought' }, within: '[[wait]]' },
      templateId: '[[template.one]]',
      channelPolicy: ['email'],
      topic: '[[topic]]',
      lane: 'promotional',
    },
  },
};
const given = { currency: 'EUR', brand: "Ben & Jo's", shopUrl: 'https://luma.example/?a=1&b=2' };
const make = (values: object, languages: ['en' | 'zh', ...('en' | 'zh')[]] = ['en']) =>
  instantiate(playbook, { name: 'Mine', values: { ...given, ...values }, languages, idOf: (thing) => `id-${thing}` });

describe('the drafts of a playbook', () => {
  test('have the values in their places, numbers and lengths of time as such, and name one another', () => {
    const { segments, templates, plan } = make({ days: 5, wait: { minutes: 7 }, came: 'came.in' });
    expect(segments).toEqual([
      {
        key: 'who',
        id: 'id-segment.who',
        name: 'Mine: who',
        segment: { event: 'came.in', last: { moreThanDaysAgo: 5 } },
      },
    ]);
    expect(templates).toMatchObject([
      { key: 'one', id: 'id-template.one', template: { name: 'Mine: one', locale: 'en' } },
    ]);
    expect(plan).toMatchObject({
      kind: 'trigger',
      id: 'id-plan',
      input: {
        name: 'Mine',
        eventType: 'came.in',
        window: { within: { minutes: 7 } },
        templateId: 'id-template.one',
        topic: 'news',
      },
    });
  });

  test('have the defaults of each language in its texts, unless a value was given', () => {
    const subjects = (values: object, languages: ['en' | 'zh', ...('en' | 'zh')[]]) => {
      const { channels, locale, locales } = make(values, languages).templates[0]!.template;
      const others = Object.entries(locales ?? {}).map(([name, { email }]) => [name, email?.subject]);
      return [[locale, channels.email?.subject], ...others];
    };
    expect(subjects({}, ['en'])).toEqual([['en', '10% off']]);
    expect(subjects({}, ['en', 'zh'])).toEqual([
      ['en', '10% off'],
      ['zh', '九折'],
    ]);
    expect(subjects({}, ['zh', 'en'])).toEqual([
      ['zh', '九折'],
      ['en', '10% off'],
    ]);
    expect(subjects({ offer: '5 €' }, ['en', 'zh'])).toEqual([
      ['en', '5 €'],
      ['zh', '5 €'],
    ]);
    expect(subjects({ offer: { en: 'Half', zh: '半价' } }, ['zh', 'en'])).toEqual([
      ['zh', '半价'],
      ['en', 'Half'],
    ]);
  });

  test('escape values once in HTML, within Liquid and outside, and not at all in plain text', () => {
    const { template } = make({}).templates[0]!;
    const { content } = renderer(liquidjs).render(template, 'email', {
      profile: { profileId: 'a', attributes: {} },
    }) as { content: { html: string; text: string } };
    expect(content.html).toContain('href="https://luma.example/?a=1&amp;b=2"');
    expect(content.html).toContain('>Ben &amp; Jo&#39;s: 10% off<');
    expect(content.text).toContain('https://luma.example/?a=1&b=2');
    expect(content.text).toContain("Ben & Jo's: 10% off");
    expect(content.html).toContain('href="#unsubscribe"');
  });

  test('of a plan about an order have no way to unsubscribe', () => {
    const { templates } = instantiate(
      { ...playbook, marketing: false },
      { name: 'x', values: given, languages: ['en'], idOf: String },
    );
    expect(JSON.stringify(templates)).not.toContain('unsubscribe');
  });

  test('a placeholder that there is not is a mistake of the playbook', () => {
    for (const act of [() => fill(['[[no]]'], {}), () => fillText('a [[no]]', {}), () => fillHtml('<b>[[no]]', {})]) {
      expect(act).toThrow(UnknownPlaceholder);
    }
    expect(() => fill('[[toString]]', {})).toThrow(UnknownPlaceholder);
  });
});

describe('values of parameters', () => {
  const slips = (values: object) =>
    valueSlips(playbook, { ...given, ...values }).map(({ path, message }) => `${path}: ${message}`);

  test.each([
    [{ brand: "Ben & Jo's 店" }, { brand: { en: 'Luma', zh: '露玛' } }],
    [{ currency: 'EUR' }],
    [{ shopUrl: 'https://a.example' }, { shopUrl: 'https://a.example/b?c=d&e#f' }],
    [{ days: 1 }, { days: 9 }],
    [{ wait: { days: 2 } }],
    [{ at: '23:59' }],
    [{ came: 'A.b:c-1' }],
    [{ name: 'vorName2' }],
  ])('%j is taken', (...values) => {
    for (const value of values) expect(slips(value)).toEqual([]);
  });

  test.each([
    [
      'a value for what there is not',
      { color: 'red' },
      'color: There is no parameter color; there are brand, shopUrl, offer, currency',
    ],
    ['none for what must be given', { brand: undefined }, 'brand: It has no default: give it'],
    ['Liquid', { brand: '{{ profile.email }}' }, 'brand: No control characters'],
    ['a tag of Liquid', { offer: '{% if %}' }, 'offer: No control characters'],
    ['the end of a literal', { offer: 'a" | x' }, 'offer: No control characters'],
    ['HTML', { brand: '<b>x' }, 'brand: No control characters'],
    ['another placeholder', { brand: '[[offer]]' }, 'brand: No control characters'],
    ['Liquid in one language', { brand: { en: 'Luma', zh: '{{ x }}' } }, 'brand.zh: No control characters'],
    ['one language', { brand: { en: 'Luma' } }, 'brand.zh: '],
    ['the sign of a currency', { currency: '€' }, 'currency: Three letters'],
    ['two lines', { brand: 'a\nb' }, 'brand: No control characters'],
    ['nothing', { brand: ' ' }, 'brand: Nothing but spaces'],
    ['too long a text', { brand: 'x'.repeat(21) }, 'brand: '],
    ['a script', { shopUrl: 'javascript:alert(1)' }, 'shopUrl: An address that begins with https://'],
    ['an address with quotes', { shopUrl: 'https://a.example/"onclick' }, 'shopUrl: An address'],
    ['a fraction of days', { days: 1.5 }, 'days: '],
    ['too many days', { days: 10 }, 'days: '],
    ['a text for a number', { days: '3' }, 'days: '],
    ['too long a wait', { wait: { days: 3 } }, 'wait: At most {"days":2}'],
    ['a wait of two units', { wait: { days: 1, hours: 2 } }, 'wait: Exactly one of'],
    ['no time of day', { at: '24:00' }, 'at: '],
    ['no topic', { topic: 'News!' }, 'topic: Lower-case'],
    ['no event type', { came: '[[x]]' }, 'came: '],
    ['no attribute', { name: 'first name' }, 'name: '],
  ])('%s is refused', (_, values, message) => {
    const [first = '', ...more] = slips(values);
    expect(first.slice(0, message.length)).toBe(message);
    expect(more).toEqual([]);
  });
});
