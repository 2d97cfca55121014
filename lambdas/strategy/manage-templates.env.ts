import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  PROFILES_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  IDEMPOTENCY_TABLE: z.string(),
  APPROVE_MACHINE_ARN: z.string(),
});
