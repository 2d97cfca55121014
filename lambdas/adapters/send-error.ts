import type { SendResult } from '../../core/delivery/sender.ts';
import { ProviderError } from './provider-call.ts';

/**
 * How a client of the SDK sends: once, for a retry after a lost answer would send twice, unseen by the ledger. A call that
 * hangs is given up well before the Lambda is, so that what it left unknown can still be noted.
 */
export const ONCE = {
  maxAttempts: 1,
  cacheMiddleware: true,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
};

/** An exception of such a client, as the other providers' errors are. */
export const providerErrorOf = (error: unknown): ProviderError => {
  const { name, message, code, $metadata } = error as Error & {
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  return new ProviderError(name, message, { code: code ?? name, ...(status !== undefined && { status }) });
};

/** Errors of the socket that say that the request never left this machine. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'CredentialsProviderError',
]);
/** A gateway between us and the provider gave up waiting: the provider may have acted. */
const GATEWAY = new Set([502, 504]);

/**
 * Names of a 400 that is about our account all the same: credentials (AWS's "Common errors"), SESv2's AccountSuspended,
 * SendingPaused and MailFromDomainNotVerified, the ResourceNotFound of SMS (a pool that is gone), AccessDeniedByMeta.
 */
const OF_ACCOUNT = /denied|suspended|paused|notverified|notfound|unrecognizedclient|signature|authorized|expired/i;

/** What an error of a provider call says about its messages, where the channel knows no better. A fault of ours is thrown. */
export const resultOfError = (error: unknown): SendResult => {
  if (!(error instanceof ProviderError)) throw error;
  const { name, code, message, status } = error;
  const reason = `${name} ${code} ${message}`.trim();
  if (status === undefined) return { status: NEVER_SENT.has(code) ? 'retry' : 'unknown', reason, fault: 'down' };
  if (GATEWAY.has(status)) return { status: 'unknown', reason, fault: 'down' };
  // 400 and 413 are about the message; 401, 403 and 404 about our credentials and settings, which an operator mends.
  const ours = status === 400 || status === 413;
  const account = !ours || OF_ACCOUNT.test(name);
  const busy = status === 429 || /throttl|limit|quota/i.test(name);
  if (!account && !busy) return { status: 'refused', reason: 'provider-refused' };
  return { status: 'retry', reason, ...(!busy && { fault: status >= 500 ? 'down' : 'account' }) };
};

/** The same result for every message of a failed call. */
export const forAll = (messages: readonly { key: number }[], result: SendResult): Map<number, SendResult> =>
  new Map(messages.map(({ key }) => [key, result]));
