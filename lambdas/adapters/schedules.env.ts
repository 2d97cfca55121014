import * as z from 'zod/mini';

/** For the environment of whoever makes schedules at run time. */
export const schedulesEnv = {
  /** Name of the group that the schedules are made in. */
  SCHEDULE_GROUP: z.string(),
  /** What a schedule invokes. */
  WAKE_FUNCTION_ARN: z.string(),
  /** The role in which Scheduler invokes it. */
  WAKE_ROLE_ARN: z.string(),
  /** Where an invocation goes that Scheduler could not make within a day. */
  WAKE_DEAD_LETTERS_ARN: z.string(),
};
