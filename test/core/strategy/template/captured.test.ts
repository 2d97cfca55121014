import fc from 'fast-check';
import * as liquidjs from 'liquidjs';
import { describe, expect, test } from 'vitest';
import { renderer } from '../../../../core/strategy/render.ts';

const { render, errorsIn } = renderer(liquidjs);
type Attributes = Record<string, unknown>;
/** What a source becomes as the page of an email, and as its text, which nothing is escaped in. */
const both = (source: string, attributes: Attributes) => {
  const template = { name: 't', channels: { email: { subject: 's', html: source, text: source } } };
  const result = render(template, 'email', { profile: { profileId: 'ada', attributes } });
  if (result.kind === 'render-failed') return { html: result.message, text: result.message };
  if (result.content.channel !== 'email') throw new Error(result.content.channel);
  return { html: result.content.html, text: result.content.text ?? '' };
};
const pageOf = (source: string, attributes: Attributes = { x: 'a&b <i>"it\'s"', o: { equals: 'x' } }) =>
  both(source, attributes).html;
const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };
const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

const X = escaped('a&b <i>"it\'s"');
const capture = (body: string, name = 'c') => `{% capture ${name} %}${body}{% endcapture %}`;
const of = 'profile.attributes.x';

describe('what is captured is escaped once', () => {
  test.each([
    ['an attribute', `${capture(`{{ ${of} }}`)}{{ c }}`, X],
    ['with markup around it', `${capture(`<b>{{ ${of} }}</b> & co`)}{{ c }}`, `<b>${X}</b> & co`],
    ['twice', `${capture(`{{ ${of} }}`)}{{ c }}|{{ c }}`, `${X}|${X}`],
    ['by those who knew', `${capture(`<b>{{ ${of} }}</b>`)}{{ c | raw }}`, `<b>${X}</b>`],
    ['under another name', `${capture(`<b>{{ ${of} }}</b>`)}{% assign d = c %}{{ d }}`, `<b>${X}</b>`],
    ['in another', `${capture(`<b>{{ ${of} }}</b>`)}${capture('<p>{{ c }}</p>', 'd')}{{ d }}`, `<p><b>${X}</b></p>`],
    ['within another', `${capture(`<p>${capture(`{{ ${of} }}`, 'd')}{{ d }}</p>`)}{{ c }}`, `<p>${X}</p>`],
    ['by echo', `${capture(`<b>{{ ${of} }}</b>`)}{% echo c %}{% liquid echo c %}`, `<b>${X}</b><b>${X}</b>`],
    ['by cycle', `${capture(`<b>{{ ${of} }}</b>`)}{% cycle c %}`, `<b>${X}</b>`],
    ['in a loop over it', `${capture(`<b>{{ ${of} }}</b>`)}{% for d in c %}{{ d }}{% endfor %}`, `<b>${X}</b>`],
    ['in a loop over it, if it is empty', `${capture('')}{% for d in c %}n{% else %}y{% endfor %}`, 'y'],
    ['as a default', `${capture('<b>you</b>')}{{ profile.attributes.y | default: c }}`, '<b>you</b>'],
    ['with a default', `${capture('')}{{ c | default: ${of} }}`, X],
    ['with more behind it', `${capture('<b>1</b>')}{{ c | append: ${of} | prepend: "<" }}`, `&lt;<b>1</b>${X}`],
    [
      'with a list behind it',
      `${capture('<b>1</b>')}{% assign l = ${of} | split: "|" %}{{ c | append: l }}`,
      `<b>1</b>${X}`,
    ],
    ['behind something', `${capture('<b>1</b>')}{{ ${of} | append: c }}`, `${X}<b>1</b>`],
    ['trimmed', `${capture(` <b>{{ ${of} }}</b> `)}{{ c | strip }}`, `<b>${X}</b>`],
    [
      'in an address',
      `${capture(`{{ ${of} | url_encode }}`)}<a href="/?q={{ c }}">`,
      '<a href="/?q=a%26b+%3Ci%3E%22it&#39;s%22">',
    ],
    [
      'as an address',
      `${capture(`https://e.com/?a=1&b={{ ${of} }}`)}<a href="{{ c }}">`,
      `<a href="https://e.com/?a=1&b=${X}">`,
    ],
    [
      'encoded',
      `${capture(`{{ ${of} }}`)}<a href="/?q={{ c | url_encode }}">`,
      '<a href="/?q=a%26b+%3Ci%3E%22it&#39;s%22">',
    ],
  ])('%s', (_, source, expected) => expect(pageOf(source)).toBe(expected));

  test.each([
    ['a filter takes the text', `{{ c | upcase }}`, escaped('A&B <I>"IT\'S"')],
    ['and cuts it where a reader would', '{{ c | truncate: 5, "" }}', 'a&amp;b &lt;'],
    ['counted as it is read', '{{ c.size }} {{ c | size }}', '13 13'],
    ['a part of it', '{{ c | split: " " | last }}', escaped('<i>"it\'s"')],
    [
      'its parts',
      '{% assign d = c | split: "&" %}{% for e in d %}{{ e }},{% endfor %}',
      `a,${escaped('b <i>"it\'s"')},`,
    ],
    ['joined again', '{{ c | split: "&" | join: "+" }}', escaped('a+b <i>"it\'s"')],
    ['compared', '{% if c == profile.attributes.x and profile.attributes.x == c %}y{% endif %}', 'y'],
    ['ordered', '{% if c > "a" and c < "b" and c >= "a" and c <= "b" and "b" > c %}y{% endif %}', 'y'],
    ['found in', '{% if c contains "&b" and profile.attributes.x contains c %}y{% endif %}', 'y'],
    ['told from nothing', '{% if c == empty or c == blank %}n{% else %}y{% endif %}', 'y'],
    [
      'and nothing from it',
      '{% if empty == c or blank == c %}n{% endif %}{% if empty != c and blank != c %}y{% endif %}',
      'y',
    ],
    [
      'told from what has members',
      '{% if c == profile.attributes.o or profile.attributes.o == c %}n{% else %}y{% endif %}',
      'y',
    ],
    [
      'in a case, told from what has members',
      '{% case c %}{% when profile.attributes.o %}n{% else %}y{% endcase %}',
      'y',
    ],
    ['in a case', '{% case c %}{% when profile.attributes.x %}y{% endcase %}', 'y'],
  ])('%s', (_, source, expected) => expect(pageOf(`${capture(`{{ ${of} }}`)}${source}`)).toBe(expected));

  test('raw lets nothing out that was escaped when it was captured', () => {
    const sources = [
      '{{ c | upcase | raw }}',
      '{{ c | strip | raw }}',
      '{{ c | replace: "b", "d" | raw }}',
      '{% assign d = c | split: " " %}{% for e in d %}{{ e | raw }}{% endfor %}{{ d | raw }}',
      '{% for d in c %}{{ d | raw }}{% endfor %}',
      '{% assign d = "" | split: "" | push: c %}{{ d | raw }}{{ d }}',
      '{% cycle c | raw %}{% echo c | raw %}',
      '{{ c | append: "" | raw }}',
    ];
    for (const source of sources) expect(pageOf(`${capture(`{{ ${of} }}`)}${source}`)).not.toMatch(/[<>"']/);
  });

  test('escape escapes once, with or without raw; breaks of lines may be made in what is escaped', () => {
    expect(pageOf(`{{ ${of} | escape }}|{{ ${of} | escape | raw }}|{{ ${of} | escape_once }}`)).toBe(`${X}|${X}|${X}`);
    expect(pageOf(`{{ ${of} | escape | newline_to_br }}`, { x: '<\n>' })).toBe('&lt;<br />\n&gt;');
    expect(pageOf(`{{ ${of} | newline_to_br }}`, { x: '<\n>' })).toBe('&lt;&lt;br /&gt;\n&gt;');
  });

  test('nobody reads what it is made of, and what it is not is found when it is saved', () => {
    const wrong = capture('x');
    expect(pageOf(`${wrong}{{ c.html }}`)).toContain('undefined variable');
    expect(errorsIn({ name: 't', channels: { email: { subject: 's', html: `${wrong}{{ d }}` } } })).toMatchObject([
      { field: 'channels.email.html' },
    ]);
  });

  test('much that is compared often is no more work than anything else', () => {
    const long = capture('{% for i in (1..900) %}&amp;&amp;&amp;&amp;&amp;&amp;&amp;&amp;&amp;&amp;{% endfor %}');
    const before = performance.now();
    pageOf(`${long}{% for i in (1..6000) %}{% if c == "x" %}{% endif %}{% endfor %}`);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});

/** Sources that write no markup themselves: their page must be their text, escaped. */
const name = fc.constantFrom('c', 'd');
const filter = fc.constantFrom(
  ...['upcase', 'strip', 'append: profile.attributes.y', 'prepend: "<"', 'default: profile.attributes.y', 'append: c'],
  ...['truncate: 4', 'split: "&" | join: "-"', 'replace: "a", profile.attributes.y', 'url_encode', 'slice: 1, 3'],
  ...['newline_to_br', 'split: "" | reverse | join', 'capitalize', 'lstrip: "&a"', 'strip_newlines', 'remove: d'],
);
const value = fc
  .tuple(
    fc.constantFrom('c', 'd', 'profile.attributes.x', 'profile.attributes.y', '"<"'),
    fc.array(filter, { maxLength: 3 }),
  )
  .map(([from, filters]) => [from, ...filters].join(' | '));
const { body } = fc.letrec<{ body: string; piece: string }>((tie) => ({
  body: fc.array(tie('piece'), { maxLength: 4 }).map((pieces) => pieces.join('')),
  piece: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a ', 'b', '\n', '.'),
    value.map((one) => `{{ ${one} }}`),
    value.map((one) => `{% echo ${one} %}`),
    fc.tuple(name, value).map(([to, one]) => `{% assign ${to} = ${one} %}`),
    fc.tuple(name, tie('body')).map(([to, inner]) => capture(inner, to)),
    fc
      .tuple(value, tie('body'))
      .map(([one, inner]) => `{% assign e = ${one} %}{% for i in (1..2) %}{{ e }}${inner}{% endfor %}`),
    fc
      .tuple(value, value)
      .map(
        ([a, b]) => `{% assign e = ${a} %}{% assign f = ${b} %}{% if e == f or e contains f or e < f %}1{% endif %}`,
      ),
    value.map((one) => `{% assign e = ${one} | split: "a" %}{% for g in e %}{{ g }}{{ g.size }}{% endfor %}`),
  ),
}));
const words = fc.string({ unit: fc.constantFrom('a', 'b', '&', '<', '>', '"', "'", ' ', '\n', 'amp;', '&lt;', '{') });
/** Trimming and breaks are made in the page where they are asked for of something captured: a text has no other. */
const spaceless = (text: string) => text.replaceAll('&lt;br /&gt;', '<br />');

describe('against twins', () => {
  test('a page without markup of its own is its text, escaped', () => {
    fc.assert(
      fc.property(body, words, words, (source, x, y) => {
        const { html, text } = both(`{% assign c = ${of} %}{% assign d = "" %}${source}`, { x, y });
        expect(spaceless(html)).toBe(spaceless(escaped(text)));
      }),
      { numRuns: 300 },
    );
  });

  test('to capture and to show is to write it where it is shown', () => {
    const markup = fc.array(
      fc.constantFrom(
        '<b>',
        '</b>',
        '&amp;',
        '&nbsp;',
        ' & ',
        `{{ ${of} }}`,
        `{{ ${of} | upcase }}`,
        '<a href="/?a=1&amp;b={{ profile.attributes.y }}">',
      ),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(fc.array(markup, { minLength: 1, maxLength: 5 }), words, words, (bodies, x, y) => {
        const names = bodies.map((_, n) => `n${n}`);
        // Each but the first shows the one before it, too.
        const parts = bodies.map((body, n) => body.join('') + (n > 0 ? `{{ n${n - 1} }}` : ''));
        const captured = `${parts.map((part, n) => capture(part, names[n])).join('')}[{{ ${names.at(-1)} }}]`;
        const written = `[${bodies
          .map((body) => body.join(''))
          .reverse()
          .join('')}]`;
        expect(pageOf(captured, { x, y })).toBe(pageOf(written, { x, y }));
      }),
    );
  });
});
