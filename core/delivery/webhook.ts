import * as z from 'zod/mini';

/** Where Herald tells another system what it has decided: one POST for each thing that happened. */
export const webhookEndpointInput = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(100)),
  description: z.optional(z.string().check(z.maxLength(1_000))),
  url: z.url().check(z.maxLength(2_048)),
  /** An endpoint that is not enabled gets nothing; what comes meanwhile is not kept for it. */
  enabled: z._default(z.boolean(), true),
});
export type WebhookEndpointInput = z.infer<typeof webhookEndpointInput>;

/** Definition of kind `webhook-endpoint`. Its secrets are not in it. */
export type WebhookEndpoint = WebhookEndpointInput & {
  id: string;
  version: number;
  createdBy: string;
  createdMs: number;
  /** Set when Herald disabled it itself: it had answered 410. */
  goneMs?: number;
};

/**
 * What signs deliveries, kept as it is, because an HMAC needs the key itself. `whsec_` and 32 random bytes in base64, as
 * Standard Webhooks writes secrets. `previous` signs as well until `previousUntilMs`, so that a receiver has time to change.
 */
export type WebhookSecrets = { current: string; previous?: string; previousUntilMs?: number };

export const ROTATION_MS = 86_400_000;

/** New secrets, of which the one before stays valid for a day; one that was rotated twice within it ends at once. */
export const rotated = ({ current }: WebhookSecrets, secret: string, nowMs: number): WebhookSecrets => ({
  current: secret,
  previous: current,
  previousUntilMs: nowMs + ROTATION_MS,
});

export const secretsAt = ({ current, previous, previousUntilMs = 0 }: WebhookSecrets, nowMs: number): string[] =>
  previous !== undefined && nowMs < previousUntilMs ? [current, previous] : [current];

/**
 * Body of one message of the webhook queue. `id` is the webhook-id, the same for every attempt and for whoever asks for it
 * again. What is sent is `{type, timestamp, data}`, as Standard Webhooks recommends.
 */
export type WebhookMessage = {
  endpointId: string;
  id: string;
  type: string;
  /** When the thing happened, epoch ms. */
  atMs: number;
  data: Record<string, unknown>;
};

export const bodyOf = ({ type, atMs, data }: WebhookMessage): string =>
  JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data });

export const PING = 'webhook.ping';

/** What is wrong with an address; `loopback`: http to this machine may be used, as on the local cloud. */
export const urlProblem = (url: string, loopback: boolean): string | undefined => {
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') return 'An address holds no user name and no password; deliveries are signed';
  if (protocol === 'https:') return undefined;
  if (protocol === 'http:' && loopback && isLoopbackHost(hostname)) return undefined;
  return 'Only https is delivered to';
};

export const isLoopbackHost = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
