import * as liquidjs from 'liquidjs';
import { describe, expect, test } from 'vitest';
import { renderer } from '../../../../../core/strategy/render.ts';
import { changesBetween } from '../../../../../core/strategy/template/changes.ts';
import { tablesOf } from '../../../../../core/strategy/template/tables-of.ts';
import { contentOf, templateInput } from '../../../../../core/strategy/template.ts';
import type { Problem } from '../../../../../lambdas/middleware/problem.ts';
import { compileTemplate } from '../../../../../lambdas/strategy/compile-template.ts';

const liquid = renderer(liquidjs);
const inputOf = (blocks: unknown) => ({ name: 't', channels: { email: { subject: 's', blocks } } });
const compiled = (blocks: unknown) => compileTemplate(templateInput.parse(inputOf(blocks)), liquid);
const ROWS: Record<string, object> = { a1: { name: 'Tea', price: 5 }, b2: { name: 'Pot <b>', price: 50 } };
/** What a person with these attributes gets. */
const sent = async (list: readonly unknown[], attributes: Record<string, unknown> = {}, settings?: object) => {
  const template = await compiled({ list, ...(settings && { settings }) });
  expect(liquid.errorsIn(template)).toEqual([]);
  const catalogue = ({ table, key }: { table: string; key: string }) =>
    table === 'products' ? (ROWS[key] as Record<string, unknown>) : undefined;
  const profile = { profileId: 'ada', attributes };
  const result = liquid.render(contentOf(template), 'email', { profile, catalogue });
  if (result.kind === 'render-failed' || result.content.channel !== 'email') throw new Error(JSON.stringify(result));
  return result.content.html;
};
const times = (text: string, part: string) => text.split(part).length - 1;
const isWhole = (html: string) => {
  expect(times(html, '<table')).toBe(times(html, '</table>'));
  expect(times(html, '<!--[if')).toBe(times(html, '<![endif]'));
};

describe('each kind of block', () => {
  test.each<[string, object, string[]]>([
    ['a heading', { kind: 'heading', level: 2, text: 'Hi <b>' }, ['<h2 style=', '>Hi &lt;b&gt;</h2>']],
    ['a text of several lines', { kind: 'text', text: 'a\r\nb & "c"' }, ['>a<br />b &amp; &quot;c&quot;</div>']],
    [
      'a text of several looks',
      {
        kind: 'text',
        text: [
          { text: 'x', bold: true },
          { text: 'y', italic: true, href: 'https://a.test/?b=1&c={{ profile.profileId }}' },
        ],
      },
      ['<strong>x</strong><a href="https://a.test/?b=1&amp;c=ada" style="color:#1d4ed8"><em>y</em></a>'],
    ],
    [
      'an image',
      { kind: 'image', src: 'https://a.test/i.png', alt: '"A"', width: 80 },
      ['alt="&quot;A&quot;"', 'width="80"'],
    ],
    ['an image for decoration', { kind: 'image', src: 'https://a.test/i.png', alt: '' }, ['alt=""']],
    [
      'a button',
      { kind: 'button', text: 'Go >', href: 'https://a.test', background: '#112233' },
      ['Go &gt;', '#112233'],
    ],
    ['a divider', { kind: 'divider', color: '#445566', thickness: 3 }, ['border-top:solid 3px #445566']],
    ['a spacer', { kind: 'spacer', height: 7 }, ['height:7px']],
    ['HTML', { kind: 'html', html: '<p>{% if 1 < 2 %}<i>x</i>{% endif %}</p>' }, ['<p><i>x</i></p>']],
    [
      'a footer',
      { kind: 'footer', text: 'Tea & Co', unsubscribe: 'Leave', preferences: 'Choose' },
      ['Tea &amp; Co<br />', 'href="#unsubscribe"', '>Leave</a>', 'href="#preferences"', '>Choose</a>'],
    ],
    [
      'columns',
      {
        kind: 'columns',
        keepBeside: true,
        columns: [
          { width: 40, elements: [{ kind: 'text', text: 'left' }] },
          { elements: [{ kind: 'text', text: 'right' }] },
          { elements: [] },
        ],
      },
      ['mj-column-per-40', 'mj-column-per-30', '>left<', '>right<'],
    ],
  ])('%s', async (_, block, parts) => {
    const html = await sent([block]);
    for (const part of parts) expect(html).toContain(part);
    isWhole(html);
  });

  test('settings are those of the whole page', async () => {
    const settings = {
      width: 480,
      font: 'georgia',
      size: 20,
      linkColor: '#0a0b0c',
      preview: 'For {{ profile.profileId }}',
    };
    const html = await sent([{ kind: 'text', text: [{ text: 'x', href: 'https://a.test' }] }], {}, settings);
    for (const part of ['max-width:480px', 'Georgia', 'font-size:20px', '#0a0b0c', '>For ada</div>'])
      expect(html).toContain(part);
  });

  test('elements that follow one another share a section', async () => {
    const text = (words: string) => ({ kind: 'text', text: words });
    const apart = { kind: 'columns', columns: [{ elements: [] }, { elements: [] }] };
    expect(times(await sent([text('a'), text('b')]), 'max-width:600px')).toBe(1);
    expect(times(await sent([text('a'), apart, text('b')]), 'max-width:600px')).toBe(3);
  });
});

test('stretches make no Liquid together, and what is raw is shown as it is', async () => {
  const runs = [{ text: '{' }, { text: '{ unsubscribe_url }}' }, { text: '{', bold: true }, { text: '% if' }];
  const html = await sent([
    { kind: 'text', text: runs },
    { kind: 'text', text: '{% raw %}<b>\n{{ x }}{% endraw %}' },
  ]);
  expect(html).toContain('>&#123;{ unsubscribe_url }}<strong>&#123;</strong>% if</div>');
  expect(html).toContain('>&lt;b&gt;<br />{{ x }}</div>');
});

test('an image without a width is as wide as its column on a phone, too', async () => {
  const image = { kind: 'image', src: 'https://a.test/i.png', alt: 'a' };
  expect(await sent([image])).toContain('class="mj-full-width-mobile"');
  expect(await sent([{ ...image, width: 80 }])).not.toContain('class="mj-full-width-mobile"');
});

describe('conditions and repeats', () => {
  const name = { kind: 'heading', text: '{{ item.name }}' };
  const goods = (extra: object = {}) => ({ kind: 'repeat', of: 'profile.attributes.goods', blocks: [name], ...extra });

  test('a block is shown to those who meet its condition; whoever lacks the attribute does not', async () => {
    const showIf = 'profile.attributes.n < 5 and profile.attributes.tier == "silver"';
    const list = [
      { kind: 'text', text: 'A', showIf },
      { kind: 'columns', columns: [{ elements: [{ kind: 'text', text: 'B', showIf }] }, { elements: [] }], showIf },
    ];
    const seen = async (attributes: object) => {
      const html = await sent(list, attributes as Record<string, unknown>);
      isWhole(html);
      return [times(html, '>A<'), times(html, '>B<')];
    };
    expect(await seen({ n: 3, tier: 'silver' })).toEqual([1, 1]);
    expect(await seen({ n: 3, tier: 'gold' })).toEqual([0, 0]);
    expect(await seen({})).toEqual([0, 0]);
  });

  test('values of a list, so many at the most; none for whoever lacks it', async () => {
    const list = [{ name: 'Tea' }, { name: '<i>' }, { name: 'Pot' }];
    const html = await sent([goods({ limit: 2 })], { goods: list });
    expect(['>Tea<', '>&lt;i&gt;<', '>Pot<'].map((part) => times(html, part))).toEqual([1, 1, 0]);
    isWhole(html);
    expect(await sent([goods()])).not.toContain('<h1');
  });

  test('rows of a reference table; what has no row is left out, one key is a list of one', async () => {
    const columns = {
      kind: 'columns',
      columns: [{ elements: [name] }, { elements: [{ kind: 'text', text: '{{ item.price }}' }] }],
    };
    const block = goods({ table: 'products', blocks: [columns] });
    const html = await sent([block], { goods: ['a1', 'zz', 'b2'] });
    expect(['>Tea<', '>Pot &lt;b&gt;<', '>50<', '<h1'].map((part) => times(html, part))).toEqual([1, 1, 1, 2]);
    isWhole(html);
    expect(times(await sent([block], { goods: 'a1' }), '>Tea<')).toBe(1);
  });

  test('the tables are named once, by the block', async () => {
    const text = {
      kind: 'text',
      text: 'x\n{% assign m = item.maker | catalogue: "makers" %}{{ m.name | default: "" }}',
    };
    const template = await compiled({
      list: [{ kind: 'text', text: 'x' }, goods({ table: 'products', blocks: [name, text] })],
    });
    expect(tablesOf(liquidjs, template)).toEqual([
      { field: 'channels.email.blocks.list.1.table', line: 1, table: 'products' },
      { field: 'channels.email.blocks.list.1.blocks.1.text', line: 2, table: 'makers' },
    ]);
  });
});

describe('what is wrong is named with its place', () => {
  const text = (words: string, more: object = {}) => ({ kind: 'text', text: words, ...more });
  test.each<[string, object, string]>([
    ['a kind that there is not', { kind: 'video' }, 'list.1.kind'],
    ['a colour', text('x', { color: 'red' }), 'list.1.color'],
    ['an image without alt', { kind: 'image', src: 'https://a.test/i.png' }, 'list.1.alt'],
    ['a field that there is not', text('x', { bold: true }), 'list.1'],
    ['a button without address', { kind: 'button', text: 'x', href: '' }, 'list.1.href'],
    ['a condition in braces', text('x', { showIf: '{{ profile.email }}' }), 'list.1.showIf'],
    ['a condition that ends the tag', text('x', { showIf: 'true %}{% endif' }), 'list.1.showIf'],
    ['a single column', { kind: 'columns', columns: [{ elements: [] }] }, 'list.1.columns'],
    [
      'columns that leave no room',
      { kind: 'columns', columns: [{ width: 60, elements: [] }, { width: 40, elements: [] }, { elements: [] }] },
      'list.1.columns',
    ],
    ['a repeat of everything', { kind: 'repeat', of: 'profile', blocks: [text('x')] }, 'list.1.of'],
    [
      'a repeat in a repeat',
      { kind: 'repeat', of: 'profile.attributes.a', blocks: [{ kind: 'repeat' }] },
      'list.1.blocks.0.kind',
    ],
  ])('when it is read: %s', (_, block, path) => {
    const { success, error } = templateInput.safeParse(inputOf({ list: [text('fine'), block] }));
    expect(success).toBe(false);
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([`channels.email.blocks.${path}`]);
  });

  test.each<[string, unknown, string, number, string]>([
    ['Liquid that is not closed', text('a\n{{ profile.email'), 'text', 2, 'not closed'],
    ['a tag that another block would close', text('{% if true %}'), 'text', 1, 'not closed'],
    ['an unknown variable', text('\n{{ item.name }}'), 'text', 2, 'no variable item'],
    ['a filter that there is not', { kind: 'button', text: 'x', href: '{{ "a" | nope }}' }, 'href', 1, 'nope'],
    ['a condition that is none', text('x', { showIf: 'profile.attributes.n = 1' }), 'showIf', 1, 'expected'],
    [
      'a condition without operator',
      text('x', { showIf: 'profile.attributes.tier "gold"' }),
      'showIf',
      1,
      'no operator before',
    ],
    ['a condition on nothing', text('x', { showIf: 'profil.email' }), 'showIf', 1, 'no variable profil'],
    ['HTML that is not closed', { kind: 'html', html: '<p>\n<div>x</p>' }, 'html', 2, '<div> is not closed'],
    [
      'an end of what is around',
      { kind: 'html', html: '<table><tr><td>x</td></table></td>' },
      'html',
      1,
      '</td> closes nothing',
    ],
    ['HTML after much else', { kind: 'html', html: `${'<img>'.repeat(30)}<div>` }, 'html', 1, '<div> is not closed'],
    ['leaving no loop', text('x\n{% if true %}{% break %}{% endif %}'), 'text', 2, 'no loop around break'],
    ['MJML in HTML', { kind: 'html', html: 'x</mj-text>' }, 'html', 1, 'no elements of MJML'],
    [
      'leaving the loop of a repeat',
      { kind: 'repeat', of: 'profile.attributes.a', blocks: [text('{% if item.sold %}{% continue %}{% endif %}')] },
      'blocks.0.text',
      1,
      'no loop around continue',
    ],
    [
      'in a column',
      { kind: 'columns', columns: [{ elements: [] }, { elements: [text('x'), text('{{ x }}')] }] },
      'columns.1.elements.1.text',
      1,
      'no variable x',
    ],
    [
      'in one look of a text',
      { kind: 'text', text: [{ text: 'x' }, { text: 'y', href: '{{ y }}' }] },
      'text.1.href',
      1,
      'no variable y',
    ],
    [
      'a loop without measure',
      text('{% for i in (1..90000) %}{% for j in (1..90000) %}x{% endfor %}{% endfor %}'),
      'text',
      1,
      'limit',
    ],
  ])('when it is saved: %s', async (_, block, path, line, message) => {
    const problem = (await compiled({ list: [text('fine'), block] }).catch((error) => error)) as Problem;
    expect(problem.extra).toMatchObject({
      errors: [{ path: `channels.email.blocks.list.1.${path}`, line, message: expect.stringContaining(message) }],
    });
  });

  test('more look-ups than a message has are refused, whoever has short lists', async () => {
    const repeat = (limit: number, words = 'x') => ({
      ...{ kind: 'repeat', of: 'profile.attributes.a', table: 'products', limit, blocks: [text(words)] },
    });
    const look = '{{ item.maker | catalogue: "makers" | default: "" }}';
    const refused = async (list: unknown[]) =>
      ((await compiled({ list }).catch((error) => error)) as Problem).extra?.errors;
    expect(await refused([repeat(20)])).toBeUndefined();
    expect(await refused([repeat(10, look)])).toBeUndefined();
    for (const list of [[repeat(11), repeat(10)], [repeat(11, look)]])
      expect(await refused(list)).toMatchObject([{ path: 'channels.email.blocks.list', line: 1 }]);
  });

  test('a page is written in one way; what it became may come with it', () => {
    const blocks = { list: [text('x')] };
    const parse = (page: object) =>
      templateInput.safeParse({ name: 't', channels: { email: { subject: 's', ...page } } }).success;
    expect([parse({ blocks, html: 'x' }), parse({ blocks }), parse({ blocks, mjml: '<mjml>' }), parse({})]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

test('versions are compared by block, not by what was made from them', async () => {
  const [old, young] = await Promise.all([
    compiled({ list: [{ kind: 'text', text: 'a' }] }),
    compiled({ list: [{ kind: 'text', text: 'b' }, { kind: 'divider' }] }),
  ]);
  expect(changesBetween(old, young).map(({ path, change }) => [path, change])).toEqual([
    ['channels.email.blocks.list.0.text', 'changed'],
    ['channels.email.blocks.list.1.kind', 'added'],
  ]);
  expect(contentOf(young).channels.email).toEqual({ subject: 's', html: young.channels.email?.html });
});
