import { createHmac } from 'node:crypto';

/**
 * Headers of a delivery by Standard Webhooks 1.0.0 (https://github.com/standard-webhooks/standard-webhooks, spec): the HMAC-SHA256 of
 * `id.timestamp.body` under each secret, the newest first, as `v1,<base64>` with blanks between. The timestamp is that of
 * the attempt, in seconds. `secrets` are `whsec_` and base64. Ids must not have a full stop; ULIDs have none.
 */
export const signedHeaders = (
  { id, body }: { id: string; body: string },
  secrets: readonly string[],
  nowMs: number,
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> => {
  const seconds = String(Math.floor(nowMs / 1_000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signatures.join(' ') };
};
