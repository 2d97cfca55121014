import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  INTAKE_QUEUE_URL: z.string(),
});
