import type { Participant } from '../../core/strategy/journey/participant.ts';
import { type WalkPorts, walkParticipants } from './walk-participants.ts';

/** They are due, and stay where they are: the journey is paused, which ends with an answer to the token. */
const PAUSED_MS = 86_400_000;

/** The entry has ended, or goes on in a version that is not traced: there is nobody to follow. The state machine ends on this name. */
export class ParticipationOver extends Error {
  override name = 'ParticipationOver';
}

export type FollowTask = { profileId: string; journeyId: string; entry: number };

/**
 * Moves a participant on who is due, and says where they rest now and until when (`dueMs`, epoch ms) to wait. Throws ParticipationOver.
 * Running it twice is safe: see walk-participants.ts. What an attempt that died has saved and not published is published by the next
 * one, which finds nobody due any more, and maybe nobody inside.
 */
export const followOnce = async (ports: WalkPorts, task: FollowTask): Promise<{ step: number; dueMs: number }> => {
  const { entry, ...key } = task;
  const { hold: before, followed, pending } = await ofEntry(ports, task);
  const isDue = before && followed && ports.now() >= before.dueMs;
  if (isDue || pending) {
    const stimuli = isDue ? [{ kind: 'due' as const, entry, step: before.step }] : [];
    const failed = await walkParticipants(ports, [{ key, stimuli, isRepeat: true }]);
    for (const error of failed.values()) throw error;
  }
  const { hold, followed: isFollowed } = await ofEntry(ports, task);
  if (!hold || !isFollowed) throw over(task);
  const isHeldBack = hold.step === before?.step && ports.now() >= hold.dueMs;
  return { step: hold.step, dueMs: isHeldBack ? ports.now() + PAUSED_MS : hold.dueMs };
};

const ofEntry = async ({ participants }: WalkPorts, task: FollowTask): Promise<Participant> => {
  const { entry, ...key } = task;
  const [stored] = await participants.getMany([key]);
  if (stored?.participant.entry !== entry) throw over(task);
  return stored.participant;
};

const over = ({ entry, journeyId }: FollowTask): ParticipationOver =>
  new ParticipationOver(`Entry ${entry} into ${journeyId} is not followed any more`);
