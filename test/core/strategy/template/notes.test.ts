import { describe, expect, test } from 'vitest';
import { linkFault, textLinkNotes, writtenLinkFault } from '../../../../core/strategy/template/link-faults.ts';
import { notesOn } from '../../../../core/strategy/template/notes.ts';
import { pageNotes, textOfPage } from '../../../../core/strategy/template/page-notes.ts';

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
    expect(codes(email('<br>', '', 'x'))).toEqual(['subject-empty', 'no-preheader']);
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
    'https://www.iana.org/a?b=1&amp;c=2',
    'mailto:ada@example.com',
    'tel:+441632960000',
    '#unsubscribe',
    ' https://www.iana.org ',
    `https://www.iana.org/${'x'.repeat(3_900)}`,
  ])('%s is fine', (href) => expect(linkFault(href)).toBeUndefined());
  test.each([
    ['http://www.iana.org', 'link-insecure'],
    ['www.iana.org/a', 'link-relative'],
    ['www.iana.org:8080/a', 'link-relative'],
    ['/a', 'link-relative'],
    ['//www.iana.org/a', 'link-relative'],
    ['', 'link-empty'],
    ['javascript:alert(1)', 'link-scheme'],
    [' JavaScript:alert(1)', 'link-scheme'],
    ['data:text/html,x', 'link-scheme'],
    ['ftp://www.iana.org/a', 'link-scheme'],
    ['https:/www.iana.org', 'link-malformed'],
    ['https://www iana.org', 'link-malformed'],
    ['https://www.iana.org/a b', 'link-malformed'],
    ['https://', 'link-malformed'],
    ['https://localhost:3000/a', 'link-local'],
    ['http://127.0.0.1/', 'link-local'],
    ['https://192.168.1.7/', 'link-local'],
    ['https://172.16.0.1/', 'link-local'],
    ['https://172.31.9.9/', 'link-local'],
    ['https://169.254.169.254/', 'link-local'],
    ['https://intranet/', 'link-local'],
    ['https://www.example.com/a', 'link-placeholder'],
    ['https://shop.example', 'link-placeholder'],
    ['https://your-shop.com', 'link-placeholder'],
    [`https://www.iana.org/${'x'.repeat(4_000)}`, 'link-long'],
  ])('%s is doubtful: %s', (href, code) => expect(linkFault(href)?.code).toBe(code));

  test.each([
    ['L', undefined],
    ['L/a', undefined],
    ['https://www.iana.org/L?b=L', undefined],
    ['https://L/a', 'link-liquid'],
    ['https://wwwL.iana.org', 'link-liquid'],
    ['http://www.iana.org/L', 'link-insecure'],
    ['shop/L', 'link-relative'],
  ])('as it is written, where L is Liquid: %s', (href, code) => expect(writtenLinkFault(href, /L/g)?.code).toBe(code));

  test('in a text, each; in other channels where a tap leads', () => {
    expect(codes(textLinkNotes('See http://a.org and https://b.example, or www.c.org'))).toEqual([
      'link-insecure',
      'link-placeholder',
    ]);
    const sms = notesOn({ channel: 'sms', text: 'http://a.org' });
    const inapp = (url: string) => notesOn({ channel: 'inapp', title: 'a', body: 'b', expiresAfterDays: 1, url });
    const wechat = notesOn({ channel: 'wechat', templateId: 't', data: {}, url: 'app://x' });
    expect([sms, inapp('app://cart'), inapp('javascript:x'), wechat].map(codes)).toEqual([
      ['link-insecure'],
      [],
      ['link-scheme'],
      ['link-scheme'],
    ]);
  });
});

/** Of each end the beginning would be looked for among all that are open; and of each element the end in all that follows. */
const TANGLE = '<b>'.repeat(40_000) + '</i>'.repeat(40_000);
const SCRIPTS = `<script>${'<script '.repeat(40_000)}`;

describe('the page', () => {
  test.each<[string, string, string[]]>([
    ['nothing wrong', '<!doctype html><html><body><table><tr><td>a<br>b<p>c</table></body></html>', []],
    ['an image without alt', '<img width="9" src="https://a.org/b.png">', ['image-alt']],
    ['an image for decoration', '<img width=9 src="https://a.org/b.png" alt="">', []],
    ['an image with a bare alt', '<img alt style="width: 9px" src="https://a.org/b.png">', []],
    ['an image whose src mentions alt', '<img width="9" src="https://a.org/?alt=1">', ['image-alt']],
    ['an image without width', '<img alt="" src="https://a.org/?width=1">', ['image-size']],
    ['an image that is only here', '<img alt="" width="9" src="/b.png">', ['image-source']],
    ['a link to your machine', "<A HREF='http://localhost'>x</A>", ['link-local']],
    ['a link without quotes', '<a href=https://a.org>x</a>', []],
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
