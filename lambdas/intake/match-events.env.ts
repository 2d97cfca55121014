import * as z from 'zod/mini';
import { sendQueuesEnv } from '../adapters/send-queues.ts';
import { leadPortsEnv } from '../audience/lead-ports.env.ts';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  WORK_BUCKET: z.string(),
  PROFILES_TABLE: z.string(),
  CONTACTS_TABLE: z.string(),
  WINDOWS_TABLE: z.string(),
  IDENTITIES_TABLE: z.string(),
  ERASURES_TABLE: z.string(),
  ERASURE_KEY_ARN: z.string(),
  EVENTS_STREAM: z.string(),
  IDENTITIES_STREAM: z.string(),
  MEMBERSHIPS_TABLE: z.string(),
  SEGMENT_MEMBERS_STREAM: z.string(),
  INTAKE_QUEUE_URL: z.string(),
  PARTICIPANTS_QUEUE_URL: z.string(),
  METRICS_NAMESPACE: z.string(),
  FAILURES_TABLE: z.string(),
  ...leadPortsEnv,
  ...sendQueuesEnv,
});
