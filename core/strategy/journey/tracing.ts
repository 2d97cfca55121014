import type { Advanced, Effect, JourneyMoment, Participant } from './participant.ts';

/** Whether whoever waits for the participant waits for something else now. */
const hasMoved = (before: Participant | undefined, after: Participant): boolean =>
  before?.entry !== after.entry ||
  before.state !== after.state ||
  before.hold?.step !== after.hold?.step ||
  before.hold?.dueMs !== after.hold?.dueMs;

/**
 * The participant as they are to be saved, with what an execution must be told that follows them: that they have gone on, if it waits with
 * a token, and that there is somebody to follow. `isTraced`: the version that they are on is one whose participants are followed. What is told
 * waits with the other effects, for an execution that is never told waits until its old time.
 */
export const withTracing = (before: Participant | undefined, after: Participant, isTraced: boolean): Participant => {
  if (!hasMoved(before, after)) return after;
  const { token, followed, ...rest } = after;
  const follows = isTraced && after.state === 'inside';
  const effects: Effect[] = [
    ...(token === undefined ? [] : [{ kind: 'wake' as const, token }]),
    ...(follows && !followed ? [{ kind: 'follow' as const, entry: after.entry, step: after.step }] : []),
  ];
  return {
    ...rest,
    ...(follows && { followed: true as const }),
    ...(effects.length > 0 && { pending: [...(after.pending ?? []), ...effects] }),
  };
};

/** `advanced` where whoever follows them is an execution: that needs no timer. Without a change there is nothing to tell. */
export const traced = (
  before: Participant | undefined,
  advanced: Advanced,
  { current, own }: Pick<JourneyMoment, 'current' | 'own'>,
): Advanced => {
  const { participant, wake, ...rest } = advanced;
  if (!participant) return advanced;
  const isTraced = [current, own].find((version) => version?.hash === participant.hash)?.hold === 'traced';
  const told = participant === before ? participant : withTracing(before, participant, isTraced);
  return { ...rest, participant: told, ...(wake && !isTraced && { wake }) };
};
