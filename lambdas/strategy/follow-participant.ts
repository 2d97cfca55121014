import type { Participant } from '../../core/strategy/journey/participant.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './follow-participant.env.ts';
import { walkParticipants } from './walk-participants.ts';
import { walkPorts } from './walk-ports.ts';

/** They are due, and stay where they are: the journey is paused, which ends with an answer to the token. */
const PAUSED_MS = 86_400_000;

// The token that a participant may still have is that of this execution, which does not wait with it any more; and it follows them.
const followers = { follow: async () => {}, wake: async () => {} };
const ports = walkPorts(readEnv(env), followers);

/** The entry has ended, or goes on in a version that is not traced: there is nobody to follow. The state machine ends on this name. */
class ParticipationOver extends Error {
  override name = 'ParticipationOver';
}

type Task = { profileId: string; journeyId: string; entry: number };

/**
 * Task of follow-participant: moves a participant on who is due, and says where they rest now and until when (`dueMs`, epoch ms) to wait.
 * Throws ParticipationOver. Running it twice is safe: see walk-participants.ts.
 */
export const handler = async (task: Task): Promise<{ step: number; dueMs: number }> => {
  const { entry, ...key } = task;
  const before = await inside(task);
  const { step, dueMs } = before.hold;
  if (Date.now() >= dueMs) {
    const stimuli = [{ kind: 'due' as const, entry, step }];
    const failed = await walkParticipants(ports, [{ key, stimuli, isRepeat: true }]);
    for (const error of failed.values()) throw error;
  }
  const { hold } = await inside(task);
  return {
    step: hold.step,
    dueMs: hold.step === step && Date.now() >= hold.dueMs ? Date.now() + PAUSED_MS : hold.dueMs,
  };
};

const inside = async ({ entry, ...key }: Task): Promise<Participant & Required<Pick<Participant, 'hold'>>> => {
  const [stored] = await ports.participants.getMany([key]);
  const participant = stored?.participant;
  if (!participant?.hold || participant.entry !== entry || !participant.followed) {
    throw new ParticipationOver(`Entry ${entry} of ${key.profileId} in ${key.journeyId} is not followed any more`);
  }
  return { ...participant, hold: participant.hold };
};
