import { describe, expect, test } from 'vitest';
import { readLinkKeys } from '../../../../core/delivery/links/link-keys.ts';
import { openLink } from '../../../../core/delivery/links/link-token.ts';
import { type LinkMaker, messageLinks } from '../../../../core/delivery/links/message-links.ts';
import { needsLinks } from '../../../../core/delivery/links/needs-links.ts';
import { encodeRef } from '../../../../core/delivery/receipt-ref.ts';

const keys = readLinkKeys(JSON.stringify({ current: 'a', a: 'k'.repeat(32) }));
const base = 'https://go.example.com';
const channels = { email: { subject: 's', html: 'h' }, sms: { text: 't', trackLinks: true } };
const maker = (more: Partial<LinkMaker> = {}): LinkMaker => ({
  plan: { topic: 'offers', lane: 'promotional', template: { name: 'n', channels } },
  channel: 'email',
  keys,
  base,
  tracking: { clicks: true, opens: true },
  nowMs: 1_700_000_000_500,
  ...more,
});
const refOf = (profileId: string) =>
  encodeRef({
    ...{ planKind: 'campaign', planId: 'c'.repeat(26), run: 'r'.repeat(26), message: 'm'.repeat(12), unit: 'w#u' },
    ...{ index: 7, channel: 'email', waits: false, profileId },
  } as Parameters<typeof encodeRef>[0]);
const ada = { profileId: 'ada', ref: refOf('ada') };
const claimOf = (url = '') => openLink(keys, url.slice(url.lastIndexOf('/') + 1));
const email = (html: string, text?: string) =>
  ({ channel: 'email', subject: 's', html, ...(text && { text }) }) as const;
const dressed = (html: string, more: Partial<LinkMaker> = {}) => {
  const content = messageLinks(maker(more))(ada).dress(email(html));
  if (content.channel !== 'email') throw new Error('not an email');
  return { ...content, hrefs: [...content.html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href ?? '') };
};

describe('an email', () => {
  test('has links that say where they lead, as a browser would ask for it', () => {
    const { hrefs } = dressed('<a href="https://Shop.example/é?a=1&amp;b= 2">x</a><a href=" HTTP://x.example ">y</a>');
    expect(hrefs.map(claimOf)).toEqual([
      { kind: 'click', ref: ada.ref, sentSeconds: 1_700_000_000, target: 'https://shop.example/%C3%A9?a=1&b=%202' },
      { kind: 'click', ref: ada.ref, sentSeconds: 1_700_000_000, target: 'http://x.example/' },
    ]);
  });

  test.each([
    'mailto:a@b.c',
    'tel:+33',
    '#top',
    'javascript:alert(1)',
    'data:text/html,x',
    '//x.example',
    '/x',
    'ftp://x.example',
    'https://',
    `https://x.example/${'x'.repeat(5_000)}`,
    `${base}/v1/preferences/abc`,
  ])('leaves %s alone', (href) => {
    expect(dressed(`<a href="${href}">x</a>`).hrefs).toEqual([href]);
  });

  test('has headers where it promotes something, and an image at the end', () => {
    const { html, headers } = dressed('<body>x</body>');
    expect(Object.keys(headers ?? {})).toEqual(['List-Unsubscribe', 'List-Unsubscribe-Post']);
    expect(claimOf(headers?.['List-Unsubscribe']?.slice(1, -1))).toEqual({
      ...{ kind: 'person', ref: ada.ref, profileId: 'ada', channel: 'email', topic: 'offers' },
    });
    const [, pixel] =
      /^<body>x<img src="([^"]+)" width="1" height="1" alt="" style="border:0"><\/body>$/.exec(html) ?? [];
    expect(claimOf(pixel)).toEqual({ kind: 'open', ref: ada.ref, sentSeconds: 1_700_000_000 });
    const transactional = maker();
    expect(dressed('x', { plan: { ...transactional.plan, lane: 'transactional' } }).headers).toBeUndefined();
  });

  test.each(['a', 'é', '日', '𠮷'])(
    'of somebody with an id of %s, as long as may be, has headers that SES takes',
    (letter) => {
      for (const address of [base, `https://${'go.'.repeat(50)}example.com`]) {
        for (let length = 1; length * letter.length <= 128; length += 1) {
          const profileId = letter.repeat(length);
          const { dress } = messageLinks(maker({ base: address }))({ profileId, ref: refOf(profileId) });
          const content = dress(email('x'));
          const value = ('headers' in content && content.headers?.['List-Unsubscribe']) || '';
          expect(value.length).toBeLessThanOrEqual(870);
          expect(claimOf(value.slice(1, -1))).toMatchObject({ kind: 'person', profileId });
        }
      }
    },
  );

  test('is left alone where nothing is to be noticed', () => {
    const html = '<a href="https://x.example">x</a>';
    expect(dressed(html, { tracking: { clicks: false, opens: false } }).html).toBe(html);
  });

  test('has 200 links that are followed; more stay as they are', () => {
    const { hrefs } = dressed('<a href="https://x.example/">x</a>'.repeat(250));
    expect(hrefs.filter((href) => href === 'https://x.example/').length).toBe(50);
  });
});

test('text is followed only where the template asks', () => {
  const links = messageLinks(maker({ channel: 'sms' }))(ada);
  const sms = links.dress({ channel: 'sms', text: 'Look: https://x.example/y.' });
  expect(claimOf(('text' in sms ? sms.text : '')?.slice('Look: '.length, -1))).toMatchObject({
    target: 'https://x.example/y',
  });
  const content = messageLinks(maker())(ada).dress(email('x', 'https://x.example'));
  expect('text' in content && content.text).toBe('https://x.example');
});

test('two messages that say the same are bare the same, whatever their links', () => {
  const bare = (ref: string) => {
    const links = messageLinks(maker())({ profileId: 'ada', ref });
    return links.bare(email(`<a href="${links.variables.unsubscribe_url}">out</a>`));
  };
  expect(bare(refOf('ada'))).toEqual(bare('1YWJj'));
});

test.each([
  [{ push: { title: 't', body: 'b' } }, 'push', false],
  [{ push: { title: 't', body: '{{ preferences_url }}' } }, 'push', true],
  [{ sms: { text: 'https://x.example' } }, 'sms', false],
  [{ sms: { text: 'https://x.example', trackLinks: true } }, 'sms', true],
  [{ sms: { text: 'Stop: {{unsubscribe_url}}' } }, 'sms', true],
  [{ email: { subject: 's', html: 'h' } }, 'email', true],
] as const)('%j on %s has links of Herald: %s', (content, channel, expected) => {
  expect(needsLinks({ name: 'n', channels: content }, channel)).toBe(expected);
});
