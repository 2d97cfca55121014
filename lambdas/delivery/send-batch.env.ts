import * as z from 'zod/mini';
import { schedulesEnv } from '../adapters/schedules.env.ts';
import { sendQueuesEnv } from '../adapters/send-queues.ts';

/** What every sender reads; each channel adds its own. */
export const sendBatchEnv = {
  LEDGER_TABLE: z.string(),
  CONTACTS_TABLE: z.string(),
  PROFILES_TABLE: z.string(),
  DEFINITIONS_TABLE: z.string(),
  WORK_BUCKET: z.string(),
  OUTCOMES_STREAM: z.string(),
  FAILURES_TABLE: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
  TIMERS_TABLE: z.string(),
  ...schedulesEnv,
  LINK_KEY_ARN: z.string(),
  LINKS_URL: z.url(),
  METRICS_NAMESPACE: z.string(),
  ...sendQueuesEnv,
};
