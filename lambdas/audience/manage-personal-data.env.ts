import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  IDENTITIES_TABLE: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
  AUDIT_TABLE: z.string(),
  IDEMPOTENCY_TABLE: z.string(),
  WORK_BUCKET: z.string(),
  EXPORT_MACHINE_ARN: z.string(),
  ERASE_MACHINE_ARN: z.string(),
  CLEANSE_MACHINE_ARN: z.string(),
});
