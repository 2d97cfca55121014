import { describe, expect, test } from 'vitest';
import { notesOn } from '../../../../core/strategy/template/notes.ts';
import { linkFault, pageNotes, textOfPage } from '../../../../core/strategy/template/page-notes.ts';

const email = (html: string, subject = 's', text?: string) =>
  notesOn({ channel: 'email', subject, html, ...(text !== undefined && { text }) });
const codes = (notes: { code: string }[]) => notes.map(({ code }) => code);
const messageOf = (notes: { code: string; message: string }[], code: string) =>
  notes.find((one) => one.code === code)?.message;

describe('how programs and phones show it', () => {
  test('an email', () => {
    expect(codes(email('<p>Hi</p>', 'Short', 'Hi'))).toEqual(['preheader']);
    expect(codes(email(`<p>${'é'.repeat(51_000)}</p>`))).toEqual(['preheader', 'gmail-clip', 'no-text']);
    expect(codes(email(`<p>${'x'.repeat(101_900)}</p>`))).toEqual(['preheader', 'no-text']);
    expect(messageOf(email('', 'x'.repeat(41)), 'subject-length')).toContain('41 characters');
    expect(codes(email('', '😀'.repeat(40)))).not.toContain('subject-length');
  });
  test('what inboxes show after the subject', () => {
    const page =
      '<head><title>No</title><style>p{}</style></head><!-- no --><div>Sale&nbsp;&zwnj;</div>\n<p>Today <b>only</b></p>';
    expect(messageOf(email(page), 'preheader')).toBe('Inboxes show after the subject: Sale Today only');
    expect(messageOf(email('<img alt="x">'), 'preheader')).toContain('no text');
    expect(textOfPage('a <')).toBe('a');
  });
  test.each([
    ['160 characters', 'a'.repeat(160), []],
    ['two messages', 'a'.repeat(161), ['sms-parts']],
    ['a character that is dear', 'Hi 你', ['sms-encoding']],
    ['both', '你'.repeat(71), ['sms-parts', 'sms-encoding']],
  ])('an SMS of %s', (_, text, expected) => expect(codes(notesOn({ channel: 'sms', text }))).toEqual(expected));
  test.each([
    ['a short one', 'Hi', 'Ho', []],
    ['a long title', 'x'.repeat(51), 'Ho', ['push-length']],
    ['a long body', 'Hi', 'x'.repeat(179), ['push-length']],
    ['one that Apple refuses', '你'.repeat(50), '你'.repeat(1_300), ['push-length', 'push-size']],
  ])('a notification: %s', (_, title, body, expected) =>
    expect(codes(notesOn({ channel: 'push', title, body }))).toEqual(expected),
  );
  test('other channels have nothing to say', () =>
    expect(notesOn({ channel: 'webhook', endpointId: 'x', fields: {} })).toEqual([]));
});

describe('links', () => {
  test.each([
    'https://shop.example/a?b=1&amp;c=2',
    'mailto:ada@example.com',
    'tel:+441632960000',
    '#unsubscribe',
    ' https://shop.example ',
  ])('%s is fine', (href) => expect(linkFault(href)).toBeUndefined());
  test.each([
    ['http://shop.example', 'not https'],
    ['shop.example/a', 'no address'],
    ['/a', 'no address'],
    ['', 'leads nowhere'],
    ['javascript:alert(1)', 'no address'],
    ['https://localhost:3000/a', 'own machine'],
    ['http://127.0.0.1/', 'own machine'],
    ['https://192.168.1.7/', 'own machine'],
    ['https://intranet/', 'own machine'],
    ['ftp://files.example/a', 'no address'],
  ])('%s is doubtful', (href, why) => expect(linkFault(href)).toContain(why));
});

/** Of each end the beginning would be looked for among all that are open; and of each element the end in all that follows. */
const TANGLE = '<b>'.repeat(40_000) + '</i>'.repeat(40_000);
const SCRIPTS = `<script>${'<script '.repeat(40_000)}`;

describe('the page', () => {
  test.each<[string, string, string[]]>([
    ['nothing wrong', '<!doctype html><html><body><table><tr><td>a<br>b<p>c</table></body></html>', []],
    ['an image without alt', '<img src="a.png">', ['image-alt']],
    ['an image for decoration', '<img src="a.png" alt="">', []],
    ['an image with a bare alt', '<img alt src="a.png">', []],
    ['an image whose src mentions alt', '<img src="https://a.example/?alt=1">', ['image-alt']],
    ['a link to nowhere', "<A HREF='http://localhost'>x</A>", ['link']],
    ['a link without quotes', '<a href=https://shop.example>x</a>', []],
    ['an anchor', '<a name="x">x</a>', []],
    ['a table that is not closed', '<div><table><tr><td>x</td></tr></div>', ['html']],
    ['an end without a beginning', 'a</div>', ['html']],
    [
      'comments for Outlook',
      '<!--[if mso]><table><tr><td><![endif]-->x<!--[if mso]></td></tr></table><![endif]-->',
      [],
    ],
    ['a quote that is not closed', '<div><a href="x>y</a></div>', ['html']],
    ['what stands in styles', '<style>a > b { content: "</div>" }</style>', []],
    ['what stands in a title that holds another', '<title>a<title/><title>b</title ></title><i>', ['html']],
  ])('%s', (_, html, expected) => expect(codes(pageNotes(html))).toEqual(expected));

  test('names the line, and does not go on for ever', () => {
    expect(pageNotes('\n\n<img src="a">')[0]?.message).toMatch(/^Line 3: /);
    expect(pageNotes('<img>'.repeat(40_000))).toHaveLength(20);
    for (const html of ['<a "'.repeat(50_000), '<!--'.repeat(50_000), '<div>'.repeat(40_000), TANGLE, SCRIPTS]) {
      const before = performance.now();
      expect(pageNotes(html).length).toBeGreaterThan(0);
      expect(performance.now() - before).toBeLessThan(1_000);
    }
  });
});
