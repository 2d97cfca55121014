import { expect, it } from 'vitest';
import { inbox } from '../../local/inbox.ts';
import { inboxPages } from '../../local/inbox-page.ts';
import type { ServiceRequest } from '../../local/types.ts';
import { call, jsonOf, serviceContext, textOf } from './service-context.ts';

const setUp = () => {
  const { context } = serviceContext();
  const messages = inbox(context);
  const add = (channel: 'email' | 'sms' | 'push', to: string, extra: object = {}) =>
    messages.add({ channel, to, title: '', body: `to ${to}`, ...extra });
  const pages = {
    signingName: '',
    resources: {},
    handle: async (request: ServiceRequest) => inboxPages(context)(request),
  };
  const get = (path: string) => call(pages, { method: 'GET', path });
  return { messages, add, get, pages };
};

it('lists newest first, by channel, part of the address, and position', () => {
  const { messages, add } = setUp();
  add('sms', '+331');
  add('email', 'Ann@example.com');
  add('sms', '+332');
  const to = (query: Parameters<typeof messages.list>[0]) => messages.list(query).map((message) => message.to);
  expect(to({})).toEqual(['+332', 'Ann@example.com', '+331']);
  expect(to({ channel: 'sms' })).toEqual(['+332', '+331']);
  expect(to({ to: 'ann@' })).toEqual(['Ann@example.com']);
  expect(to({ after: 1, limit: 1 })).toEqual(['+332']);
  expect(messages.count()).toBe(3);
});

it('is a page that shows text as text and emails in a sandbox', async () => {
  const { add, get } = setUp();
  add('sms', '+331', { body: '<script>alert("sms")</script>' });
  add('email', 'a"b@example.com', { title: 'A & B <i>', html: '<script>alert("mail")</script>' });
  const response = await get('/_local/inbox');
  const page = await textOf(response);
  expect(response.headers?.['content-type']).toBe('text/html; charset=utf-8');
  expect(response.headers?.['content-security-policy']).toContain("default-src 'none'");
  expect(page).not.toMatch(/<script|<i>/);
  expect(page).toContain('&#60;script&#62;alert(&#34;sms&#34;)');
  expect(page).toContain('A &#38; B &#60;i&#62;');
  expect(page).toMatch(
    /<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" title="Email to a&#34;b@example.com" srcdoc="&#60;base target=&#34;_blank&#34;&#62;&#60;script/,
  );
});

it('filters by the query string, which it escapes', async () => {
  const { add, get } = setUp();
  add('sms', '+331');
  add('push', 'token');
  const page = await textOf(await get('/_local/inbox?channel=push&to=%22%3E%3Cb%3E'));
  expect(page).toContain('value="&#34;&#62;&#60;b&#62;"');
  expect(page).toContain('<option selected>push</option>');
  expect(page).toContain('No message is here yet');
  expect(await textOf(await get('/_local/inbox?channel=push'))).toContain('to token');
});

it('links to older messages', async () => {
  const { add, get } = setUp();
  for (let n = 1; n <= 101; n += 1) add('push', `token-${n}.`);
  const page = await textOf(await get('/_local/inbox'));
  expect(page).not.toContain('to token-1.');
  const link = /<a href="\?([^"]*)">Older/.exec(page)?.[1]?.replaceAll('&#38;', '&');
  expect(await textOf(await get(`/_local/inbox?${link}`))).toContain('to token-1.');
});

it('is JSON for programs', async () => {
  const { add, get } = setUp();
  add('sms', '+331');
  add('push', 'token');
  expect(await jsonOf(get('/_local/inbox.json?channel=sms'))).toMatchObject({ count: 2, messages: [{ to: '+331' }] });
});

it('answers 404 to anything else', async () => {
  expect((await setUp().get('/_local/nothing')).status).toBe(404);
});
