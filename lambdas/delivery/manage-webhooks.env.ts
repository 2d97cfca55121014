import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  WEBHOOKS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  WEBHOOK_QUEUE_URL: z.string(),
  /** Whether an endpoint may be on the machine itself, also without TLS. */
  LOOPBACK_WEBHOOKS: z.enum(['allowed', 'refused']),
});
