import * as z from 'zod/mini';
import { schedulesEnv } from '../adapters/schedules.env.ts';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
  PROFILES_TABLE: z.string(),
  CONTACTS_TABLE: z.string(),
  MEMBERSHIPS_TABLE: z.string(),
  TIMERS_TABLE: z.string(),
  INTAKE_QUEUE_URL: z.string(),
  SEGMENT_MEMBERS_STREAM: z.string(),
  METRICS_NAMESPACE: z.string(),
  WORK_BUCKET: z.string(),
  ...schedulesEnv,
});
