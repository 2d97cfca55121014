import { lookup as resolve } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isLoopbackHost } from '../../core/delivery/webhook.ts';
import { retryAfterOf, type WebhookAnswer } from '../../core/delivery/webhook-attempt.ts';
import { isLoopbackAddress, isPublicAddress } from './public-address.ts';

/** As Standard Webhooks advises: from the first byte sent to the answer's status. */
const TIMEOUT_MS = 15_000;

/**
 * Posts JSON and tells what came back; never throws. Nothing but public addresses is connected to: each address that the name
 * resolves to is looked at when the connection is made, so a name that changes in between gains nothing. Redirects are not
 * followed, the answer's body is not read. `loopback`: this machine may be posted to, also without TLS.
 */
export const postWebhook = (
  url: string,
  headers: Record<string, string>,
  body: string,
  loopback: boolean,
  timeoutMs = TIMEOUT_MS,
): Promise<WebhookAnswer> => {
  const { protocol, hostname } = new URL(url);
  const isLocal = loopback && isLoopbackHost(hostname);
  const allows = (address: string) => isPublicAddress(address) || (isLocal && isLoopbackAddress(address));
  const literal = hostname.replace(/^\[|\]$/g, '');
  // An address in the place of a name is never looked up.
  if (isIP(literal) !== 0 && !allows(literal)) return Promise.resolve({ error: `${literal} is not a public address` });
  if (protocol !== 'https:' && !isLocal) return Promise.resolve({ error: 'Only https is delivered to' });
  const send = protocol === 'https:' ? requestHttps : requestHttp;

  return new Promise((answer) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const fail = (error: Error) =>
      answer({ error: signal.aborted ? `No answer within ${timeoutMs / 1_000} s` : error.message.slice(0, 300) });
    const length = String(Buffer.byteLength(body));
    const options = {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-length': length, 'user-agent': 'Herald' },
      lookup: guarded(allows),
      signal,
      agent: false as const,
    };
    const sent = send(url, options, (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      const retryAfterSeconds = retryAfterOf(answered['retry-after'], Date.now());
      answer({ status, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) });
      response.destroy();
    });
    sent.on('error', fail);
    // A receiver that changes the protocol (101) ends the exchange with neither an answer nor an error.
    sent.on('close', () => answer({ error: 'The connection was closed without an answer' }));
    sent.end(body);
  });
};

/** DNS of which every answer must be allowed: one private address among public ones is no accident. */
const guarded =
  (allows: (address: string) => boolean): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      const refused = error ? undefined : found.find(({ address }) => !allows(address));
      const [first] = found ?? [];
      if (error || refused || !first) {
        const why = refused
          ? `${hostname} is ${refused.address}, which is not a public address`
          : `No address of ${hostname}`;
        callback(error ?? new Error(why), '', 0);
      } else if (options.all) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
