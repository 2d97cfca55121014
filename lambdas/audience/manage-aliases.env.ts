import * as z from 'zod/mini';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  IDENTITIES_TABLE: z.string(),
  WINDOWS_TABLE: z.string(),
  IDENTITIES_STREAM: z.string(),
  AUDIT_TABLE: z.string(),
});
