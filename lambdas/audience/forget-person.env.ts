import * as z from 'zod/mini';
import { tablesByIdEnv } from './person-tables.ts';

export const env = z.object({
  ...tablesByIdEnv,
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
});
