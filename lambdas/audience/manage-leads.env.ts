import * as z from 'zod/mini';
import { leadPortsEnv } from './lead-ports.env.ts';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  PROFILES_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  ...leadPortsEnv,
});
