import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  PROFILES_TABLE: z.string(),
  MEMBERSHIPS_TABLE: z.string(),
  LIST_MEMBERS_STREAM: z.string(),
  AUDIT_TABLE: z.string(),
  INTAKE_QUEUE_URL: z.string(),
  IDEMPOTENCY_TABLE: z.string(),
  WORK_BUCKET: z.string(),
  CHANGE_LIST_MACHINE_ARN: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
});
