import * as z from 'zod/mini';

export const env = z.object({
  LINK_KEY_ARN: z.string(),
  DEFINITIONS_TABLE: z.string(),
  PROFILES_TABLE: z.string(),
  CONTACTS_TABLE: z.string(),
  CONSENTS_STREAM: z.string(),
  AUDIT_TABLE: z.string(),
  INTAKE_QUEUE_URL: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
});
