import * as z from 'zod/mini';
import { leadPortsEnv } from './lead-ports.env.ts';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  IDENTITIES_TABLE: z.string(),
  WINDOWS_TABLE: z.string(),
  MEMBERSHIPS_TABLE: z.string(),
  INTAKE_QUEUE_URL: z.string(),
  IDENTITIES_STREAM: z.string(),
  AUDIT_TABLE: z.string(),
  ...leadPortsEnv,
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
});
