/**
 * Why a click or an open was not a person's. They are kept and counted apart: nobody can tell for sure, and a report that leaves
 * out what it cannot tell would be as wrong as one that counts it.
 */
export const MACHINES = [
  'too-soon',
  'head',
  'scanner',
  'privacy-proxy',
  'prefetch',
  'image-proxy',
  'all-links',
] as const;
export type Machine = (typeof MACHINES)[number];

/** A provider has a message seconds after it was made, a mailbox later still. Nobody reads it in that time. */
export const TOO_SOON_SECONDS = 10;

/** Programs that look at links before people do, or that run for nobody in particular. */
const SCANNERS =
  /bot\b|crawl|spider|slurp|preview|scanner|\bscan\b|barracuda|proofpoint|mimecast|urldefense|ciscosecureemail|ironport|forcepoint|fortiguard|fortimail|trendmicro|sophos|symantec|messagelabs|bitdefender|kaspersky|zscaler|netcraft|safelinks|ms-office|msoffice|microsoft office|skypeuripreview|facebookexternalhit|whatsapp\/|headlesschrome|phantomjs|python-requests|python-urllib|aiohttp|curl\/|wget\/|go-http-client|java\/|okhttp|apache-httpclient|libwww|node-fetch|axios\//i;

/** Apple Mail Privacy Protection fetches each image through a proxy that says no more than this. */
const PRIVACY_PROXY = /^Mozilla\/5\.0$/;
/** Gmail fetches images in an open session before the message is shown: https://www.sparkpost.com/blog/gmail-prefetching-images/ */
const PREFETCH = /Edge\/12\.246 Mozilla\/5\.0$/;
/** Mailboxes that fetch images for people. Most often when they open it, but it looks the same when nobody does. */
const IMAGE_PROXY = /GoogleImageProxy|YahooMailProxy|YahooCacheSystem/i;

export type Seen = { kind: 'click' | 'open'; method: string; userAgent: string; ageSeconds: number };

/** Undefined: by all that one request tells it was a person. What several tell together, reports find (`all-links`). */
export const machineOf = ({ kind, method, userAgent, ageSeconds }: Seen): Machine | undefined => {
  if (method === 'HEAD') return 'head';
  if (PRIVACY_PROXY.test(userAgent)) return kind === 'open' ? 'privacy-proxy' : 'scanner';
  if (PREFETCH.test(userAgent)) return 'prefetch';
  if (IMAGE_PROXY.test(userAgent)) return 'image-proxy';
  if (userAgent.trim() === '' || SCANNERS.test(userAgent)) return 'scanner';
  if (ageSeconds < TOO_SOON_SECONDS) return 'too-soon';
  return undefined;
};
