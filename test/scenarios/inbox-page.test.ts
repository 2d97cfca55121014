import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { bootLocal } from './boot.ts';
import { addPerson, approve, draftCampaign, submit } from './people.ts';

const browserPath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const present = existsSync(browserPath);
if (!present) console.warn(`SKIPPED: there is no browser at ${browserPath}; set CHROMIUM to one`);

test.skipIf(!present)('a person reads in the inbox what was sent, and hostile content stays text', async () => {
  const herald = await bootLocal();
  const firstName = '<img src=x onerror="document.title=1">';
  await addPerson(herald, 'p1', { email: 'p1@example.com', attributes: { city: 'Paris', firstName } });
  await addPerson(herald, 'p2', { phone: '+12025550002', attributes: { city: 'Paris', firstName } });
  await herald.cloud.clock.advance(120_000);
  const draft = await draftCampaign(herald, { city: 'Paris' });
  await submit(herald, draft);
  await approve(herald, draft);
  await herald.finished(draft.id);

  const browser = await chromium.launch({
    executablePath: browserPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  onTestFinished(() => browser.close());
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
