import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  RUN_MACHINE_ARN: z.string(),
  RELEASE_MACHINE_ARN: z.string(),
});
