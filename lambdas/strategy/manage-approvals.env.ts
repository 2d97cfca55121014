import * as z from 'zod/mini';
import { schedulesEnv } from '../adapters/schedules.env.ts';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  IDEMPOTENCY_TABLE: z.string(),
  RELEASE_MACHINE_ARN: z.string(),
  APPROVE_MACHINE_ARN: z.string(),
  PARTICIPANTS_QUEUE_URL: z.string(),
  ...schedulesEnv,
});
