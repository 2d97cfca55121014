import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { onTestFinished, test } from 'vitest';

const path = process.env.CHROMIUM ?? '/usr/bin/chromium';
const present = existsSync(path);

/** As people's browsers say of themselves: one without a window would count as a machine. */
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

/** A test in Chromium; where there is none it says that it is skipped. */
export const browserTest = (name: string, timeout: number, run: () => Promise<void>) => {
  if (!present) console.warn(`SKIPPED: ${name}: there is no browser at ${path}; set CHROMIUM to one`);
  test.skipIf(!present)(name, { timeout }, run);
};

/** A browser that talks to nobody but the test; it closes when the test ends. */
export const openBrowser = async (): Promise<Browser> => {
  const browser = await chromium.launch({
    executablePath: path,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--user-agent=${USER_AGENT}`,
    ],
  });
  onTestFinished(() => browser.close());
  return browser;
};
