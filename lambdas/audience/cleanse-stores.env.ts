import * as z from 'zod/mini';
import { personTablesEnv } from './person-tables.ts';

export const env = z.object({
  ...personTablesEnv,
  IDEMPOTENCY_TABLE: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
  LAKE_BUCKET: z.string(),
  WORK_BUCKET: z.string(),
  ATHENA_WORK_GROUP: z.string(),
  GLUE_DATABASE: z.string(),
});
