import type { Stimulus } from '../../core/strategy/journey/participant.ts';
import { type Following, handedOver, isWornOut, LONGEST_LOOK_MS } from '../../core/strategy/journey/tracing.ts';
import type { ParticipantKey, StoredParticipant } from '../adapters/participants.ts';
import { type WalkPorts, walkParticipants } from './walk-participants.ts';

/** They are due, and stay where they are: the journey is paused, which ends with an answer to the token. */
const PAUSED_MS = 86_400_000;

/** The entry has ended, goes on in a version that is not traced, or is followed by another execution. The state machine ends on this name. */
export class ParticipationOver extends Error {
  override name = 'ParticipationOver';
}

/** `follower`: the number of the execution that asks. */
export type FollowTask = ParticipantKey & Following & { entry: number; follower: number };

/**
 * Moves a participant on who is due, and says where they rest now and until when (`dueMs`, epoch ms) to wait before it is asked again. An
 * execution that has followed for long has another one take its place. Throws ParticipationOver.
 * Running it twice is safe: see walk-participants.ts. What an attempt that died has saved and not published, the start of the next execution
 * included, is published by the next one, which finds nobody due any more, and maybe nobody to follow.
 */
export const followOnce = async (ports: WalkPorts, task: FollowTask): Promise<{ step: number; dueMs: number }> => {
  const { entry } = task;
  const { hold: before, pending, follower } = (await ofEntry(ports, task)).participant;
  const isDue = before && follower === task.follower && ports.now() >= before.dueMs;
  // Of whoever has left there is no later save, which would tell the lake what an attempt that died has not.
  if (isDue || pending || !before)
    await walkAlone(ports, task, isDue ? [{ kind: 'due', entry, step: before.step }] : []);
  const stored = await ofEntry(ports, task);
  const { hold, follower: now } = stored.participant;
  if (!hold || now !== task.follower) throw over(task);
  if (isWornOut(task, ports.now())) {
    await handOver(ports, task, stored);
    throw over(task);
  }
  const isHeldBack = hold.step === before?.step && ports.now() >= hold.dueMs;
  const lookMs = isHeldBack ? ports.now() + PAUSED_MS : hold.dueMs;
  return { step: hold.step, dueMs: Math.min(lookMs, ports.now() + LONGEST_LOOK_MS) };
};

/** The start of the next execution stands in the item before it is asked for: whoever finds it there asks for it. */
const handOver = async (ports: WalkPorts, task: FollowTask, stored: StoredParticipant): Promise<void> => {
  // As in hold-participant.ts: the state machine asks again, and then nothing is being published, or they have gone on.
  if (stored.participant.pending)
    throw new Error(`A participant of ${task.journeyId} has effects that are being published`);
  const isSaved = await ports.participants.save(keyOf(task), {
    ...stored,
    participant: handedOver(stored.participant),
  });
  if (!isSaved) throw new Error(`A participant of ${task.journeyId} was changed by somebody else`);
  await walkAlone(ports, task, []);
};

/** Publishes what is left to be, and moves them on. */
const walkAlone = async (ports: WalkPorts, task: FollowTask, stimuli: Stimulus[]): Promise<void> => {
  const failed = await walkParticipants(ports, [{ key: keyOf(task), stimuli, isRepeat: true }]);
  for (const error of failed.values()) throw error;
};

const keyOf = ({ profileId, journeyId }: FollowTask): ParticipantKey => ({ profileId, journeyId });

const ofEntry = async ({ participants }: WalkPorts, task: FollowTask): Promise<StoredParticipant> => {
  const [stored] = await participants.getMany([keyOf(task)]);
  if (stored?.participant.entry !== task.entry) throw over(task);
  return stored;
};

const over = ({ entry, journeyId }: FollowTask): ParticipationOver =>
  new ParticipationOver(`Entry ${entry} into ${journeyId} is not followed any more`);
