import * as z from 'zod/mini';
import { walkPortsEnv } from './walk-ports.env.ts';

export const env = z.object({
  ...walkPortsEnv,
  FOLLOW_MACHINE_ARN: z.string(),
  SCHEDULE_MACHINE_ARN: z.string(),
  FAILURES_TABLE: z.string(),
  PARTICIPANTS_QUEUE_URL: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
});
