import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  PARTICIPANTS_TABLE: z.string(),
  PROFILES_TABLE: z.string(),
  CONTACTS_TABLE: z.string(),
  MEMBERSHIPS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  IDEMPOTENCY_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  PARTICIPANTS_QUEUE_URL: z.string(),
  RELEASE_MACHINE_ARN: z.string(),
  APPROVE_MACHINE_ARN: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
});
