import * as z from 'zod/mini';
import { sendBatchEnv } from './send-batch.env.ts';

export const env = z.object({
  ...sendBatchEnv,
  WEBHOOKS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  /** `allowed`: endpoints may be on this machine, which only the local cloud wants. */
  LOOPBACK_WEBHOOKS: z.enum(['allowed', 'refused']),
});
