import type { Follow } from '../../core/strategy/journey/participants-message.ts';
import { sendAll } from '../adapters/queues.ts';
import { readEnv } from '../middleware/read-env.ts';
import { type FollowTask, followOnce } from './follow-once.ts';
import { env } from './follow-participant.env.ts';
import type { EffectPorts } from './publish-effects.ts';
import { walkPorts } from './walk-ports.ts';

const environment = readEnv(env);
const followers: Pick<EffectPorts, 'follow' | 'wake'> = {
  // A state machine cannot name itself in what its functions may start, so whoever takes the queue starts it.
  follow: (key, entry, follower) => {
    const message: Follow = { kind: 'follow', ...key, entry, follower };
    return sendAll(environment.PARTICIPANTS_QUEUE_URL, [{ body: message, group: key.journeyId }]);
  },
  // The token that a participant may still have is that of this execution, which does not wait with it any more.
  wake: async () => {},
};
const ports = walkPorts(environment, followers);

/** Task of follow-participant: see follow-once.ts. */
export const handler = (task: FollowTask): Promise<{ step: number; dueMs: number }> => followOnce(ports, task);
