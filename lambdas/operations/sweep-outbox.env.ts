import * as z from 'zod/mini';
import { schedulesEnv } from '../adapters/schedules.env.ts';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  PROFILES_TABLE: z.string(),
  LEADS_TABLE: z.string(),
  STAGES_QUEUE_URL: z.string(),
  PARTICIPANTS_QUEUE_URL: z.string(),
  AUDIT_TABLE: z.string(),
  PROFILES_STREAM: z.string(),
  MEMBERSHIPS_TABLE: z.string(),
  LIST_MEMBERS_STREAM: z.string(),
  INTAKE_QUEUE_URL: z.string(),
  ...schedulesEnv,
  APPROVE_MACHINE_ARN: z.string(),
  RUN_MACHINE_ARN: z.string(),
  REPEAT_MACHINE_ARN: z.string(),
  RELEASE_MACHINE_ARN: z.string(),
  IMPORT_MACHINE_ARN: z.string(),
  CHANGE_LIST_MACHINE_ARN: z.string(),
  FIT_MACHINE_ARN: z.string(),
  EXPORT_MACHINE_ARN: z.string(),
  REFRESH_MACHINE_ARN: z.string(),
});
