import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as liquidjs from 'liquidjs';
import { describe, expect, test } from 'vitest';
import { renderer } from '../../../../core/strategy/render.ts';
import { checkTemplate } from '../../../../core/strategy/template/check.ts';
import { localeSlips } from '../../../../core/strategy/template/locales.ts';
import { notesOn } from '../../../../core/strategy/template/notes.ts';
import { tablesOf } from '../../../../core/strategy/template/tables-of.ts';
import { type TemplateContent, templateInput } from '../../../../core/strategy/template.ts';
import { compileTemplate } from '../../../../lambdas/strategy/compile-template.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/templates.md'), 'utf8');
const liquid = renderer(liquidjs);
const block = (fence: string) => {
  const [, code] = page.split(`\`\`\`${fence}\n`);
  if (code === undefined) throw new Error(`docs/templates.md has no ${fence}`);
  return code.split('\n```')[0] ?? '';
};
const textFor = (template: TemplateContent, profile: object) => {
  const result = liquid.render(template, 'sms', { profile: { profileId: 'ada', attributes: {}, ...profile } });
  if (result.kind === 'render-failed') return `FAILED ${result.message}`;
  return 'text' in result.content ? result.content.text?.replace(/[\u00a0\u202f]/g, ' ') : undefined;
};
/** Rows of the tables of the page, cell by cell; a bar in a cell is written with a backslash. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')));
const code = (cell = '') => /^`(.*)`$/.exec(cell)?.[1];

describe('docs/templates.md', () => {
  test('the greeting can be saved, and people get what stands there', async () => {
    const input = templateInput.parse(JSON.parse(block('json template greeting')));
    const template = await compileTemplate(input, liquid);
    expect([liquid.errorsIn(template), localeSlips(template)]).toEqual([[], []]);
    const people = rows.filter(([, who]) => who?.startsWith('`{"'));
    expect(people).toHaveLength(3);
    for (const [, who, text] of people) expect(textFor(template, JSON.parse(code(who) as string))).toBe(text);
  });

  test('the filters write what stands there', () => {
    const vienna = { locale: 'de-AT', timeZone: 'Europe/Vienna' };
    const examples = rows.filter(([, , example]) => code(example)?.startsWith('{{'));
    expect(examples).toHaveLength(6);
    for (const [, , example, text] of examples) {
      const template = { name: 't', locale: 'de', channels: { sms: { text: code(example) as string } } };
      expect(liquid.errorsIn(template)).toEqual([]);
      expect(textFor(template, vienna)).toBe(text);
    }
  });

  test('the MJML compiles, and is what it says', async () => {
    const input = { name: 't', channels: { email: { subject: 's', mjml: block('mjml') } } };
    const template = await compileTemplate(input, liquid);
    expect(liquid.errorsIn(template)).toEqual([]);
    const goods = [
      { name: 'Tea', price: 5 },
      { name: 'Pot', price: 50, url: 'https://shop.example/pot' },
    ];
    const profile = { profileId: 'ada', attributes: { city: 'Vienna', goods } };
    const result = liquid.render(template, 'email', { profile });
    if (result.kind === 'render-failed' || result.content.channel !== 'email') throw new Error(JSON.stringify(result));
    const { html } = result.content;
    for (const part of [
      'New in Vienna',
      '>Tea for little<',
      '>Pot<',
      '"https://shop.example"',
      '"https://shop.example/pot"',
      '#unsubscribe',
    ])
      expect(html).toContain(part);
  });

  test('the blocks become the page that they describe', async () => {
    const blocks = JSON.parse(block('json blocks'));
    const input = templateInput.parse({ name: 't', locale: 'en', channels: { email: { subject: 's', blocks } } });
    const template = await compileTemplate(input, liquid);
    expect(liquid.errorsIn(template)).toEqual([]);
    const attributes = { tier: 'gold', liked: ['a1', 'b2', 'c3'] };
    const rowOf = (key: string) => ({ name: `Tea ${key}`, price: 3, image: 'https://a.example/t.png', url: '#' });
    const result = liquid.render(template, 'email', {
      profile: { profileId: 'ada', attributes },
      catalogue: ({ key }) => (key === 'b2' ? undefined : rowOf(key)),
    });
    if (result.kind === 'render-failed' || result.content.channel !== 'email') throw new Error(JSON.stringify(result));
    const { html } = result.content;
    for (const part of [
      '>For you<',
      'Hello there',
      '<strong>You get 10 % off</strong>',
      'Tea a1 for €3.00',
      'Tea &amp; Co',
    ])
      expect(html).toContain(part);
    // Two of the list at the most, and the second has no row.
    expect(html).not.toContain('Tea c3');
  });

  test('the look-up writes what the row says, and goes without', () => {
    const text = block('liquid');
    const template = { name: 't', channels: { sms: { text } } };
    expect([liquid.errorsIn(template), tablesOf(liquidjs, template)]).toMatchObject([[], [{ table: 'products' }]]);
    const shown = (sku: string) => {
      const about = { id: 'e', type: 'restock', source: 'shop', profileId: 'ada', timeMs: 0, receivedMs: 0 };
      const result = liquid.render(template, 'sms', {
        profile: { profileId: 'ada', attributes: {} },
        event: { ...about, properties: { sku } },
        catalogue: ({ table, key }) => (table === 'products' && key === 'a1' ? { name: 'Tea' } : undefined),
      });
      return result.kind === 'rendered' && 'text' in result.content ? result.content.text : result;
    };
    expect([shown('a1'), shown('b2')]).toEqual(['Tea is back', 'It is back']);
  });

  test('the codes of notes are those that there are', () => {
    const told = rows.flatMap(([, cell, what]) =>
      what && cell?.includes('`') ? [...cell.matchAll(/`([a-z]+(?:-[a-z]+)?)`/g)] : [],
    );
    const codes = told.map(([, name]) => name);
    const hrefs = [
      'http://a.org',
      '',
      '/a',
      'data:x',
      'https:/a',
      'https://a',
      'https://a.example',
      `https://a.org/${'x'.repeat(4_001)}`,
    ];
    const html = `<p>${'x'.repeat(102_001)}<img>${hrefs.map((href) => `<a href="${href}">x</a>`).join('')}<i>`;
    const page = '<a href="https://{{ profile.email }}">x</a>';
    const text = { kind: 'text' as const, text: 'x', color: '#ffffff' };
    const blocks = { list: [text] };
    const template = { name: 't', channels: { email: { subject: 's', html: page, blocks } } };
    const variables = { profile: { profileId: 'ada', attributes: {} } };
    const found = [
      ...checkTemplate(liquidjs, liquid, template, { variables, lane: 'promotional' }).flatMap(({ notes }) => notes),
      ...notesOn({ channel: 'email', subject: 'x'.repeat(41), html }),
      ...notesOn({ channel: 'email', subject: '', html: '' }),
      ...notesOn({ channel: 'sms', text: '你'.repeat(71) }),
      ...notesOn({ channel: 'push', title: 'x', body: '你'.repeat(1_400) }),
    ].map((note) => note.code);
    for (const name of new Set(found)) expect(codes).toContain(name);
    expect(new Set(found).size).toBe(25);
  });
});
