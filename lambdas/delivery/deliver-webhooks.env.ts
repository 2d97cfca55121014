import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  WEBHOOKS_TABLE: z.string(),
  FAILURES_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  /** Of the queue that it consumes. */
  OWN_QUEUE_URL: z.string(),
  /** Whether endpoints on the machine itself are delivered to, also without TLS. */
  LOOPBACK_WEBHOOKS: z.enum(['allowed', 'refused']),
});
