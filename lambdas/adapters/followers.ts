import { createHash } from 'node:crypto';
import type { ParticipantKey } from './participants.ts';

/**
 * The executions of follow-participant. Step Functions is loaded for those who are traced only. Asking for the same one again is
 * harmless, for it has a name; so is an answer to a token that nobody waits with any more.
 */
export const executionsOf = (machineArn: string) => ({
  async follow({ profileId, journeyId }: ParticipantKey, entry: number, follower: number): Promise<void> {
    const { startExecution } = await import('./executions.ts');
    // A name has 80 characters of a few kinds, an id of a person may be anything.
    const person = createHash('sha256').update(profileId).digest('hex').slice(0, 16);
    const input = { profileId, journeyId, entry, follower };
    await startExecution(machineArn, `${journeyId}-${person}-${entry}-${follower}`, input);
  },

  async wake(token: string): Promise<void> {
    const { sendTaskSuccess } = await import('./executions.ts');
    await sendTaskSuccess(token, {});
  },
});
