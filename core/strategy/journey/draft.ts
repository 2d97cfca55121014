import { END_TEXTS } from './journey-text.ts';
import type { JourneyVersion } from './journey-version.ts';
import { clockAfter } from './logical-time.ts';
import type { EndReason, JourneyFacts, JourneyMoment, Participant, Step } from './participant.ts';

/** What one call of `advance` is about. */
export type Asked = { moment: JourneyMoment; facts: JourneyFacts; nowMs: number };

/** A participant on their way: as they now are, on this version, with what they have done in this call. */
export type Draft = { participant: Participant; version: JourneyVersion; steps: Step[] };

/** The version that somebody is on. Throws when it was not given: whoever asks has to load it. */
export const versionOf = ({ hash }: Participant, { current, own }: JourneyMoment): JourneyVersion => {
  const version = [current, own].find((one) => one?.hash === hash);
  if (!version) throw new RangeError(`The participant is on version ${hash}, which was not given`);
  return version;
};

/** So many of the newest steps are kept with the participant. */
const KEPT_STEPS = 12;

/** With one step more. */
export const noted = (
  { participant, version, steps }: Draft,
  done: Pick<Step, 'node' | 'kind' | 'way' | 'why' | 'atMs'>,
): Draft => {
  const step = participant.step + 1;
  const { node, way, atMs } = done;
  return {
    participant: { ...participant, step, steps: [...participant.steps, { step, node, way, atMs }].slice(-KEPT_STEPS) },
    version,
    steps: [...steps, { entry: participant.entry, step, hash: participant.hash, ...done }],
  };
};

/** Somebody goes on because of something that happened at `atMs`: an event (`key`), or the time having come. */
export const movedBy = (draft: Draft, atMs: number, key: string | undefined, nowMs: number): Draft => {
  const { hold: _left, ...participant } = draft.participant;
  const sinceMs = Math.max(atMs, participant.sinceMs);
  const consumed = sinceMs === participant.sinceMs ? participant.consumed : [];
  return {
    ...draft,
    participant: {
      ...participant,
      clockMs: clockAfter(atMs, participant.clockMs, nowMs),
      sinceMs,
      consumed: key === undefined ? consumed : [...consumed, key],
      seen: participant.seen.filter(([, seenMs, seenKey]) => seenMs >= sinceMs && seenKey !== key),
    },
  };
};

/** `atMs` is when it ended for the participant, `nowMs` when that was found out: what happened in between does not start it anew. */
export const ended = (
  draft: Draft,
  end: { reason: EndReason; detail?: string | undefined; why?: string },
  { atMs, nowMs }: { atMs: number; nowMs: number },
): Draft => {
  const { reason, detail, why = END_TEXTS[reason] } = end;
  const { node } = draft.participant;
  const kind = draft.version.nodes[node]?.kind ?? 'entry';
  const done = noted(draft, { node, kind, way: reason, why, atMs });
  const { hold: _left, ...participant } = done.participant;
  return {
    ...done,
    participant: {
      ...participant,
      state: 'over',
      seen: [],
      consumed: [],
      end: { reason, ...(detail !== undefined && { detail }), atMs: Math.max(nowMs, atMs) },
    },
  };
};
