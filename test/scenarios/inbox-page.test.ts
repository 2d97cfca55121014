import { expect } from 'vitest';
import { bootLocal } from './boot.ts';
import { browserTest, openBrowser } from './browser.ts';
import { sendEmails } from './linked-emails.ts';
import { addPerson, approve, draftCampaign, submit } from './people.ts';

browserTest('a person reads in the inbox what was sent, and hostile content stays text', 30_000, async () => {
  const herald = await bootLocal();
  const firstName = '<img src=x onerror="document.title=1">';
  await addPerson(herald, 'p1', { email: 'p1@example.com', attributes: { city: 'Paris', firstName } });
  await addPerson(herald, 'p2', { phone: '+12025550002', attributes: { city: 'Paris', firstName } });
  await herald.cloud.clock.advance(120_000);
  const draft = await draftCampaign(herald, { city: 'Paris' });
  await submit(herald, draft);
  await approve(herald, draft);
  await herald.finished(draft.id);

  const browser = await openBrowser();
  const page = await browser.newPage();
  await page.goto(`${herald.cloud.url}/_local/inbox`);
  const title = await page.title();
  expect(await page.getByRole('article').count()).toBe(2);
  const text = await page.textContent('body');
  expect(text).toContain('p1@example.com');
  expect(text).toContain('+12025550002');
  expect(text).toContain(`Hello ${firstName}`);
  expect(await page.title()).toBe(title);

  await page.getByLabel('Channel').selectOption('sms');
  await page.getByRole('button', { name: 'Show' }).click();
  expect(await page.textContent('body')).not.toContain('p1@example.com');
});

browserTest('links of an email that the inbox shows work, and looking at it is an open', 60_000, async () => {
  const herald = await bootLocal();
  await addPerson(herald, 'ada', { email: 'ada@example.com', attributes: { city: 'Paris' } });
  await herald.cloud.clock.advance(120_000);
  const html = '<p><a href="http://127.0.0.1:9/shop">Shop</a> <a href="{{ preferences_url }}">Preferences</a></p>';
  const id = await sendEmails(herald, { city: 'Paris', html });

  const browser = await openBrowser();
  const page = await browser.newPage();
  const asked: string[] = [];
  page.context().on('request', (request) => void asked.push(request.url()));
  await page.goto(`${herald.cloud.url}/_local/inbox`);
  await page.getByText('Show the email as HTML').click();
  const email = page.frameLocator('iframe');
  const [preferences] = await Promise.all([
    page.waitForEvent('popup'),
    email.getByRole('link', { name: 'Preferences' }).click(),
  ]);
  await preferences.getByRole('heading', { name: 'Your preferences' }).waitFor();
  const [shop] = await Promise.all([page.waitForEvent('popup'), email.getByRole('link', { name: 'Shop' }).click()]);
  await expect.poll(() => asked).toContain('http://127.0.0.1:9/shop');
  await shop.close();

  await herald.cloud.clock.advance(120_000);
  const report = await herald.api.must(`GET /v1/campaigns/${id}/report`, await herald.as('viewer-vera'));
  const people = { people: 1, machines: {} };
  expect(report).toMatchObject({ opened: people, clicked: people, links: [{ link: 'http://127.0.0.1:9/shop' }] });
});
