import * as z from 'zod/mini';
import { schedulesEnv } from '../adapters/schedules.env.ts';

/** For the environment of whoever changes leads: see change-lead.ts. */
export const leadPortsEnv = {
  LEADS_TABLE: z.string(),
  TIMERS_TABLE: z.string(),
  STAGES_QUEUE_URL: z.string(),
  /** Of the schedules that wake timers. */
  ...schedulesEnv,
};
