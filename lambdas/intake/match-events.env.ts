import * as z from 'zod/mini';
import { sendQueuesEnv } from '../adapters/send-queues.ts';

export const env = z.object({
  DEFINITIONS_TABLE: z.string(),
  WINDOWS_TABLE: z.string(),
  EVENTS_STREAM: z.string(),
  ...sendQueuesEnv,
});
