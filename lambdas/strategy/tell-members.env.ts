import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  WORK_BUCKET: z.string(),
  PARTICIPANTS_QUEUE_URL: z.string(),
});
