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
  const { token, follower, ...rest } = after;
  const follows = isTraced && after.state === 'inside';
  const isFollowed = follower !== undefined;
  const effects: Effect[] = [
    ...(token === undefined ? [] : [{ kind: 'wake' as const, token }]),
    ...(follows && !isFollowed ? [{ kind: 'follow' as const, entry: after.entry, follower: after.version }] : []),
  ];
  return {
    ...rest,
    ...(follows && { follower: isFollowed ? follower : after.version }),
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

/**
 * An execution of Step Functions has 25,000 events of history and a year, and then fails. A wait writes about eleven events: a thousand
 * leave room for 4,000 attempts that failed. It looks again after a month at the latest, so it lasts for two.
 */
const MAX_WAITS = 1_000;
export const LONGEST_LOOK_MS = 30 * 86_400_000;

/** How long an execution has followed somebody: the waits it has begun, and when it was started (epoch ms). */
export type Following = { waits: number; startedMs: number };

/** Whether another execution is to go on, before this one comes to its limits. */
export const isWornOut = ({ waits, startedMs }: Following, nowMs: number): boolean =>
  waits >= MAX_WAITS || nowMs - startedMs >= LONGEST_LOOK_MS;

/** As they are saved when another execution is to follow them. The one before waits with no token then, and has nobody to follow. */
export const handedOver = ({ token: _answered, ...participant }: Participant): Participant => {
  const { entry, version: follower } = participant;
  return { ...participant, follower, pending: [{ kind: 'follow', entry, follower }] };
};
