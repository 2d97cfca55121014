import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  PROFILES_TABLE: z.string(),
  DEVICES_TABLE: z.string(),
  PROFILES_STREAM: z.string(),
  AUDIT_TABLE: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
  INTAKE_QUEUE_URL: z.string(),
});
