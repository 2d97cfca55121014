import * as z from 'zod/mini';

export const env = z.object({
  INTAKE_QUEUE_URL: z.string(),
});
