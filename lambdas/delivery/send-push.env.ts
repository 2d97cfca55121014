import * as z from 'zod/mini';
import { sendBatchEnv } from './send-batch.env.ts';

export const env = z.object({
  ...sendBatchEnv,
  PUSH_APPLICATION_ID: z.string(),
  DEVICES_TABLE: z.string(),
  PROFILES_STREAM: z.string(),
});
