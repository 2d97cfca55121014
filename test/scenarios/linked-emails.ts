import { expect } from 'vitest';
import type { Herald } from './boot.ts';
import { approve, type CampaignView, submit } from './people.ts';

export const PHONE_BROWSER =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';

/** A request as a browser, a mailbox or a scanner makes it: redirects are looked at, not followed. */
export const ask = (url: string, init: RequestInit & { userAgent?: string } = {}) => {
  const { userAgent = PHONE_BROWSER, headers, ...rest } = init;
  return fetch(url, { ...rest, redirect: 'manual', headers: { 'user-agent': userAgent, ...headers } });
};

/** Everybody in the segment `city` gets an email with these parts about `topic`; the campaign is over when this returns. */
export const sendEmails = async (
  herald: Herald,
  options: { city: string; html: string; text?: string; topic?: string; tracking?: object; trackLinks?: boolean },
): Promise<string> => {
  const { api, as, own } = herald;
  const { city, html, text, topic = 'offers', tracking, trackLinks } = options;
  const mia = (body: object) => as('marketer-mia', body);
  const segment = { attribute: 'city', equals: own(city) };
  const { id: segmentId } = await api.must<{ id: string }>('POST /v1/segments', await mia({ name: city, segment }));
  const email = { subject: 'Spring', html, ...(text && { text }), ...(trackLinks && { trackLinks }) };
  const { id: templateId } = await api.must<{ id: string }>(
    'POST /v1/templates',
    await mia({ name: 'Spring', channels: { email } }),
  );
  const plan = { name: 'Spring', audience: { segmentId }, templateId, channelPolicy: ['email'], topic };
  const draft = await api.must<CampaignView>(
    'POST /v1/campaigns',
    await mia({ ...plan, ...(tracking && { tracking }) }),
  );
  await submit(herald, draft);
  await approve(herald, draft);
  await herald.finished(draft.id);
  return draft.id;
};

/** The newest email to an address, and the links in it. */
export const emailTo = async ({ cloud }: Herald, to: string) => {
  const [email] = await cloud.inbox.list({ to, channel: 'email', limit: 1 });
  expect(email).toBeDefined();
  const { html = '', body = '', headers = {} } = email ?? {};
  const hrefs = [...html.matchAll(/<a [^>]*?href="([^"]*)"/g)].map(([, href]) => href ?? '');
  const pixel = /<img src="([^"]*\/v1\/o\/[^"]*)"/.exec(html)?.[1];
  const oneClick = headers['List-Unsubscribe']?.slice(1, -1) ?? '';
  return {
    html,
    body,
    headers,
    hrefs,
    pixel,
    oneClick,
    preferences: oneClick.replace('/unsubscribe/', '/preferences/'),
  };
};

/** What the gate knows of a person. */
export const consentsOf = async ({ api, as, own }: Herald, name: string) =>
  (
    await api.must<{ consents: Record<string, boolean> }>(
      `GET /v1/profiles/${own(name)}/contact`,
      await as('viewer-vera'),
    )
  ).consents;
