import * as z from 'zod/mini';
import { walkPortsEnv } from './walk-ports.env.ts';

export const env = z.object({ ...walkPortsEnv, PARTICIPANTS_QUEUE_URL: z.string() });
