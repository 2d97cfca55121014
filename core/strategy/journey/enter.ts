import { heldOutAtEntry } from './choices.ts';
import { type Asked, type Draft, noted } from './draft.ts';
import { withGoalsAndExits } from './goals-and-exits.ts';
import { timeText } from './journey-text.ts';
import type { JourneyVersion } from './journey-version.ts';
import { clockAfter, eventKey, happenedMs } from './logical-time.ts';
import type { EntryEvent, Participant, RefusedReason, Stimulus } from './participant.ts';
import { type Walked, walk } from './walk.ts';

/** Somebody who has never entered. */
export const nobodyYet = (hash: string): Participant => ({
  version: 0,
  entry: 0,
  hash,
  state: 'over',
  node: '',
  step: 0,
  clockMs: 0,
  sinceMs: 0,
  enteredMs: 0,
  seen: [],
  consumed: [],
  arms: {},
  goals: {},
  steps: [],
});

/** Lets somebody in, or says why not. The same event lets them in once, whenever and however often it is told. */
export const enter = (
  asked: Asked,
  before: Participant | undefined,
  { event, isAsked }: Omit<Extract<Stimulus, { kind: 'enter' }>, 'kind'>,
): Walked | { refused: RefusedReason } => {
  const { moment, facts, nowMs } = asked;
  const { current } = moment;
  const refused = refusedByTime(asked, before, event, isAsked);
  if (refused) return { refused };
  const heldOut = heldOutAtEntry(current.journeyId, current.holdoutPercent, moment.profileId, facts);
  // Who is held out is so before anything else is asked, so that they compare with those who are not.
  if (heldOut && before && (before.entry > 0 || before.end)) return { refused: 'held-out' };
  const ineligible = heldOut ? undefined : refusedByRule(current, before, event);
  if (ineligible) return { refused: ineligible };

  const fresh = begun(asked, before, event, heldOut ? 0 : (before?.entry ?? 0) + 1);
  const draft: Draft = { participant: fresh, version: current, steps: [] };
  const at = { node: '', kind: 'entry', atMs: fresh.clockMs };
  if (heldOut) {
    const done = noted(draft, { ...at, way: 'held-out', why: heldOut.why });
    const end = { reason: 'held-out' as const, detail: heldOut.of, atMs: Math.max(nowMs, fresh.clockMs) };
    return { ...done, participant: { ...done.participant, state: 'over', seen: [], consumed: [], end } };
  }
  const why = `${event.type} at ${timeText(happenedMs(event))}`;
  let entered = noted(draft, { ...at, way: current.entry.by, why });
  for (const [pattern, atMs, key] of fresh.seen) {
    entered = withGoalsAndExits(entered, { patterns: [pattern], atMs, key }, nowMs);
    if (entered.participant.state === 'over') return entered;
  }
  return walk(asked, entered, current.start);
};

/**
 * An event lets in who was outside when it happened. By its time, not by when it is handled: told again after the end, an event from
 * before is still refused.
 */
const refusedByTime = (
  { moment: { state, sinceMs, current }, nowMs }: Asked,
  before: Participant | undefined,
  event: EntryEvent,
  isAsked: true | undefined,
): RefusedReason | undefined => {
  const atMs = happenedMs(event);
  if (state === 'stopped') return 'stopped';
  if (state === 'paused') return 'paused';
  if (atMs < sinceMs && !isAsked) return 'before-live';
  if (nowMs > atMs + current.entry.maxLatenessMs) return 'too-late';
  if (before?.state === 'inside') return 'inside';
  if (!before?.end || before.entry === 0) return undefined;
  // By a clock that is behind the one that told it they may have left before it happened.
  const isTheirs = before.event?.id === event.id && before.event.source === event.source;
  return isTheirs || atMs <= before.end.atMs ? 'inside' : undefined;
};

const refusedByRule = (
  { reentry }: JourneyVersion,
  before: Participant | undefined,
  event: EntryEvent,
): RefusedReason | undefined => {
  if (!before || before.entry === 0) return undefined;
  if (!reentry) return 'once-only';
  if (happenedMs(event) < before.enteredMs + (reentry.afterMs ?? 0)) return 'too-soon';
  return before.entry >= (reentry.atMost ?? Number.POSITIVE_INFINITY) ? 'often-enough' : undefined;
};

/** At the door: nothing of an earlier participation is left but how often, what chance decided, and what has come before its time. */
const begun = (
  { moment: { current }, nowMs }: Asked,
  before: Participant | undefined,
  event: EntryEvent,
  entry: number,
): Participant => {
  const sinceMs = happenedMs(event);
  const clockMs = clockAfter(sinceMs, 0, nowMs);
  return {
    ...nobodyYet(current.hash),
    ...(before && { version: before.version, arms: before.arms }),
    ...(before?.pending && { pending: before.pending }),
    ...(before?.token && { token: before.token }),
    ...{ entry, state: 'inside', clockMs, sinceMs, enteredMs: clockMs },
    seen: (before?.seen ?? []).filter(([, atMs]) => atMs >= sinceMs),
    consumed: [eventKey(event)],
    event: pruned(event, current.properties),
  };
};

const pruned = (
  { id, type, source, timeMs, receivedMs, properties }: EntryEvent,
  kept: JourneyVersion['properties'],
): EntryEvent => ({
  ...{ id, type, source, timeMs, receivedMs },
  properties:
    kept === 'all'
      ? properties
      : Object.fromEntries(Object.entries(properties).filter(([name]) => kept.includes(name))),
});
