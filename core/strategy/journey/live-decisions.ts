import type { ProblemType } from '../../access/problems.ts';
import { heardBy } from './heard-patterns.ts';
import { hasTimes, resumedSeries, seriesOf } from './journey-series.ts';
import { type JourneyVersion, OWN_MAX_LATENESS_MS, type VersionEntry } from './journey-version.ts';
import type { Inside, LiveJourney } from './live-journey.ts';
import { heardFor, lastsMs, stillWalked } from './live-versions.ts';

/** What is done to a journey that runs: `same` says that it was done before, `refuse` is told to the caller. */
export type LiveDecision =
  | {
      kind: 'change';
      action: 'publish' | 'pause' | 'resume' | 'stop' | SeriesAction;
      live: LiveJourney;
      detail: string;
    }
  | { kind: 'same'; live: LiveJourney }
  | { kind: 'refuse'; problem: ProblemType; detail: string };

/** What the chain of a journey on schedule notes. */
export type SeriesAction = 'begin-time' | 'skip-time' | 'tell-members' | 'end-time' | 'fail-time';

const next = (live: LiveJourney, change: Partial<LiveJourney>): LiveJourney => ({
  ...live,
  ...change,
  version: live.version + 1,
});

/** An item has 400 KB at most. What listens for all versions must leave room to be paused, and stopped. */
const MAX_LIVE_BYTES = 300_000;

/**
 * The version is what people enter from now on. Others stay until nobody can be inside of them: what they wait for is listened to
 * for so long. A journey that is paused stays so; one that was stopped, too.
 */
export const published = (
  before: LiveJourney | undefined,
  version: JourneyVersion,
  inside: Inside,
  nowMs: number,
): LiveDecision => {
  if (before?.state === 'stopped') return refuse('A journey that was stopped is not published again');
  const { hash, name, journeyId: id } = version;
  if (before?.current === hash && before.inside === inside) return { kind: 'same', live: before };
  const { entry, maxLatenessMs, patterns } = heardBy(version);
  const {
    entry: _entry,
    series: _series,
    members: _members,
    ...rest
  }: LiveJourney = before ?? {
    ...{ id, version: 0, name, state: 'live' as const, sinceMs: nowMs, current: hash, inside, versions: [] },
    ...{ patterns: {}, maxLatenessMs },
  };
  if (version.entry.by === 'schedule' && !hasTimes(version.entry, before?.series, nowMs))
    return refuse('All of its times have passed');
  const series = seriesOf(version.entry, before?.series, rest.version + 1, nowMs);
  const members = membersOf(version.entry, before?.members, rest.state === 'live' ? nowMs : undefined);
  const own = { hash, sinceMs: nowMs, lastsMs: lastsMs(version), patterns: Object.keys(patterns) };
  const versions = [...stillWalked(rest, nowMs).filter((one) => one.hash !== hash), own];
  const live = next(rest, {
    ...{ name, current: hash, inside, maxLatenessMs, versions },
    patterns: heardFor(versions, { ...rest.patterns, ...patterns }),
    ...(entry && { entry }),
    ...(series && { series }),
    ...(members && { members }),
  });
  if (Buffer.byteLength(JSON.stringify(live)) > MAX_LIVE_BYTES)
    return refuse('Its versions listen to more than fits: stop it, and write another journey');
  return { kind: 'change', action: 'publish', live, detail: `${hash}, those inside: ${inside}` };
};

/**
 * The same for what was approved, once: a repeat that comes after something newer was published changes nothing. `submission` is the
 * version of the journey that was submitted, which grows.
 */
export const publishedOnce = (
  before: LiveJourney | undefined,
  version: JourneyVersion,
  { inside, submission }: { inside: Inside; submission: number },
  nowMs: number,
): LiveDecision => {
  if (before?.submission !== undefined && submission <= before.submission) return { kind: 'same', live: before };
  const decision = published(before, version, inside, nowMs);
  return decision.kind === 'change' ? { ...decision, live: { ...decision.live, submission } } : decision;
};

/** Whoever is in the segment already, where the version asks for them: those of a segment are asked in once. */
const membersOf = (
  entry: VersionEntry,
  before: LiveJourney['members'],
  asOfMs: number | undefined,
): LiveJourney['members'] => {
  if (entry.by !== 'segment' || !entry.includeMembers) return undefined;
  const { segment: segmentId } = entry;
  return before?.segmentId === segmentId ? before : { segmentId, ...(asOfMs !== undefined && { asOfMs }) };
};

const refuse = (detail: string): LiveDecision => ({ kind: 'refuse', problem: 'state-conflict', detail });

/** Nobody enters or goes on until it is resumed; its messages wait. Pausing again keeps who was first. */
export const pausedLive = (live: LiveJourney, by: string, reason: string, nowMs: number): LiveDecision => {
  if (live.state === 'paused') return { kind: 'same', live };
  if (live.state === 'stopped') return refuse('A journey that was stopped takes no pause');
  const pause = { number: live.version + 1, by, atMs: nowMs, reason };
  return { kind: 'change', action: 'pause', live: next(live, { state: 'paused', pause }), detail: reason };
};

export const resumedLive = (live: LiveJourney, nowMs: number): LiveDecision => {
  if (live.state === 'live') return { kind: 'same', live };
  if (live.state === 'stopped') return refuse('A journey that was stopped takes no resume');
  const { pause: _over, ...rest } = live;
  const { series, members } = live;
  const resumed = next(rest, {
    ...{ state: 'live' as const, sinceMs: nowMs },
    ...(series && { series: resumedSeries(series, live.version + 1, nowMs) }),
    ...(members && { members: { asOfMs: nowMs, ...members } }),
  });
  return { kind: 'change', action: 'resume', live: resumed, detail: '' };
};

/** For good: whoever is inside leaves, and no message goes out any more. */
export const stoppedLive = (live: LiveJourney, reason: string): LiveDecision => {
  if (live.state === 'stopped') return { kind: 'same', live };
  const { pause: _over, ...rest } = live;
  return { kind: 'change', action: 'stop', live: next(rest, { state: 'stopped' }), detail: reason };
};

/** The members whom a change asks in, as of then: for the first time, or again, for a pause may have refused some of them. */
export const askedIn = (
  before: LiveJourney | undefined,
  { state, sinceMs, members }: LiveJourney,
): { segmentId: string; asOfMs: number } | undefined => {
  const { segmentId = '', asOfMs } = members ?? {};
  if (state !== 'live' || asOfMs === undefined) return undefined;
  const isNew = before?.members?.segmentId !== segmentId || before.members.asOfMs !== asOfMs;
  const wasPaused = before?.state === 'paused' && sinceMs <= asOfMs + OWN_MAX_LATENESS_MS;
  return isNew || wasPaused ? { segmentId, asOfMs } : undefined;
};
