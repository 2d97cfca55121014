import * as z from 'zod/mini';
import { personTablesEnv } from './person-tables.ts';

export const env = z.object({
  ...personTablesEnv,
  WORK_BUCKET: z.string(),
  ATHENA_WORK_GROUP: z.string(),
  GLUE_DATABASE: z.string(),
});
