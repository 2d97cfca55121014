import * as liquidjs from 'liquidjs';
import { describe, expect, test } from 'vitest';
import type { RowName } from '../../../../core/event/facts.ts';
import { renderer } from '../../../../core/strategy/render.ts';
import { MAX_LOOKUPS, readCatalogue, readsCatalogue, tablesIn } from '../../../../core/strategy/template/catalogue.ts';
import { tablesOf as namedTables } from '../../../../core/strategy/template/tables-of.ts';
import type { TemplateContent } from '../../../../core/strategy/template.ts';

const { render, errorsIn, rowsAskedBy, attributesOf } = renderer(liquidjs);
const tablesOf = (template: TemplateContent) => namedTables(liquidjs, template);
const sms = (text: string): TemplateContent => ({ name: 't', channels: { sms: { text } } });
const TABLES: Record<string, Record<string, object>> = {
  products: { a1: { name: 'Tea <b>', maker: 'm1' }, '7': { name: 'Seven' } },
  makers: { m1: { name: 'Ada', town: 't1' } },
  towns: { t1: { name: 'Ely', next: 'a1' } },
};
const reader = () => {
  const reads: string[] = [];
  const rowsOf = async (table: string, keys: readonly string[]) => {
    reads.push(`${table} ${keys.join(',')}`);
    return new Map(
      keys.flatMap((key) => (TABLES[table]?.[key] ? [[key, TABLES[table][key] as Record<string, unknown>]] : [])),
    );
  };
  return { reads, rowsOf };
};
const person = (attributes: Record<string, unknown>) => ({ profile: { profileId: 'ada', attributes } });
const sent = async (text: string, people: Record<string, unknown>[]) => {
  const template = sms(text);
  const { reads, rowsOf } = reader();
  const trials = people.map(
    (one) => (lookup: Parameters<typeof rowsAskedBy>[3]) => rowsAskedBy(template, 'sms', person(one), lookup),
  );
  const catalogue = await readCatalogue(trials, rowsOf);
  const texts = people.map((one) => {
    const result = render(template, 'sms', { ...person(one), catalogue });
    return result.kind === 'rendered' && 'text' in result.content
      ? result.content.text
      : 'message' in result && `FAILED ${result.message}`;
  });
  return { texts, reads };
};
const NAME = '{% assign p = profile.attributes.sku | catalogue: "products" %}{{ p.name | default: "it" }}';

describe('rows of reference tables', () => {
  test('are read together, each once; a missing one is a missing value', async () => {
    const people = [{ sku: 'a1' }, { sku: 7 }, { sku: 'a1' }, { sku: 'zz' }];
    expect(await sent(NAME, people)).toEqual({
      texts: ['Tea <b>', 'Seven', 'Tea <b>', 'it'],
      reads: ['products a1,7,zz'],
    });
  });
  test.each([
    ['a space', ' '],
    ['lines', '\n  '],
    ['a tab', '\t'],
    ['nothing', ''],
  ])('are looked for whatever stands around the filter: %s', (_, gap) => {
    const text = `{{ profile.attributes.sku${gap}|${gap}catalogue${gap}:${gap}"products" | default: "it" }}`;
    const inLocale = { ...sms('Hello'), locale: 'en', locales: { de: sms(text).channels } };
    expect([readsCatalogue(sms(text), 'sms'), readsCatalogue(inLocale, 'sms')]).toEqual([true, true]);
    expect(tablesOf(sms(text))).toMatchObject([{ table: 'products' }]);
  });
  test('that others name, three at the most', async () => {
    const town =
      '{% assign p = profile.attributes.sku | catalogue: "products" %}{% assign m = p.maker | catalogue: "makers" %}{% assign t = m.town | catalogue: "towns" %}{{ t.name | default: "?" }}';
    expect(await sent(town, [{ sku: 'a1' }])).toEqual({
      texts: ['Ely'],
      reads: ['products a1', 'makers m1', 'towns t1'],
    });
    const again = `${town}{% assign q = t.next | append: "" | catalogue: "makers" %}{{ q.name | default: "?" }}`;
    expect((await sent(again, [{ sku: 'a1' }])).texts).toEqual(['Ely?']);
  });
  test('what names no row, and what the person lacks', async () => {
    const text =
      '{% assign p = profile.attributes.x | default: "" | catalogue: "products" %}{{ p.name | default: "none" }}';
    expect(await sent(text, [{}])).toEqual({ texts: ['none'], reads: [] });
    expect(
      (await sent('{% assign p = profile.attributes.sku | catalogue: "products" %}{{ p.name }}', [{ sku: 'zz' }]))
        .texts[0],
    ).toContain('FAILED undefined variable: p,');
    expect((await sent(NAME, [{}])).texts).toEqual(['it']);
  });
  test('in a loop, up to a limit that is the same whenever it is counted', async () => {
    const loop =
      '{% for one in profile.attributes.list %}{% assign p = one | catalogue: "products" %}{{ p.name | default: "-" }}{% endfor %}';
    const list = (length: number) => ({ list: Array.from({ length }, (_, n) => `k${n}`) });
    const { texts, reads } = await sent(loop, [list(MAX_LOOKUPS), list(MAX_LOOKUPS + 1)]);
    expect(texts).toEqual(['-'.repeat(MAX_LOOKUPS), expect.stringContaining('FAILED look-up limit exceeded')]);
    expect(reads).toHaveLength(1);
    const endless = '{% for n in (1..1000) %}{% assign p = n | catalogue: "products" %}{% endfor %}';
    expect(errorsIn(sms(endless))).toMatchObject([{ tooCostly: true }]);
  });
});

describe('what is known when it is saved', () => {
  test('whether a template asks for rows, on which channel, in any locale', () => {
    const template = { ...sms('x'), locale: 'en', locales: { fr: { sms: { text: NAME } } } };
    expect([
      readsCatalogue(sms('catalogue'), 'sms'),
      readsCatalogue(template, 'sms'),
      readsCatalogue(template, 'email'),
    ]).toEqual([false, true, false]);
  });
  test('which tables, and where; text that only looks like it is none', () => {
    expect(
      tablesOf(
        sms(
          `| catalogue: "no"\n${NAME}\n{{ 1 | catalogue: 'b' }}{{ 1 | catalogue }}{{ 1 | catalogue: profile.email }}`,
        ),
      ),
    ).toEqual([
      { field: 'channels.sms.text', line: 2, table: 'products' },
      { field: 'channels.sms.text', line: 3, table: 'b' },
      { field: 'channels.sms.text', line: 3, table: undefined },
      { field: 'channels.sms.text', line: 3, table: undefined },
    ]);
    expect(tablesIn('{{ 1 | catalogues: "x" }}')).toEqual([]);
  });
  test('attributes that name rows are among those that a snapshot carries', () =>
    expect(attributesOf(sms(NAME))).toEqual(['sku']));
});

test('a trial never throws', () => {
  const asked: RowName[] = rowsAskedBy(
    sms('{{ 1 | divided_by: "x" | money: "EURO" }}{{ 2 | catalogue: "a" }}'),
    'sms',
    person({}),
    () => undefined,
  );
  expect(Array.isArray(asked)).toBe(true);
});

test('a field that asks for rows takes as many steps with its trials as any other without', () => {
  const loop = (rounds: number, row: string) => sms(`{% for i in (1..${rounds}) %}x{% endfor %}${row}`);
  const steps = (rounds: number, row = '') => errorsIn(loop(rounds, row)).length;
  expect([steps(9_000), steps(2_000, NAME), steps(9_000, NAME)]).toEqual([0, 0, 1]);
});

test('only fields that ask for rows are rendered for a trial', () => {
  const template: TemplateContent = {
    name: 't',
    channels: { webhook: { endpointId: 'e', fields: { a: NAME, b: '{% for i in (1..9000) %}x{% endfor %}' } } },
  };
  expect(rowsAskedBy(template, 'webhook', person({ sku: 'a1' }), () => undefined)).toEqual([
    { table: 'products', key: 'a1' },
  ]);
});
