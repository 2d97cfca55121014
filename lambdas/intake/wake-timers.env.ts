import * as z from 'zod/mini';

export const env = z.object({
  TIMERS_TABLE: z.string(),
  INTAKE_QUEUE_URL: z.string(),
});
