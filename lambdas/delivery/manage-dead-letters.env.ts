import * as z from 'zod/mini';

export const env = z.object({
  /** URLs of the dead-letter queues of queues, by name, as JSON. */
  DEAD_LETTERS: z.string(),
  /** The same of those to which functions and schedules write what failed. */
  FAILED_INVOCATIONS: z.string(),
  /** ARNs of the queues for which topics and rules, too, put letters into the dead-letter queue of this name, as JSON. */
  UNDELIVERED: z.string(),
  FAILURES_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  /** The only one that a schedule starts. */
  CLEANSE_MACHINE_ARN: z.string(),
});
