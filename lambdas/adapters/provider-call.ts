import { customEndpoint, region, signedClient } from './signed-client.ts';

/** A call that hangs is given up well before the Lambda is, so that what it left unknown can still be noted. */
const TIMEOUT_MS = 13_000;

/** What a provider answers instead of a result. Without `status` nothing came back, and `code` is the socket's. */
export class ProviderError extends Error {
  readonly status: number | undefined;
  readonly code: string;
  readonly body: Record<string, unknown>;
  constructor(
    name: string,
    message: string,
    { status, code = '', body = {} }: { status?: number; code?: string; body?: Record<string, unknown> },
  ) {
    super(message);
    this.name = name;
    this.status = status;
    this.code = code;
    this.body = body;
  }
}

type Answer = Record<string, unknown>;

/**
 * A POST of JSON that is made once: a retry after a lost answer would send twice, unseen by the ledger. Throws ProviderError
 * when anything but 2xx comes back, or nothing. `exact` makes of the text what JSON can say without loss.
 */
export const postOnce = async (
  post: (signal: AbortSignal) => Promise<Response>,
  exact: (text: string) => string = (text) => text,
): Promise<Answer> => {
  let response: Response;
  let text: string;
  try {
    response = await post(AbortSignal.timeout(TIMEOUT_MS));
    text = await response.text();
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
    const { code = '' } = cause ?? {};
    throw new ProviderError(name, cause?.message ?? message, { code });
  }
  const { ok, status, headers } = response;
  const body = objectOf(exact(text));
  if (ok && body) return body;
  const type = headers.get('x-amzn-errortype') ?? String(body?.__type ?? body?.code ?? '');
  // As in `ns#ValidationException:http://…`: the name is in the middle.
  const name = type.replace(/:.*$/, '').replace(/^.*#/, '') || (ok ? 'NoJson' : `Http${status}`);
  const message = String(body?.message ?? body?.Message ?? text).slice(0, 300);
  throw new ProviderError(name, message, { ...(!ok && { status }), body: body ?? {} });
};

const objectOf = (text: string): Answer | undefined => {
  try {
    const value: unknown = JSON.parse(text || '{}');
    return typeof value === 'object' && value !== null ? (value as Answer) : undefined;
  } catch {
    return undefined;
  }
};

/** A service of AWS through which messages go: what signs for it, where it is, and the variable that says otherwise. */
export type ProviderService = { signingName: string; host: string; endpointVariable?: string };

/**
 * Calls of one service, signed. Of each provider Herald needs one operation; its SDK's client would add 20 to 50 KB to a
 * sender (decision 0003).
 */
export const providerCall = ({ signingName, host, endpointVariable = '' }: ProviderService) => {
  const client = signedClient(signingName, 0);
  const endpoint = process.env[endpointVariable] ?? customEndpoint ?? `https://${host}.${region}.amazonaws.com`;
  return (path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
    postOnce((signal) =>
      client.fetch(endpoint + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal,
      }),
    );
};
