import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  WORK_BUCKET: z.string(),
  GLUE_DATABASE: z.string(),
});
