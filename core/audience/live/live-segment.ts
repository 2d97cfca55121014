import type { ResolvedSegment } from '../segment.ts';
import { obstacles, watchedOf } from './watched.ts';

export const REFRESHES = ['hourly', 'daily'] as const;
export type Refresh = (typeof REFRESHES)[number];
const PERIOD_MS: Record<Refresh, number> = { hourly: 3_600_000, daily: 86_400_000 };

/**
 * `starting`: what people did before is read from the lake; events are remembered, nobody enters or leaves. `filling`:
 * who is a member is decided from now on, and the first refresh finds those who are one already. `live`: it is up to date.
 */
export type LiveState = 'starting' | 'filling' | 'live' | 'off';

/** A segment whose members are known at any time; its definition is kept beside the segment's, with the same id. */
export type LiveSegment = {
  id: string;
  version: number;
  name: string;
  state: LiveState;
  /** Since when it is in this state. */
  stateMs: number;
  /** The rule that is in force. Another rule is another epoch: what was remembered for an older one counts no more. */
  segment: ResolvedSegment;
  epoch: number;
  /** Whether this rule is decided person by person as things happen. If not, it follows the schedule only. */
  atOnce: boolean;
  refresh: Refresh;
  /** Whether those are announced, too, whom the first refresh of a rule finds to be in or out. */
  announceFirst: boolean;
  author: string;
  /** Names the executions of refresh-segment that keep it up to date, each of which starts the next; others end. */
  chain: number;
  /** When the next refresh is due. */
  dueMs: number;
  /** Why the last refresh failed, if it did. */
  problem?: string;
};

/** Whether a change of membership is an event for others. */
export const isAnnounced = ({ state, announceFirst }: Pick<LiveSegment, 'state' | 'announceFirst'>): boolean =>
  state === 'live' || announceFirst;

/**
 * The live segment as its next version, with the rule that is in force from now on. A rule that is in force already stays
 * as it is, with all that is remembered for it.
 */
export const withRule = (
  live: LiveSegment,
  { name, segment }: { name: string; segment: ResolvedSegment },
  nowMs: number,
): LiveSegment => {
  const version = live.version + 1;
  const atOnce = obstacles(segment).length === 0;
  const isInForce = live.state !== 'off' && atOnce === live.atOnce && isSame(segment, live.segment);
  if (isInForce) return { ...live, version, name };
  // What people did before is read only for what is decided from it.
  const state = atOnce && watchedOf(segment).length > 0 ? 'starting' : 'filling';
  return { ...live, version, name, segment, atOnce, epoch: version, state, stateMs: nowMs };
};

const isSame = (a: ResolvedSegment, b: ResolvedSegment): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A live segment before its first version, for `withRule`. */
export const wentLive = (
  id: string,
  { name, segment }: { name: string; segment: ResolvedSegment },
  author: string,
  nowMs: number,
): LiveSegment => ({
  ...{ id, version: 0, name, state: 'off', stateMs: nowMs, segment, epoch: 0, atOnce: false },
  ...{ refresh: 'daily', announceFirst: false, author, chain: 0, dueMs: nowMs },
});

/** The next version, in another state. */
export const inState = (live: LiveSegment, state: LiveState, nowMs: number): LiveSegment => ({
  ...live,
  version: live.version + 1,
  state,
  stateMs: nowMs,
});

/** The first time after `nowMs` at which a refresh is due. */
export const dueAfter = ({ refresh, dueMs }: Pick<LiveSegment, 'refresh' | 'dueMs'>, nowMs: number): number =>
  dueMs > nowMs ? dueMs : nowMs + PERIOD_MS[refresh] - ((nowMs - dueMs) % PERIOD_MS[refresh]);

/**
 * Epoch ms from which on the lake knows all that a state began without: what was decided by environments that had not heard
 * of the state yet, which are a minute behind at most, and what Firehose gathers in `bufferSeconds`. Half a minute more is for
 * Firehose's own writing.
 */
export const lakeKnowsMs = ({ stateMs }: Pick<LiveSegment, 'stateMs'>, bufferSeconds: number): number =>
  stateMs + (bufferSeconds + 90) * 1_000;

/** Epoch ms until which the lake, asked at `nowMs`, surely knows what happened: the half minute as above. */
export const surelyKnownMs = (nowMs: number, bufferSeconds: number): number => nowMs - (bufferSeconds + 30) * 1_000;
