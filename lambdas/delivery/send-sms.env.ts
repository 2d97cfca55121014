import * as z from 'zod/mini';
import { sendBatchEnv } from './send-batch.env.ts';

export const env = z.object({
  ...sendBatchEnv,
  SMS_ORIGINATION: z.string(),
  /** What is sent with it is heard of later (see lib/delivery/receipts.ts). */
  SMS_CONFIGURATION_SET: z.optional(z.string()),
});
