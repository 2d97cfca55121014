import fc from 'fast-check';
import * as liquidjs from 'liquidjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { renderer } from '../../../../core/strategy/render.ts';
import type { MjmlCompiler } from '../../../../core/strategy/template/mjml.ts';
import { loadMjml } from '../../../../lambdas/strategy/load-mjml.ts';

const { render, errorsIn } = renderer(liquidjs);
let compile: MjmlCompiler;
beforeAll(async () => {
  compile = await loadMjml();
});

const page = (body: string, head = '') =>
  `<mjml>${head && `<mj-head>${head}</mj-head>`}<mj-body>${body}</mj-body></mjml>`;
const column = (inner: string) => page(`<mj-section><mj-column>${inner}</mj-column></mj-section>`);
const htmlOf = async (source: string, locale?: string): Promise<string> => {
  const result = await compile(source, locale);
  if (result.kind === 'refused') throw new Error(JSON.stringify(result.errors));
  return result.html;
};
const errorsOf = async (source: string) => {
  const result = await compile(source);
  return result.kind === 'refused' ? result.errors : [];
};
/** What the person gets. */
const sent = async (source: string, attributes: Record<string, unknown> = {}): Promise<string> => {
  const template = { name: 't', channels: { email: { subject: 's', html: await htmlOf(source) } } };
  expect(errorsIn(template)).toEqual([]);
  const result = render(template, 'email', { profile: { profileId: 'ada', email: 'ada@example.com', attributes } });
  if (result.kind === 'render-failed' || result.content.channel !== 'email') throw new Error(JSON.stringify(result));
  return result.content.html;
};
const times = (text: string, part: string) => text.split(part).length - 1;
/** Sections for each of the goods. */
const each = (before: string, words: string) =>
  page(
    `{% for one in profile.attributes.goods %}${before}<mj-section><mj-column><mj-text>${words}</mj-text></mj-column></mj-section>{% endfor %}`,
  );
const SKIP = '{% if one == "Milk" %}{% continue %}{% endif %}';

describe('Liquid comes out where it went in', () => {
  const goods = { goods: ['Tea', 'Milk', '<b>'], city: 'Paris', n: 3, url: 'https://shop.example/?a=1&b="2"' };

  test('in text, with a comparison that looks like a tag', async () => {
    const html = await sent(
      column(
        '<mj-text>{% if profile.attributes.n < 5 %}few{% else %}many{% endif %} in {{ profile.attributes.city }}</mj-text>',
      ),
      goods,
    );
    expect(html).toContain('>few in Paris</div>');
  });
  test('in attributes, with quotes of both kinds', async () => {
    const html = await sent(
      column(
        `<mj-button href="{{ profile.attributes.url | default: "https://a.example" }}" title='{{ profile.attributes.none | default: 'no' }}'>Go</mj-button>`,
      ),
      goods,
    );
    expect(html).toContain('href="https://shop.example/?a=1&amp;b=&#34;2&#34;"');
    expect(html).toContain('title="no"');
  });
  test('a loop around sections, columns and elements', async () => {
    const loop = (inner: string) => `{% for one in profile.attributes.goods %}${inner}{% endfor %}`;
    const section = await sent(
      page(loop('<mj-section><mj-column><mj-text>{{ one }}!</mj-text></mj-column></mj-section>')),
      goods,
    );
    const columns = await sent(
      page(`<mj-section>${loop('<mj-column width="33%"><mj-text>{{ one }}!</mj-text></mj-column>')}</mj-section>`),
      goods,
    );
    const elements = await sent(column(`${loop('<mj-text>{{ one }}!</mj-text>')}`), goods);
    for (const html of [section, columns, elements]) {
      expect(['Tea!', 'Milk!', '&lt;b&gt;!'].map((word) => times(html, `>${word}<`))).toEqual([1, 1, 1]);
      // Outlook's tables open as often as they close, however many rounds there are.
      expect(times(html, '<table')).toBe(times(html, '</table>'));
      expect(times(html, '<!--[if')).toBe(times(html, '<![endif]'));
    }
    expect(times(section, 'max-width:600px')).toBe(3);
  });
  test('a condition around half of the sections', async () => {
    const source = page(
      `{% if profile.attributes.n > 5 %}<mj-section><mj-column><mj-text>A</mj-text></mj-column></mj-section>
       {% else %}<mj-wrapper>{% comment %} <mj-nothing> {% endcomment %}<mj-section><mj-column><mj-text>B</mj-text></mj-column></mj-section></mj-wrapper>{% endif %}`,
    );
    const html = await sent(source, goods);
    expect([times(html, '>A<'), times(html, '>B<'), times(html, 'mj-nothing')]).toEqual([0, 1, 0]);
  });
  test.each([
    [
      'a table of rows',
      '<mj-table>{% for one in profile.attributes.goods %}<tr><td>{{ one }}</td></tr>{% endfor %}</mj-table>',
      '<td>Milk</td>',
    ],
    ['raw', '<mj-text>{% raw %}{{ not liquid }} <x>{% endraw %}</mj-text>', '{{ not liquid }} <x>'],
    ['braces in a string', '<mj-text>{{ "}} %} <mj-text>" }}</mj-text>', '}} %} &lt;mj-text&gt;'],
    ['over several lines', '<mj-text>{{ profile.attributes.city\n  | upcase\n }}</mj-text>', '>PARIS<'],
    ['white space cut off', '<mj-text>a {%- if true -%} b {%- endif -%} c</mj-text>', '>abc<'],
    [
      'the words that stand in for it',
      '<mj-text>liquid0z liquidq0z {{ profile.attributes.city }}</mj-text>',
      'liquid0z liquidq0z Paris',
    ],
    ['what replacements mean', '<mj-text>{{ "$& $1 $\' $`" }}</mj-text>', '$&amp; $1 $&#39; $`'],
  ])('%s', async (_, inner, expected) => expect(await sent(column(inner), goods)).toContain(expected));

  test('in title, preview and styles of the head', async () => {
    const head =
      '<mj-title>Hi {{ profile.attributes.city }}</mj-title><mj-preview>For {{ profile.attributes.city }}</mj-preview><mj-style>.a { color: {{ profile.attributes.color | default: "red" }}; }</mj-style>';
    const html = await sent(page('<mj-section></mj-section>', head), goods);
    expect(html).toContain('<title>Hi Paris</title>');
    expect(html).toContain('>For Paris</div>');
    expect(html).toContain('color: red;');
  });
  test('between elements: what is left out there is left out whole', async () => {
    const html = await sent(each(SKIP, '{% for n in (1..3) %}{% break %}{% endfor %}{{ one }}'), goods);
    expect([times(html, '>Tea<'), times(html, '>Milk<'), times(html, '</html>')]).toEqual([1, 0, 1]);
    expect(times(html, '<table')).toBe(times(html, '</table>'));
  });
  test('around the page: what it assigns is known in all of it', async () => {
    const html = await sent(
      `{% assign who = profile.attributes.city | upcase %}\n${column('<mj-text>{{ who }}</mj-text>')}`,
      goods,
    );
    expect(html).toContain('>PARIS<');
  });
  test('of any page made of allowed places nothing is lost, doubled or moved', async () => {
    const piece = fc.constantFrom(
      '{{ 1 }}',
      '{% if 1 < 2 %}{{ 2 }}{% endif %}',
      '{% assign a = "<" %}',
      '{{ "\\n" }}',
      '{%- comment -%}<{%- endcomment -%}',
    );
    const inner = fc.oneof(
      piece,
      piece.map((one) => `<mj-text>${one}</mj-text>`),
      fc.constant('<mj-divider />'),
      fc.constant('\n'),
    );
    const columnOf = fc.array(inner, { maxLength: 4 }).map((all) => `<mj-column>${all.join('')}</mj-column>`);
    const part = fc.oneof(
      piece,
      columnOf.map((one) => `<mj-section>${one}</mj-section>`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
        const source = page(parts.join(''));
        const liquid = (text: string) => text.match(/\{\{.*?\}\}|\{%.*?%\}/gs) ?? [];
        expect(liquid(await htmlOf(source))).toEqual(liquid(source));
      }),
      { numRuns: 60 },
    );
  });
});

describe('what is refused, with its line', () => {
  test.each([
    ['text between elements', page('\n<mj-section>\nhello</mj-section>'), 3, '“hello” would be lost'],
    ['an element that is not closed', page('\n<mj-section>\n<mj-column>'), 3, 'mj-column of line 3 is open'],
    ['a text that is not closed', '<mjml>\n<mj-body>\n<mj-text>x\n', 3, 'mj-text is not closed'],
    ['a tag that is not closed', '<mjml>\n<mj-body "></mj-body></mjml>', 2, 'A tag is not closed'],
    ['a comment that is not closed', '<mjml>\n\n<!-- x</mjml>', 3, 'A comment is not closed'],
    ['a page in a page', `${page('')}\n${page('')}`, 2, 'After </mjml>'],
    ['no page', 'hello', 1, 'would be lost'],
    ['nothing but Liquid', '{{ profile.email }}', 1, 'one <mjml> element'],
    ['an unknown element', page('\n\n<mj-scetion></mj-scetion>'), 3, "mj-scetion doesn't exist"],
    ['an unknown attribute', column('\n<mj-text colour="red">x</mj-text>'), 2, 'Attribute colour is illegal'],
    ['a colour that is none', column('\n<mj-text color="rot">x</mj-text>'), 2, 'color has invalid value'],
    ['a place where it cannot be', page('\n<mj-text>x</mj-text>'), 2, 'mj-text cannot be used inside mj-body'],
    ['an include', page('\n<mj-include path="/etc/passwd" />'), 2, 'includes no files'],
    ['an include of css', page('', '\n<mj-include path="a.css" type="css" />'), 2, 'includes no files'],
    ['inline styles', page('', '<mj-style\n inline="inline">a{}</mj-style>'), 1, 'Inline styles are not supported'],
    [
      'attributes by selector',
      page('', '<mj-html-attributes></mj-html-attributes>'),
      1,
      'mj-html-attributes is not supported',
    ],
    ['Liquid in the head', page('', '\n{% if true %}<mj-title>x</mj-title>{% endif %}'), 2, 'would be lost in mj-head'],
    [
      'Liquid in a list of pictures',
      column('<mj-carousel>\n{% if 1 %}{% endif %}</mj-carousel>'),
      2,
      'would be lost in mj-carousel',
    ],
    ['Liquid as an attribute', column('\n<mj-text {{ "x" }}>a</mj-text>'), 2, 'Attribute {{ "x" }} is illegal'],
    ['leaving an element in the middle', each('\n\n', SKIP), 3, 'would leave an element open'],
    ['Liquid as a size', column('\n<mj-image width="{{ 3 }}px" src="https://a.example/b.png" />'), 2, '{{ 3 }}px'],
    ['a page that is too long', column(`<mj-text>${'x'.repeat(200_001)}</mj-text>`), 1, 'characters of HTML'],
    [
      'lines after Liquid of several lines',
      column('{% comment %}\n\n{% endcomment %}\n<mj-what />'),
      4,
      "mj-what doesn't exist",
    ],
  ])('%s', async (_, source, line, message) => {
    const [first] = await errorsOf(source);
    expect(first?.message).toContain(message);
    expect(first?.line).toBe(line);
  });

  test('hostile sources take no time', async () => {
    const sources = [
      '<mj-body "'.repeat(20_000),
      '<'.repeat(100_000),
      '<mj-text>'.repeat(10_000),
      `<mjml>${'x<a>'.repeat(20_000)}`,
      '{{'.repeat(5_000),
    ];
    for (const source of sources) {
      const before = performance.now();
      const errors = await errorsOf(source).catch((error: Error) => [error]);
      expect(errors.length).toBeGreaterThan(0);
      expect(errors.length).toBeLessThanOrEqual(30);
      expect(performance.now() - before).toBeLessThan(2_000);
    }
  });
});

describe('the page', () => {
  test('has the language of its locale, unless it says another', async () => {
    expect(await htmlOf(page(''), 'zh-Hant')).toContain('<html lang="zh-Hant"');
    expect(await htmlOf(page('').replace('<mjml', '<mjml lang="fr"'), 'zh-Hant')).toContain('<html lang="fr"');
  });
  test('asks no third party for fonts that nobody named', async () => {
    expect(await htmlOf(column('<mj-text font-family="Roboto">x</mj-text>'))).not.toContain('googleapis');
  });
  test('is not indented, but for texts whose spaces show', async () => {
    expect(await htmlOf(column('<mj-text>a</mj-text>'))).not.toMatch(/\n\s/);
    expect(await htmlOf(column('<mj-text><pre>a\n  b</pre></mj-text>'))).toContain('a\n  b');
  });
});
