import { participants } from '../adapters/participants.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './hold-participant.env.ts';

const states = participants(readEnv(env).PARTICIPANTS_TABLE);

/** They have gone on since, or another execution follows them: there is nothing to wait for. The state machine goes on at this name. */
class ParticipantMoved extends Error {
  override name = 'ParticipantMoved';
}

type Task = { profileId: string; journeyId: string; entry: number; follower: number; step: number; taskToken: string };

/**
 * Task of follow-participant, which waits after it: puts the task token on the participant, where whoever moves them on finds it. Throws
 * ParticipantMoved. Running it twice is safe: the state machine waits for the token of the last attempt, and that is kept.
 */
export const handler = async ({ entry, follower, step, taskToken, ...key }: Task): Promise<void> => {
  const stored = await states.get(key);
  const { participant } = stored ?? {};
  const isThere = participant?.entry === entry && participant.follower === follower && participant.hold?.step === step;
  if (!stored || !isThere) {
    throw new ParticipantMoved(`Somebody does not rest at step ${entry}.${step} of ${key.journeyId} any more`);
  }
  // A new version of the item keeps them for whoever comes next, which may be after weeks: an old change of the profile would be made again.
  if (participant.pending) throw new Error(`A participant of ${key.journeyId} has effects that are being published`);
  const isSaved = await states.save(key, { ...stored, participant: { ...participant, token: taskToken } });
  // The state machine asks again, and then they may have gone on.
  if (!isSaved) throw new Error(`A participant of ${key.journeyId} was changed by somebody else`);
};
