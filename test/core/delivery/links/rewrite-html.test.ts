import fc from 'fast-check';
import { type DefaultTreeAdapterTypes, parse, serialize } from 'parse5';
import { describe, expect, test } from 'vitest';
import { rewriteHtml } from '../../../../core/delivery/links/rewrite-html.ts';

const track = (href: string) =>
  /^https?:/i.test(href) ? `https://t.example/?u=${encodeURIComponent(href)}` : undefined;
const rewrite = (html: string) => rewriteHtml(html, track).html;
const targets = (html: string): string[] => {
  const found: string[] = [];
  rewriteHtml(html, (href) => {
    found.push(href);
    return undefined;
  });
  return found;
};

type Node = DefaultTreeAdapterTypes.ChildNode | DefaultTreeAdapterTypes.Document;
const elements = (node: Node): DefaultTreeAdapterTypes.Element[] => [
  ...('tagName' in node ? [node] : []),
  ...('childNodes' in node ? node.childNodes.flatMap(elements) : []),
];
const hrefsOf = (html: string): string[] =>
  elements(parse(html, { scriptingEnabled: false })).flatMap(({ tagName, attrs }) =>
    tagName === 'a' || tagName === 'area' ? attrs.filter(({ name }) => name === 'href').map(({ value }) => value) : [],
  );

describe('links in HTML', () => {
  test.each([
    ['<a href="https://a.example/">x</a>', ['https://a.example/']],
    ["<A HREF='https://a.example/?a=1&amp;b=2'>x</A>", ['https://a.example/?a=1&b=2']],
    ['<a href=https://a.example/x>x</a>', ['https://a.example/x']],
    ['<a\n class="b"\n href = "https://a.example"\n>x</a>', ['https://a.example']],
    ['<a title="a > b" href="https://a.example">x</a>', ['https://a.example']],
    ['<area shape="rect" href="https://a.example">', ['https://a.example']],
    ['<a href="https://a.example/?q=1&copy=2">x</a>', ['https://a.example/?q=1&copy=2']],
    ['<a href="https://a.example/&#47;x&#x2F;y">x</a>', ['https://a.example///x/y'.replace('///', '//')]],
    ['<a href="https://first.example" href="https://second.example">x</a>', ['https://first.example']],
    ['<a href="mailto:x@y.z">x</a><a href="tel:+1">x</a><a href="#top">x</a>', ['mailto:x@y.z', 'tel:+1', '#top']],
    ['<a name="x">x</a><a href>y</a><a href=>z</a>', ['']],
    // Not links, or not for sure.
    ['<!-- <a href="https://a.example"> -->', []],
    ['<!--[if mso]><a href="https://a.example">x</a><![endif]-->', []],
    ['<style>a { content: "<a href=https://a.example>" }</style>', []],
    ['<textarea><a href="https://a.example"></textarea>', []],
    ['<a href="https://a.example', []],
    ['<a href="https://a.example/&eacute;">x</a>', []],
    ['a < b <a href="https://a.example">', ['https://a.example']],
    ['<link href="https://a.example"><abbr href="https://a.example">', []],
  ])('%s', (html, expected) => {
    expect(targets(html)).toEqual(expected);
  });

  test('what is not replaced stays as it is, to the byte', () => {
    const html =
      '<!DOCTYPE html><BODY bgcolor=#fff>\r\n<a href="#x">é</a>&nbsp;<a href="https://a.example">b</a><br/></BODY >';
    expect(rewriteHtml(html, () => undefined).html).toBe(html);
    expect(rewrite(html)).toBe(html.replace('"https://a.example"', `"${track('https://a.example')}"`));
  });

  test('a replacement cannot leave its attribute', () => {
    const html = rewriteHtml('<a href=https://a.example/>x</a>', () => 'https://b.example/"><script>&amp').html;
    expect(hrefsOf(html)).toEqual(['https://b.example/"><script>&amp']);
    expect(html).not.toContain('"><script>&amp"');
  });

  test.each([
    ['<body>x</body></html>', '<body>x|</body></html>'],
    ['<p>x</p>', '<p>x</p>|'],
    ['<body><a href="https://a.example">x</a></BODY>', undefined],
    ['<!-- </body> --><body>x</body>', '<!-- </body> --><body>x|</body>'],
  ])('the end of the body of %s', (html, expected) => {
    const { html: out, bodyEnd = -1 } = rewriteHtml(html, track);
    if (expected) expect(`${out.slice(0, bodyEnd)}|${out.slice(bodyEnd)}`).toBe(expected);
    else expect(out.slice(bodyEnd)).toBe('</BODY>');
  });

  test.each(['<p>x<!-- never ends', '<p>x<style>never ends', '<p>x<a href="never ends'])('%s has no end', (html) => {
    expect(rewriteHtml(html, track)).toEqual({ html, bodyEnd: undefined });
  });

  // Pieces of which emails are made, and those that break parsers.
  const piece = fc.constantFrom(
    ...['<a ', '<A\n', '<area ', '</a>', '<p>', '<p class="', "<img alt='", '>', ' >', '/>', '"', "'", '=', ' = '],
    ...['href', ' HREF', 'href=', 'href="', "href='", ' href=https://a.example/x', '"https://a.example/?a=1&amp;b=2"'],
    ...["'http://b.example/'", 'mailto:a@b.c', '#top', ' title="a>b"', ' hrefx="https://no.example"', '/', '\n', '\t'],
    ...[
      '<!--',
      '-->',
      '--!>',
      '<!-->',
      '<!DOCTYPE html>',
      '<!',
      '<?x',
      '</',
      '<',
      '& ',
      '&amp;',
      '&#38;',
      '&copy=1',
      '&lt',
    ],
    ...['<style>', '</style>', '<STYLE ', '</style ', '<title>', '</title>', '<textarea>', '</textarea>', 'text', 'é'],
    ...['<table><tr><td>', '</td></tr></table>', '<b>', '</b>', '<div>', '</div>'],
  );
  const html = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
  /** Names of character references that only the whole list decodes: such links are left alone. */
  const isPlain = (text: string) => !/&(?:lt|copy)(?![a-z=])/i.test(text);

  test('finds what a whole parser finds, and changes nothing else', () => {
    fc.assert(
      fc.property(html.filter(isPlain), (text) => {
        const mine = targets(text);
        const theirs = hrefsOf(text);
        // A parser drops some elements, and doubles some when it mends the nesting of formatting; it never makes up a target.
        expect(theirs.filter((one) => one !== '' && !mine.includes(one))).toEqual([]);
        const { html: out, bodyEnd } = rewriteHtml(text, (href) => (href ? 'https://t.example/' : undefined));
        expect(rewriteHtml(text, () => undefined).html).toBe(text);
        expect(hrefsOf(out)).toEqual(theirs.map((one) => one && 'https://t.example/'));
        const blank = (document: string) => {
          const tree = parse(document, { scriptingEnabled: false });
          for (const { tagName, attrs } of elements(tree)) {
            if (tagName === 'a' || tagName === 'area')
              for (const attribute of attrs) if (attribute.name === 'href') attribute.value = '';
          }
          return serialize(tree);
        };
        expect(blank(out)).toBe(blank(text));
        if (bodyEnd !== undefined) {
          const shown = `${out.slice(0, bodyEnd)}<img src="pixel">${out.slice(bodyEnd)}`;
          expect(elements(parse(shown, { scriptingEnabled: false })).some(({ tagName }) => tagName === 'img')).toBe(
            true,
          );
        }
      }),
      { numRuns: 3_000 },
    );
  });

  test('a hostile text of half a megabyte takes no longer than a plain one', () => {
    for (const unit of [
      '<',
      '<a ',
      '<a href="',
      "<a href='x' ",
      '<!--',
      '</',
      '<style>',
      '&amp;',
      '<a href=&',
      '<title',
      '=',
    ]) {
      const started = performance.now();
      rewrite(unit.repeat(500_000 / unit.length));
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });
});
