import * as z from 'zod/mini';

export const env = z.object({
  LINK_KEY_ARN: z.string(),
  OUTCOMES_STREAM: z.string(),
  LEDGER_TABLE: z.string(),
  INTAKE_QUEUE_URL: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
});
