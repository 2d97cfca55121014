import { expect, test } from 'vitest';
import { CHANNELS } from '../../core/delivery/channel.ts';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootShared } from './boot.ts';
import { erase, finishErasure } from './everywhere.ts';
import { ask, consentsOf, emailTo, sendEmails } from './linked-emails.ts';
import { addPerson } from './people.ts';
import { putSettings } from './put-back.ts';

const MINUTE = 60_000;
const SHOP = 'https://shop.example/spring?for=';
const HTML = `<body><p>Hello</p><a href="${SHOP}{{ profile.profileId }}&amp;utm=x">Spring</a>
<a href="https://shop.example/shoes">Shoes</a> <a href="mailto:us@shop.example">Write</a>
<a href="{{ unsubscribe_url }}">Unsubscribe</a> <a href="{{ preferences_url }}">Preferences</a></body>`;

type Report = CampaignReport & {
  opened: { people: number; machines: Record<string, number> };
  clicked: { people: number; machines: Record<string, number> };
  links: { link: string; people: number }[];
};

const inParis = async (...names: string[]) => {
  const herald = await bootShared();
  for (const name of names)
    await addPerson(herald, name, { email: `${name}@example.com`, attributes: { city: 'Paris' } });
  await herald.cloud.clock.advance(2 * MINUTE);
  return herald;
};

test('links lead where they should, and the report tells people from machines', { timeout: 120_000 }, async () => {
  const herald = await inParis('ada', 'bob', 'cleo', 'dan');
  const id = await sendEmails(herald, { city: 'Paris', html: HTML });
  const ada = await emailTo(herald, 'ada@example.com');
  const [spring = '', shoes = '', mail, out, preferences] = ada.hrefs;
  expect(spring).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\/c\/[\w-]+$/);
  expect([mail, out]).toEqual(['mailto:us@shop.example', ada.oneClick]);
  expect(preferences).toBe(ada.preferences);
  expect(ada.html).not.toContain('shop.example/spring');

  // A scanner looks at Bob's links, and fetches one.
  const bob = await emailTo(herald, 'bob@example.com');
  for (const href of bob.hrefs.slice(0, 2)) await ask(href, { method: 'HEAD' });
  await ask(bob.hrefs[0] ?? '', { userAgent: 'Mozilla/5.0 (compatible; BarracudaCentral)' });
  const clicked = await ask(spring);
  expect(clicked.status).toBe(302);
  expect(clicked.headers.get('location')).toBe(`${SHOP}${herald.own('ada')}&utm=x`);
  expect(clicked.headers.get('cache-control')).toBe('no-store');
  await ask(spring);
  const opened = await ask(ada.pixel ?? '');
  expect(opened.headers.get('content-type')).toBe('image/gif');
  expect(Buffer.from(await opened.arrayBuffer()).toString('latin1', 0, 6)).toBe('GIF89a');
  // Apple's proxy fetched Cleo's; Dan's two links were asked for within a second by what says it is a browser.
  const cleo = await emailTo(herald, 'cleo@example.com');
  await ask(cleo.pixel ?? '', { userAgent: 'Mozilla/5.0' });
  const dan = await emailTo(herald, 'dan@example.com');
  await Promise.all(dan.hrefs.slice(0, 2).map((href) => ask(href)));
  await herald.cloud.clock.advance(5_000);
  expect((await ask(shoes)).headers.get('location')).toBe('https://shop.example/shoes');

  await herald.cloud.clock.advance(2 * MINUTE);
  const report = await herald.api.must<Report>(`GET /v1/campaigns/${id}/report`, await herald.as('viewer-vera'));
  expect(report).toMatchObject({
    sent: 4,
    recipients: 4,
    moved: {},
    opened: { people: 1, machines: { 'privacy-proxy': 1 } },
    clicked: { people: 1, machines: { head: 1, scanner: 1, 'all-links': 1 } },
    links: [
      { link: 'https://shop.example/shoes', people: 1 },
      { link: 'https://shop.example/spring', people: 1 },
    ],
  });
});

test('one click unsubscribes; looking does not, twice is as good as once, and a forged link does nothing', async () => {
  const herald = await inParis('ada');
  const { api, as, cloud } = herald;
  await sendEmails(herald, { city: 'Paris', html: HTML });
  const { headers, oneClick } = await emailTo(herald, 'ada@example.com');
  expect(headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click');
  expect(headers['List-Unsubscribe']).toMatch(/^<http:\/\/[^<>\s]+\/v1\/unsubscribe\/[\w-]+>$/);
  const before = await consentsOf(herald, 'ada');

  for (const look of [{}, { method: 'GET', userAgent: 'curl/8' }]) {
    const page = await ask(oneClick, look);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('You will no longer get “offers” (Email).');
  }
  const post = (url: string) =>
    ask(url, {
      method: 'POST',
      body: 'List-Unsubscribe=One-Click',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  const at = oneClick.lastIndexOf('/') + 1;
  const token = oneClick.slice(at);
  const forged = [
    token.slice(0, -1),
    token.slice(0, 20) + (token[20] === 'A' ? 'B' : 'A') + token.slice(21),
    `b${token.slice(1)}`,
    `${token}A`,
    'x',
  ];
  for (const one of forged) {
    const answer = await post(oneClick.slice(0, at) + one);
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('This link does not work')]);
  }
  expect(await consentsOf(herald, 'ada')).toEqual(before);

  for (let n = 0; n < 2; n += 1) {
    const answer = await post(oneClick);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('You are unsubscribed');
  }
  expect(await consentsOf(herald, 'ada')).toEqual({ ...before, 'email/offers': false });
  expect(await (await ask(oneClick)).text()).toContain('You do not get “offers” (Email).');
  const { items } = await api.must<{ items: { action: string; actor: string; detail: string }[] }>(
    `GET /v1/audit?subject=profile/${herald.own('ada')}`,
    await as('viewer-vera'),
  );
  const own = items.filter(({ actor }) => actor === 'person').map(({ action, detail }) => `${action} ${detail}`);
  expect(new Set(own)).toEqual(new Set(['consent email/offers: no']));

  await cloud.clock.advance(2 * MINUTE);
  const sent = await cloud.inbox.count();
  const again = await sendEmails(herald, { city: 'Paris', html: HTML });
  await cloud.clock.advance(2 * MINUTE);
  expect(await cloud.inbox.count()).toBe(sent);
  const report = await api.must<Report>(`GET /v1/campaigns/${again}/report`, await as('viewer-vera'));
  expect(report.skipped).toEqual({ 'no-consent': 1 });
});

test('somebody chooses what they get, in their language; only what they changed is said', async () => {
  const herald = await bootShared();
  const { api, as, cloud, own } = herald;
  const settings = {
    tracking: { clicks: true, opens: true, notForSources: [] },
    sender: 'Schuh & Söhne',
    topics: [
      { topic: 'offers', names: { en: 'Offers', de: 'Angebote' } },
      { topic: 'tips', names: { en: 'Tips' } },
    ],
  };
  await putSettings(herald, 'links', settings);
  const person = {
    email: 'ada@example.com',
    phone: '+4915112345678',
    locale: 'de-AT',
    attributes: { city: own('Wien') },
  };
  await api.must(`PUT /v1/profiles/${own('ada')}`, await as('marketer-mia', person));
  await api.must(`PUT /v1/profiles/${own('ada')}/consents`, await as('marketer-mia', { consents: { email: true } }));
  await cloud.clock.advance(2 * MINUTE);
  await sendEmails(herald, { city: 'Wien', html: HTML });
  const { preferences } = await emailTo(herald, 'ada@example.com');

  const page = await ask(preferences, { headers: { 'accept-language': 'fr' } });
  const html = await page.text();
  expect(page.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'/,
  );
  for (const words of ['<html lang="de">', 'Ihre Einstellungen', 'Angebote', 'Tips', 'SMS', 'Schuh &#38; Söhne'])
    expect(html).toContain(words);
  expect(html).not.toContain('App-Mitteilung');
  expect(html).not.toContain('ada@example.com');

  const send = (fields: [string, string][]) => ask(preferences, { method: 'POST', body: new URLSearchParams(fields) });
  const boxes = ['email/offers=yes', 'email/tips=yes', 'sms/offers=no', 'sms/tips=no'];
  for (const box of boxes) expect(html).toContain(`name="shown" value="${box}"`);
  const shown = boxes.map((box): [string, string] => ['shown', box]);
  // Beside what was on the page, somebody sends what was not.
  const saved = await send([
    ...shown,
    ['given', 'email/offers'],
    ['given', 'sms/tips'],
    ['given', 'push/offers'],
    ['act', 'save'],
  ]);
  expect(await saved.text()).toContain('Ihre Auswahl ist gespeichert.');
  expect(await consentsOf(herald, 'ada')).toEqual({ email: true, 'email/tips': false, 'sms/tips': true });

  expect((await send([['act', 'none']])).status).toBe(200);
  expect(await consentsOf(herald, 'ada')).toEqual({
    ...Object.fromEntries(CHANNELS.map((channel) => [channel, false])),
    ...{ 'email/tips': false, 'sms/tips': false },
  });
  expect((await send([['act', 'delete everything']])).status).toBe(400);
});

test('who was erased is told so, and their links still lead somewhere', { timeout: 120_000 }, async () => {
  const herald = await inParis('ada');
  await sendEmails(herald, { city: 'Paris', html: HTML });
  const { oneClick, preferences, hrefs } = await emailTo(herald, 'ada@example.com');
  await finishErasure(herald, await erase(herald, herald.own('ada')));
  for (const [url, method] of [
    [oneClick, 'GET'],
    [oneClick, 'POST'],
    [preferences, 'GET'],
    [preferences, 'POST'],
  ] as const) {
    const answer = await ask(url, { method, headers: { 'accept-language': 'zh-CN,en;q=0.5' } });
    expect([answer.status, await answer.text()]).toEqual([410, expect.stringContaining('您的数据已被删除')]);
  }
  expect(await consentsOf(herald, 'ada')).toEqual({});
  expect((await ask(hrefs[0] ?? '')).headers.get('location')).toBe(`${SHOP}${herald.own('ada')}&utm=x`);
});

test('tracking is left out where a plan, an app or the settings say so; the way out stays', async () => {
  const herald = await inParis('ada');
  const untouched = ['https://shop.example/shoes', 'mailto:us@shop.example'];
  await sendEmails(herald, { city: 'Paris', html: HTML, tracking: { clicks: false } });
  const first = await emailTo(herald, 'ada@example.com');
  expect(first.hrefs.slice(1, 3)).toEqual(untouched);
  expect(first.pixel).toContain('/v1/o/');

  await sendEmails(herald, { city: 'Paris', html: HTML, text: `Look: ${SHOP}1`, trackLinks: true });
  const second = await emailTo(herald, 'ada@example.com');
  expect(second.body).toMatch(/^Look: http:\/\/127\.0\.0\.1:\d+\/v1\/c\/[\w-]+$/);

  const settings = { tracking: { clicks: false, opens: false, notForSources: [] }, topics: [] };
  await putSettings(herald, 'links', settings);
  await sendEmails(herald, { city: 'Paris', html: HTML, text: `Look: ${SHOP}1`, trackLinks: true });
  const third = await emailTo(herald, 'ada@example.com');
  expect(third.hrefs.slice(1, 3)).toEqual(untouched);
  expect([third.body, third.pixel]).toEqual([`Look: ${SHOP}1`, undefined]);
  expect(third.oneClick).toContain('/v1/unsubscribe/');
});
