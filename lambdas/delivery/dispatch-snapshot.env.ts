import * as z from 'zod/mini';
import { schedulesEnv } from '../adapters/schedules.env.ts';
import { sendQueuesEnv } from '../adapters/send-queues.ts';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  WORK_BUCKET: z.string(),
  TIMERS_TABLE: z.string(),
  OUTCOMES_STREAM: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
  ...schedulesEnv,
  ...sendQueuesEnv,
});
