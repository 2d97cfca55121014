import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  PROFILES_TABLE: z.string(),
  MEMBERSHIPS_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  REFRESH_MACHINE_ARN: z.string(),
});
