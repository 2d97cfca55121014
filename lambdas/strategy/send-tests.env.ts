import * as z from 'zod/mini';
import { sendQueuesEnv } from '../adapters/send-queues.ts';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  PROFILES_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  IDEMPOTENCY_TABLE: z.string(),
  ...sendQueuesEnv,
});
