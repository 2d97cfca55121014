import * as z from 'zod/mini';

export const env = z.object({
  TIMERS_TABLE: z.string(),
  PARTICIPANTS_QUEUE_URL: z.string(),
});
