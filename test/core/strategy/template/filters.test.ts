import * as liquidjs from 'liquidjs';
import { describe, expect, test } from 'vitest';
import { smsParts } from '../../../../core/delivery/sms-parts.ts';
import { renderer } from '../../../../core/strategy/render.ts';
import { readerOf } from '../../../../core/strategy/template/filters.ts';
import type { TemplateContent } from '../../../../core/strategy/template.ts';

const { render, errorsIn } = renderer(liquidjs);
const sms = (text: string, more: Partial<TemplateContent> = {}): TemplateContent => ({
  name: 't',
  channels: { sms: { text } },
  ...more,
});
type Person = { locale?: string; timeZone?: string; attributes?: Record<string, unknown> };
const written = (text: string, { attributes = {}, ...person }: Person = {}, more: Partial<TemplateContent> = {}) => {
  const result = render(sms(text, more), 'sms', { profile: { profileId: 'ada', ...person, attributes } });
  if (result.kind === 'render-failed') return `FAILED ${result.message}`;
  // Some locales write spaces that do not break.
  return 'text' in result.content ? result.content.text?.replace(/[\u00a0\u202f]/g, ' ') : '';
};

test.each(['fr-FR', 'de-AT', 'sv'])('amounts and times in %s do not make a text message a dearer one', (locale) => {
  const text = '{{ 12999.5 | money: "EUR" }} {{ 12999.5 | number }} {{ "2026-07-01" | local_time }}\u00a0!';
  const profile = { profileId: 'ada', locale, attributes: {} };
  const result = render(sms(text), 'sms', { profile });
  const content = result.kind === 'rendered' ? result.content : undefined;
  expect(content?.channel === 'sms' && smsParts(content.text)).toEqual({ encoding: 'gsm-7', parts: 1 });
  const push = render({ name: 't', channels: { push: { title: 't', body: text } } }, 'push', { profile });
  expect(push).toMatchObject({ content: { body: expect.stringMatching(/[\u00a0\u202f]/) } });
});

describe('filters', () => {
  const noon = '2026-07-01T12:30:00Z';
  test.each<[string, string, Person, string]>([
    ['money', '{{ 1299.5 | money: "EUR" }}', { locale: 'de-DE' }, '1.299,50 €'],
    ['money of a currency without cents', '{{ 1299.5 | money: "JPY" }}', { locale: 'en-US' }, '¥1,300'],
    ['money written as text', '{{ "12.5" | money: "USD" }}', {}, '$12.50'],
    [
      'the currency of the person',
      '{{ 5 | money: profile.attributes.currency }}',
      { attributes: { currency: 'GBP' } },
      '£5.00',
    ],
    ['a number', '{{ 1234567.891 | number }}', { locale: 'fr_FR' }, '1 234 567,89'],
    ['a number without digits', '{{ 0.256 | times: 100 | number: 0 }} %', {}, '26 %'],
    ['a day', `{{ "${noon}" | local_date }}`, { locale: 'zh-Hant-TW', timeZone: 'Asia/Taipei' }, '2026年7月1日'],
    [
      'a day that is another there',
      '{{ "2026-07-01T23:30:00Z" | local_date: "medium" }}',
      { locale: 'en-GB', timeZone: 'Asia/Tokyo' },
      '2 Jul 2026',
    ],
    [
      'a date is the same day everywhere',
      '{{ "2026-07-01" | local_date: "short" }}',
      { locale: 'en-US', timeZone: 'America/New_York' },
      '7/1/26',
    ],
    ['seconds since 1970', '{{ 0 | local_date: "short" }}', { locale: 'en-US' }, '1/1/70'],
    ['a time', `{{ "${noon}" | local_time }}`, { locale: 'de', timeZone: 'Europe/Berlin' }, '14:30'],
    ['a time without a zone', `{{ "${noon}" | local_time }}`, { locale: 'de' }, '12:30'],
    [
      'a time in a zone that does not exist',
      `{{ "${noon}" | local_time }}`,
      { locale: 'de', timeZone: 'Mars/Base' },
      '12:30',
    ],
    ['one', '{{ 1 | pluralize: "item", "items" }}', {}, 'item'],
    ['many', '{{ 0 | pluralize: "item", "items" }}', {}, 'items'],
    [
      'the forms of a language',
      '{% for n in (1..5) %}{{ n | pluralize: one: "plik", few: "pliki", other: "plików" }} {% endfor %}',
      { locale: 'pl' },
      'plik pliki pliki pliki plików ',
    ],
    [
      'nothing of what is missing, where it may be',
      '[{{ profile.attributes.x | default: "" | money: "EUR" }}]',
      {},
      '[]',
    ],
  ])('%s', (_, source, person, expected) => {
    expect(errorsIn(sms(source))).toEqual([]);
    expect(written(source, person)).toBe(expected);
  });

  test.each([
    ['what is no number', '{{ profile.attributes.x | money: "EUR" }}', 'money takes a number, not cheap'],
    ['what is no time', '{{ profile.attributes.x | local_date }}', 'local_date takes a time, not cheap'],
  ])('%s fails for whom it is so', (_, source, message) => {
    expect(errorsIn(sms(source))).toEqual([]);
    expect(written(source, { attributes: { x: 'cheap' } })).toContain(message);
  });

  test.each([
    ['no currency', 'a\n{{ profile.attributes.x | money }}', 'money needs a currency'],
    ['an unknown style', 'a\n{{ profile.attributes.x | local_date: "huge" }}', 'huge'],
    ['no currency of this world', 'a\n{{ profile.attributes.x | money: "EURO" }}', 'EURO'],
    ['too many digits', 'a\n{{ profile.attributes.x | number: 1000 }}', 'maximumFractionDigits'],
    ['no words', 'a\n{{ profile.attributes.x | pluralize }}', 'pluralize needs words'],
  ])('%s is found when it is saved', (_, source, message) => {
    expect(errorsIn(sms(source))).toMatchObject([{ line: 2, tooCostly: false }]);
    expect(errorsIn(sms(source))[0]?.message).toContain(message);
  });
});

describe('for whom it is written', () => {
  test.each([
    ['words in the language of the person: as their region writes it', 'en', 'en-GB', 'en-GB'],
    ['words in another language: as that writes it', 'en', 'de-AT', 'en'],
    ['words of which nobody said the language', undefined, 'de_AT', 'de-AT'],
    ['nothing known', undefined, undefined, 'en'],
    ['a locale that is none', 'fr', '!', 'fr'],
  ])('%s', (_, words, locale, expected) => expect(readerOf(words, { locale }).locale).toBe(expected));

  test('each gets their own, of one template', () => {
    const more = { locale: 'en', locales: { de: { sms: { text: 'Nur {{ 9.5 | money: "EUR" }}' } } } };
    const of = (locale: string) => written('Only {{ 9.5 | money: "EUR" }}', { locale }, more);
    expect([of('de-AT'), of('en-GB'), of('ja'), of('de')]).toEqual([
      'Nur € 9,50',
      'Only €9.50',
      'Only €9.50',
      'Nur 9,50 €',
    ]);
  });
});

describe('arguments that make no sense are found in branches that nobody takes', () => {
  const errors = (text: string) => errorsIn({ name: 't', channels: { sms: { text } } });
  const never = (text: string) => `{% if profile.email == "nobody" %}\n${text}{% endif %}`;
  test.each([
    ['a currency', '{{ 1 | money: "EURO" }}', 'EURO'],
    ['none at all', '{{ 1 | money }}', 'needs a currency'],
    ['a style', '{% assign a = event.time | local_date: "huge" %}', 'huge'],
    ['a number of digits', '{{ 1 | number: 500 }}', 'maximumFractionDigits'],
    ['no words', '{{ 1 | plus: 1 | pluralize }}', 'needs words'],
    ['behind another filter, in a loop', '{% for a in (1..0) %}{{ a | money: "X" | upcase }}{% endfor %}', 'X'],
    ['in a case', '{% case 1 %}{% when 2 %}{{ 1 | money: "EURO" }}{% endcase %}', 'EURO'],
  ])('%s', (_, text, message) =>
    expect(errors(never(text))).toMatchObject([{ line: 2, message: expect.stringContaining(message) }]),
  );
  test.each([
    ['what a variable says', '{{ 1 | money: profile.attributes.currency }}'],
    ['what is right', '{{ 1 | pluralize: one: "Tag", other: "Tage" }}{{ 1 | number: 0 }}{{ "x" | append: "EURO" }}'],
  ])('not %s', (_, text) => expect(errors(never(text))).toEqual([]));
});
