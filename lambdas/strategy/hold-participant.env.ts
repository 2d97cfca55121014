import * as z from 'zod/mini';

export const env = z.object({ PARTICIPANTS_TABLE: z.string() });
