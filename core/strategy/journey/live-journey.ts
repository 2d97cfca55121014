import type { EventPattern } from '../../event/trigger.ts';
import type { JourneySeries } from './journey-series.ts';

/** What becomes of those inside when another version is published: they finish theirs, go on in the new one, or leave. */
export const INSIDE = ['finish', 'move', 'exit'] as const;
export type Inside = (typeof INSIDE)[number];

/** `paused`: nobody enters or moves, goals and exits count. `stopped`: for good; whoever is inside leaves. */
export type LiveState = 'live' | 'paused' | 'stopped';

/**
 * A version that people may be inside of. `lastsMs`: so long after somebody has entered they may be inside, or reach a goal of it.
 * `patterns`: ids of what is listened to for it.
 */
export type LiveVersion = { hash: string; sinceMs: number; lastsMs: number; patterns: string[] };

/**
 * What runs of a journey, beside its definition and with the same id: the versions that people may be inside of, and what is
 * listened to for them. `current`: hash of the version that whoever enters walks.
 */
export type LiveJourney = {
  id: string;
  version: number;
  name: string;
  state: LiveState;
  /** Epoch ms at which it went live, or was resumed last. */
  sinceMs: number;
  pause?: { number: number; by: string; atMs: number; reason: string };
  current: string;
  inside: Inside;
  /** Which submission of the journey was published last. */
  submission?: number;
  /** In the order in which they were published, the current one last. */
  versions: LiveVersion[];
  /** What makes people enter; absent where that is no event. */
  entry?: EventPattern;
  /** Events older than this when they arrive let nobody enter. */
  maxLatenessMs: number;
  /** Of a journey that people enter on schedule. */
  series?: JourneySeries;
  /**
   * The live segment whose members the journey has asked in, as of then (epoch ms); absent: they enter when it is resumed. Asked once, and
   * not again by every edit, for who may enter again would get everything again.
   */
  members?: { segmentId: string; asOfMs?: number };
  /** What these versions wait for anywhere, their goals and their exits, by id. */
  patterns: Record<string, EventPattern>;
};

/** So many may be live or paused: each event is compared with all of them. */
export const MAX_LIVE_JOURNEYS = 200;
