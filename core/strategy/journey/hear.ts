import { type Asked, type Draft, movedBy, noted, versionOf } from './draft.ts';
import { nobodyYet } from './enter.ts';
import { type Heard, withGoalsAndExits } from './goals-and-exits.ts';
import type { JourneyVersion, PatternId } from './journey-version.ts';
import { eventKey, happenedMs } from './logical-time.ts';
import type { Participant, SeenEvent, Stimulus } from './participant.ts';
import { withSeen } from './seen-events.ts';
import { eventWay } from './waits.ts';
import { type Walked, walk } from './walk.ts';

export const heardOf = ({ patterns, event }: Extract<Stimulus, { kind: 'event' }>): Heard => ({
  patterns,
  atMs: happenedMs(event),
  key: eventKey(event),
});

const seenAs = ({ atMs, key }: Heard, patterns: readonly PatternId[]): SeenEvent[] =>
  patterns.map((pattern) => [pattern, atMs, key]);

/**
 * An event of somebody who is outside: it may reach a goal of the participation that is over, and it may belong to one whose entry
 * has not been handled yet, so it is remembered. Undefined: neither.
 */
export const hearOutside = (asked: Asked, participant: Participant | undefined, heard: Heard): Draft | undefined => {
  const { current } = asked.moment;
  const known = participant?.event
    ? { participant, version: versionOf(participant, asked.moment), steps: [] }
    : undefined;
  const draft = known && withGoalsAndExits(known, heard, asked.nowMs);
  const before = draft?.participant ?? participant ?? nobodyYet(current.hash);
  const early = mayEnterBefore(asked, before, heard) ? heard.patterns.filter((one) => current.early.includes(one)) : [];
  const seen = early.length > 0 ? withSeen(before.seen, seenAs(heard, early)) : before.seen;
  if (seen === before.seen) return draft === known ? undefined : draft;
  // What no entry can ask for any more makes room.
  const recent = seen.filter(([, atMs]) => atMs >= asked.nowMs - current.entry.maxLatenessMs);
  return { participant: { ...before, seen: recent }, version: draft?.version ?? current, steps: draft?.steps ?? [] };
};

/** Whether an entry is possible that happened no later than this event, and has not been handled. */
const mayEnterBefore = (
  { moment: { state, sinceMs, current }, nowMs }: Asked,
  { entry, end }: Participant,
  { atMs }: Heard,
): boolean => {
  if (state !== 'live' || atMs < sinceMs || nowMs > atMs + current.entry.maxLatenessMs) return false;
  return entry === 0 ? !end : current.reentry !== undefined && atMs > (end?.atMs ?? 0);
};

/** An event of somebody who rests inside: what they wait for, or what a later wait may want. While paused nobody moves. */
export const hearInside = (asked: Asked, draft: Draft, heard: Heard): Walked => {
  const { participant, version } = draft;
  const { hold, node: id, sinceMs, consumed } = participant;
  const { atMs, key } = heard;
  if (!hold || consumed.includes(key) || hold.met?.key === key) return draft;
  const node = version.nodes[id];
  const isWaiting = node?.kind === 'wait-for-event' && !hold.isUnasked;
  const branch = isWaiting ? node.events.findIndex(({ pattern }) => heard.patterns.includes(pattern)) : -1;
  const isWanted = branch >= 0 && atMs >= sinceMs && atMs <= hold.dueMs;
  if (isWanted && asked.moment.state === 'live') return byEvent(asked, draft, { branch, atMs, key });
  if (isWanted && !hold.met)
    return { ...draft, participant: { ...participant, hold: { ...hold, met: { branch, atMs, key } } } };
  // Whoever rests until a time begins no wait for what happened before that time.
  if (atMs < (isWaiting || hold.isUnasked ? sinceMs : hold.dueMs)) return draft;
  const { current } = asked.moment;
  const wanted = heard.patterns.filter((one) => awaitedIn(version).has(one) || awaitedIn(current).has(one));
  const seen = withSeen(participant.seen, seenAs(heard, wanted));
  return seen === participant.seen ? draft : { ...draft, participant: { ...participant, seen } };
};

/** The event that a wait waits for has come. */
export const byEvent = (asked: Asked, draft: Draft, came: { branch: number; atMs: number; key: string }): Walked => {
  const { participant, version } = draft;
  const { node: id } = participant;
  const node = version.nodes[id];
  const taken = node?.kind === 'wait-for-event' ? node.events[came.branch] : undefined;
  if (node?.kind !== 'wait-for-event' || !taken) return draft;
  const moved = movedBy(draft, came.atMs, came.key, asked.nowMs);
  const { way, why } = eventWay(version, node, came);
  return walk(
    asked,
    noted(moved, { node: id, kind: node.kind, way, why, atMs: moved.participant.clockMs }),
    taken.next,
  );
};

const awaited = new WeakMap<JourneyVersion, ReadonlySet<PatternId>>();

/** Patterns that any wait of the version waits for. */
const awaitedIn = (version: JourneyVersion): ReadonlySet<PatternId> => {
  const known = awaited.get(version);
  if (known) return known;
  const nodes = Object.values(version.nodes);
  const found = new Set(
    nodes.flatMap((node) => (node.kind === 'wait-for-event' ? node.events : [])).map((one) => one.pattern),
  );
  awaited.set(version, found);
  return found;
};
