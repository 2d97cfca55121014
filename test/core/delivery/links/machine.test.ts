import { expect, test } from 'vitest';
import { machineOf, TOO_SOON_SECONDS } from '../../../../core/delivery/links/machine.ts';

const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
const OUTLOOK = 'Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Microsoft Outlook 16.0.17328)';
const THUNDERBIRD = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.3.0';
const WECHAT = `${SAFARI} MicroMessenger/8.0.50(0x1800323c) NetType/WIFI Language/zh_CN`;
const EDGE = `${CHROME} Edg/142.0.0.0`;
const GMAIL_PREFETCH =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0';
const GMAIL_PROXY = 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)';

test.each([
  ['click', 'GET', SAFARI, 60, undefined],
  ['click', 'GET', CHROME, 60, undefined],
  ['click', 'GET', EDGE, 60, undefined],
  ['click', 'GET', WECHAT, 60, undefined],
  ['open', 'GET', OUTLOOK, 60, undefined],
  ['open', 'GET', THUNDERBIRD, 60, undefined],
  ['click', 'GET', CHROME, TOO_SOON_SECONDS, undefined],
  ['click', 'GET', CHROME, TOO_SOON_SECONDS - 1, 'too-soon'],
  ['open', 'GET', CHROME, -5, 'too-soon'],
  ['click', 'HEAD', CHROME, 60, 'head'],
  ['open', 'GET', 'Mozilla/5.0', 60, 'privacy-proxy'],
  ['click', 'GET', 'Mozilla/5.0', 60, 'scanner'],
  ['open', 'GET', GMAIL_PREFETCH, 60, 'prefetch'],
  ['open', 'GET', GMAIL_PROXY, 60, 'image-proxy'],
  ['open', 'GET', 'YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html', 60, 'image-proxy'],
  ['click', 'GET', '', 60, 'scanner'],
  ['click', 'GET', 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 60, 'scanner'],
  ['click', 'GET', 'Barracuda Sentinel (EE)', 60, 'scanner'],
  ['click', 'GET', 'Microsoft Office/16.0 (Windows NT 10.0; MAPI 16.0)', 60, 'scanner'],
  ['click', 'GET', 'WhatsApp/2.24.9 A', 60, 'scanner'],
  ['click', 'GET', 'curl/8.5.0', 60, 'scanner'],
  ['click', 'GET', 'python-requests/2.32.3', 60, 'scanner'],
] as const)('%s by %s %s after %i s: %s', (kind, method, userAgent, ageSeconds, expected) => {
  expect(machineOf({ kind, method, userAgent, ageSeconds })).toBe(expected);
});
