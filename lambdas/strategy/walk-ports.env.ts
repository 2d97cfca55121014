import * as z from 'zod/mini';
import { schedulesEnv } from '../adapters/schedules.env.ts';
import { sendQueuesEnv } from '../adapters/send-queues.ts';

/** For the environment of whoever moves participants on: see walk-ports.ts. */
export const walkPortsEnv = {
  DEFINITIONS_TABLE: z.string(),
  PARTICIPANTS_TABLE: z.string(),
  PROFILES_TABLE: z.string(),
  CONTACTS_TABLE: z.string(),
  MEMBERSHIPS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
  TIMERS_TABLE: z.string(),
  ...schedulesEnv,
  PARTICIPANT_STEPS_STREAM: z.string(),
  PROFILES_STREAM: z.string(),
  INTAKE_QUEUE_URL: z.string(),
  ...sendQueuesEnv,
};
