import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  WORK_BUCKET: z.string(),
  SAMPLE_MACHINE_ARN: z.string(),
});
