import * as z from 'zod/mini';
import { schedulesEnv } from '../adapters/schedules.env.ts';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  WEBHOOK_QUEUE_URL: z.string(),
  METRICS_NAMESPACE: z.string(),
  RUN_MACHINE_ARN: z.string(),
  REPEAT_MACHINE_ARN: z.string(),
  RELEASE_MACHINE_ARN: z.string(),
  PARTICIPANTS_QUEUE_URL: z.string(),
  ...schedulesEnv,
});
