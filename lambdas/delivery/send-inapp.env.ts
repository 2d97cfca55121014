import * as z from 'zod/mini';
import { sendBatchEnv } from './send-batch.env.ts';

export const env = z.object({
  ...sendBatchEnv,
  INBOX_TABLE: z.string(),
});
