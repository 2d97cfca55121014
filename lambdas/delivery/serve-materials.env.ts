import * as z from 'zod/mini';

export const env = z.object({ WORK_BUCKET: z.string() });
