import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  IDEMPOTENCY_TABLE: z.string(),
  WORK_BUCKET: z.string(),
  /** Address of the public door, without a slash at the end. */
  LINKS_URL: z.string(),
});
