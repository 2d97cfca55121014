import * as z from 'zod/mini';
import { sendQueuesEnv } from '../adapters/send-queues.ts';

export const env = z.object({ TIMERS_TABLE: z.string(), ...sendQueuesEnv });
