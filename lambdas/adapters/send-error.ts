import type { SendResult } from '../../core/delivery/sender.ts';

/**
 * How clients of providers are made. A retry inside the SDK after a lost answer would send twice, unseen by the ledger. A
 * call that hangs ends after 13 s, well before the Lambda does, so that what it left unknown can still be noted.
 */
export const PROVIDER_CLIENT = {
  maxAttempts: 1,
  cacheMiddleware: true,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
};

/** Errors of the socket that say that the request never left this machine. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'CredentialsProviderError']);
/** A gateway between us and the provider gave up waiting: the provider may have acted. */
const GATEWAY = new Set([502, 504]);

/** What an exception of a provider call says about its messages, where the channel knows no better. */
export const resultOfError = (error: unknown): SendResult => {
  const {
    name = '',
    code = '',
    message = '',
    $metadata,
  } = error as Partial<Error> & {
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  const reason = `${name} ${code} ${message}`.trim();
  if (status === undefined) {
    return NEVER_SENT.has(code) || NEVER_SENT.has(name) ? { status: 'retry', reason } : { status: 'unknown', reason };
  }
  if (GATEWAY.has(status)) return { status: 'unknown', reason };
  // 400 and 413 are about the message; 401, 403 and 404 about our credentials and settings, which an operator mends.
  const ours = status === 400 || status === 413;
  return ours && !/throttl|limit|quota/i.test(name)
    ? { status: 'refused', reason: 'provider-refused' }
    : { status: 'retry', reason };
};

/** The same result for every message of a failed call. */
export const forAll = (messages: readonly { key: number }[], result: SendResult): Map<number, SendResult> =>
  new Map(messages.map(({ key }) => [key, result]));
