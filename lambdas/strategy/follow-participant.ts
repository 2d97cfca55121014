import { readEnv } from '../middleware/read-env.ts';
import { type FollowTask, followOnce } from './follow-once.ts';
import { env } from './follow-participant.env.ts';
import { walkPorts } from './walk-ports.ts';

// The token that a participant may still have is that of this execution, which does not wait with it any more; and it follows them.
const followers = { follow: async () => {}, wake: async () => {} };
const ports = walkPorts(readEnv(env), followers);

/** Task of follow-participant: see follow-once.ts. */
export const handler = (task: FollowTask): Promise<{ step: number; dueMs: number }> => followOnce(ports, task);
