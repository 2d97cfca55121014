import { createHash } from 'node:crypto';
import type { AcceptedEvent } from './event.ts';

/**
 * An event after which something may be missing: at `dueMs` somebody looks. `version`: of the trigger that asked; one that
 * was paused since has another, and has not seen what happened meanwhile. `definition`: of its window.
 */
export type Timer = { triggerId: string; version: number; definition: string; event: AcceptedEvent; dueMs: number };

/** Body of a message in the intake queue: timers whose time has come. */
export type TimersMessage = { kind: 'timers'; timers: Timer[] };

/**
 * Timers of one minute are one bucket, in four shards: DynamoDB takes 1,000 writes a second for a partition key before it
 * has split it, and a million people may have ordered within the same minutes.
 */
export const SHARDS = 4;
const MINUTE_MS = 60_000;

/** A bucket is left alone from so long before its minute on: whoever writes into it is surely done when it is read. */
const LEAD_MS = 60_000;
/** A timer may take so long to ring: what is left of its minute, the 60 s that Scheduler takes, and half a minute in queues. */
const RINGING_MS = 150_000;
/** Between the moment at which a timer is due and the one by which it has rung there is at most this. */
export const MAX_RINGING_MS = LEAD_MS + RINGING_MS;
/** Less than this before its minute a write into a bucket is taken for too late. */
export const SURE_MS = 15_000;

/** Epoch ms of the minute whose bucket the timer belongs into when it is set at `nowMs`: the first that is not too early. */
export const minuteFor = (dueMs: number, nowMs: number): number =>
  Math.ceil(Math.max(dueMs, nowMs + LEAD_MS) / MINUTE_MS) * MINUTE_MS;

/**
 * Epoch ms by which a timer has rung that is due at `dueMs`, and whose event arrived at `receivedMs`. An event that arrives
 * when it is due needs none.
 */
export const rungBy = (dueMs: number, receivedMs: number): number =>
  receivedMs < dueMs ? Math.max(dueMs, receivedMs + LEAD_MS) + RINGING_MS : dueMs;

/** Partition key, as `2026-11-18T12:01Z#3`. */
export const bucketOf = (minuteMs: number, shard: number): string =>
  `${new Date(minuteMs).toISOString().slice(0, 16)}Z#${shard}`;

/** Where in a minute's bucket a timer is: the same for every delivery of its event, so that it is there once. */
export const placeOf = ({ triggerId, event }: Timer): { shard: number; key: string } => {
  const { profileId, source, id } = event;
  const hash = createHash('sha256')
    .update(JSON.stringify([profileId, triggerId, source, id]))
    .digest();
  return { shard: (hash[0] ?? 0) % SHARDS, key: hash.toString('base64url') };
};

/** As for events, of which a timer has one: SQS bills each 64 KB as a request. */
const MESSAGE_BYTES = 60 * 1024;

/** Packs timers into messages of at most 60 KB, or one timer alone. */
export const chunkTimers = (timers: readonly Timer[]): TimersMessage[] => {
  const messages: TimersMessage[] = [];
  let room = 0;
  for (const timer of timers) {
    const bytes = Buffer.byteLength(JSON.stringify(timer)) + 1;
    if (bytes > room) {
      messages.push({ kind: 'timers', timers: [] });
      room = MESSAGE_BYTES;
    }
    messages.at(-1)?.timers.push(timer);
    room -= bytes;
  }
  return messages;
};
