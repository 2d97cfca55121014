import * as liquidjs from 'liquidjs';
import { describe, expect, test } from 'vitest';
import { renderer } from '../../../../core/strategy/render.ts';
import type { EmailBlocks } from '../../../../core/strategy/template/blocks/blocks.ts';
import { contrastNotes } from '../../../../core/strategy/template/blocks/contrast.ts';
import { checkTemplate } from '../../../../core/strategy/template/check.ts';
import type { CompiledTemplate } from '../../../../core/strategy/template.ts';

const liquid = renderer(liquidjs);
const OUT = '<p>Hi <a href="{{ unsubscribe_url }}">x</a></p>';
const email = (html: string) => ({ subject: 's', text: 't', html });
const checked = (
  template: Omit<CompiledTemplate, 'name'>,
  attributes: Record<string, unknown> = {},
  lane: 'promotional' | 'transactional' = 'promotional',
) => {
  const variables = { profile: { profileId: 'ada', attributes } };
  return checkTemplate(liquidjs, liquid, { name: 't', ...template }, { variables, lane });
};
const codesOf = (html: string, attributes?: Record<string, unknown>, lane?: 'transactional') =>
  checked({ channels: { email: email(html) } }, attributes, lane).flatMap(({ notes }) => notes.map(({ code }) => code));

describe('each text of each locale', () => {
  test('is looked at where it is written, and only there', () => {
    const sms = { text: 'http://a.org' };
    const results = checked({
      locale: 'en',
      channels: { email: email(OUT), sms: { text: 'Hello' } },
      locales: { 'en-GB': { sms }, zh: { email: email('<p>你好'), sms: { text: '你'.repeat(71) } } },
    });
    expect(results.map(({ channel, locale, notes }) => [locale, channel, notes.map(({ code }) => code)])).toEqual([
      ['en', 'sms', []],
      ['en', 'email', []],
      ['en-GB', 'sms', ['link-insecure']],
      ['zh', 'sms', ['sms-parts', 'sms-encoding']],
      ['zh', 'email', ['no-unsubscribe']],
    ]);
  });

  test('says what the sample lacks, and measures the rest', () => {
    const html = `${OUT}{{ profile.attributes.name }}<img src="a.png">`;
    const [result] = checked({ channels: { email: email(html) } });
    expect(result?.failed).toContain('profile.attributes.name');
    expect(result?.notes.map(({ code }) => code)).toEqual(['image-alt', 'image-size', 'image-source']);
    expect(checked({ channels: { email: email(html) } }, { name: 'Ada' })[0]).not.toHaveProperty('failed');
  });
});

describe('links with Liquid', () => {
  const link = (href: string) => `${OUT}<a href="${href}">x</a>`;
  test('of whom nobody knows are looked at as they are written', () => {
    expect(codesOf(link('{{ profile.attributes.url }}'))).toEqual([]);
    expect(codesOf(link('http://a.org/{{ profile.attributes.id }}'))).toEqual(['link-insecure']);
  });
  test('of somebody are looked at as they lead', () => {
    expect(codesOf(link('{{ profile.attributes.url }}'), { url: 'javascript:x' })).toEqual(['link-scheme']);
    expect(codesOf(link('{{ profile.attributes.url }}'), { url: 'https://a.org' })).toEqual([]);
  });
  test('are looked at, however much else is doubtful', () => {
    const html = `${'<img src="https://a.org/i.png">'.repeat(30)}${link('https://{{ profile.attributes.shop }}')}`;
    expect(codesOf(html)).toContain('link-liquid');
  });
  test('have a host that is written out, whoever it is for', () => {
    const href = 'https://{{ profile.attributes.shop }}.a.org/';
    expect(codesOf(link(href))).toEqual(['link-liquid']);
    expect(codesOf(link(href), { shop: 'tea' })).toEqual(['link-liquid']);
  });
});

test('a way out is asked of what promotes something; one that is not shown is none', () => {
  expect(codesOf('<p>Hi')).toEqual(['no-unsubscribe']);
  expect(codesOf('<p>Hi', {}, 'transactional')).toEqual([]);
  expect(codesOf('<p>Hi <a href="{{ preferences_url }}">x</a>')).toEqual([]);
  expect(codesOf(`<p>Hi {% if profile.attributes.vip %}${OUT}{% endif %}`)).toEqual(['no-unsubscribe']);
});

describe('contrast of blocks', () => {
  const of = (list: unknown[], settings?: object) =>
    contrastNotes({ list, ...(settings && { settings }) } as EmailBlocks).map(({ message }) => message);
  test.each<[string, object, object, number]>([
    // Ratios as WCAG's formula gives them: #767676 on white is 4.54, #777777 is 4.48.
    ['just enough', { kind: 'text', text: 'x', color: '#767676' }, {}, 0],
    ['just too little', { kind: 'text', text: 'x', color: '#777777' }, {}, 1],
    ['enough for large letters', { kind: 'heading', text: 'x', color: '#777777' }, {}, 0],
    ['a button', { kind: 'button', text: 'x', href: 'x', background: '#ffff00' }, {}, 1],
    ['the colour of the page', { kind: 'footer', unsubscribe: 'x' }, { page: '#000000' }, 1],
    ['a link', { kind: 'text', text: [{ text: 'x', href: 'x' }] }, { linkColor: '#f4f4f5' }, 1],
    ['no link', { kind: 'text', text: [{ text: 'x' }] }, { linkColor: '#f4f4f5' }, 0],
    ['the way out', { kind: 'footer', text: 'x', unsubscribe: 'x' }, { linkColor: '#f4f4f5' }, 1],
    ['what has no words', { kind: 'divider', color: '#ffffff' }, {}, 0],
  ])('%s', (_, block, settings, count) => expect(of([block], settings)).toHaveLength(count));

  test('names the place, also in columns of another colour', () => {
    const columns = [{ elements: [{ kind: 'text', text: 'x' }] }, { elements: [] }];
    const repeat = { kind: 'repeat', blocks: [{ kind: 'columns', background: '#18181b', columns }] };
    expect(of([repeat])).toEqual([
      'blocks.list.0.blocks.0.columns.0.elements.0: #18181b on #18181b has a contrast of 1.0; 4.5 can be read by all',
    ]);
  });
});
