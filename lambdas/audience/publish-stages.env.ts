import * as z from 'zod/mini';

export const env = z.object({
  LEADS_TABLE: z.string(),
  PROFILES_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  FAILURES_TABLE: z.string(),
  PROFILES_STREAM: z.string(),
  LEAD_STAGES_STREAM: z.string(),
  INTAKE_QUEUE_URL: z.string(),
  WEBHOOK_QUEUE_URL: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
});
