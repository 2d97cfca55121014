import * as z from 'zod/mini';
import { sendBatchEnv } from './send-batch.env.ts';

export const env = z.object({
  ...sendBatchEnv,
  EMAIL_FROM: z.string(),
  EMAIL_CONFIGURATION_SET: z.string(),
});
