import * as z from 'zod/mini';

export const env = z.object({
  CONTACTS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  OUTCOMES_STREAM: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
  DEFINITIONS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  FAILURES_TABLE: z.string(),
  METRICS_NAMESPACE: z.string(),
  INTAKE_QUEUE_URL: z.string(),
});
