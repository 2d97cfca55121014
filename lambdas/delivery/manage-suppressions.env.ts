import * as z from 'zod/mini';

export const env = z.object({
  CONTACTS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
});
