import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { LOCALES } from '../../core/delivery/links/page-locale.ts';
import { PAGE_WORDS } from '../../core/delivery/links/page-words.ts';
import { bootShared } from './boot.ts';
import { browserTest, openBrowser } from './browser.ts';
import { consentsOf, emailTo, sendEmails } from './linked-emails.ts';
import { addPerson } from './people.ts';
import { putSettings } from './put-back.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Rules of WCAG 2.2 A and AA, and axe's best practices, that the page breaks. */
const violations = async (page: Page): Promise<string[]> => {
  await page.addScriptTag({ path: AXE });
  const results = (await page.evaluate('axe.run()')) as AxeResults;
  // What axe could not decide is looked at as well: contrast over a gradient would be such a thing, and there is none.
  return [...results.violations, ...results.incomplete].map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
};

const withEmail = async () => {
  const herald = await bootShared();
  const topics = [
    { topic: 'offers', names: { en: 'Offers' } },
    { topic: 'tips', names: { en: 'Tips and news' } },
  ];
  const settings = { tracking: { clicks: true, opens: true }, sender: 'Example Shop', topics };
  await putSettings(herald, 'links', settings);
  const addresses = { email: 'ada@example.com', phone: '+12025550001' };
  await addPerson(herald, 'ada', { ...addresses, attributes: { city: 'Paris' } });
  await herald.cloud.clock.advance(120_000);
  await sendEmails(herald, { city: 'Paris', html: '<p>Hello</p>' });
  return { herald, ...(await emailTo(herald, 'ada@example.com')) };
};

browserTest('pages pass axe in every language, light and dark, on a phone', 180_000, async () => {
  const { oneClick, preferences } = await withEmail();
  const browser = await openBrowser();
  // axe is put into the page, which its policy would forbid.
  for (const [colorScheme, width] of [
    ['light', 1_200],
    ['dark', 360],
  ] as const) {
    for (const locale of LOCALES) {
      const context = await browser.newContext({
        bypassCSP: true,
        locale,
        colorScheme,
        viewport: { width, height: 800 },
      });
      const page = await context.newPage();
      for (const url of [oneClick, preferences, `${oneClick}x`]) {
        await page.goto(url);
        expect([url, locale, ...(await violations(page))]).toEqual([url, locale]);
        expect(await page.locator('html').getAttribute('lang')).toBe(PAGE_WORDS[locale].lang);
        const scrolls = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
        expect(scrolls).toBe(false);
      }
      await context.close();
    }
  }
});

browserTest('somebody without JavaScript, with keys only, chooses and unsubscribes', 60_000, async () => {
  const { herald, oneClick, preferences } = await withEmail();
  const browser = await openBrowser();
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const refusals: string[] = [];
  page.on('console', (message) => void refusals.push(message.text()));
  await page.goto(preferences);
  const email = page.getByRole('group', { name: 'Email' });
  expect(await email.getByRole('checkbox', { name: 'Offers' }).isChecked()).toBe(true);
  await email.getByRole('checkbox', { name: 'Tips and news' }).focus();
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Save' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('Your choices are saved.').waitFor();
  expect(await email.getByRole('checkbox', { name: 'Tips and news' }).isChecked()).toBe(false);
  expect(await consentsOf(herald, 'ada')).toEqual({ push: true, sms: true, email: true, 'email/tips': false });

  await page.goto(oneClick);
  await page.getByRole('button', { name: 'Unsubscribe' }).click();
  await page.getByRole('heading', { name: 'You are unsubscribed' }).waitFor();
  await page.getByRole('link', { name: 'See all your preferences' }).click();
  expect(await email.getByRole('checkbox', { name: 'Offers' }).isChecked()).toBe(false);
  expect(await consentsOf(herald, 'ada')).toMatchObject({ 'email/offers': false, 'email/tips': false });
  // The page's own policy forbids nothing that it needs.
  expect(refusals).toEqual([]);
});
