import { createHash } from 'node:crypto';
import type { AcceptedEvent } from '../../event/event.ts';

/**
 * Durations run from the time of what moved somebody, but from no more than so long before it was handled: after an outage, or a pause,
 * a wait of an hour is not over before it has begun.
 */
export const LATE_MS = 5 * 60_000;

/** Epoch ms from which durations run after something that happened at `atMs` was handled at `nowMs`. Never before `clockMs`. */
export const clockAfter = (atMs: number, clockMs: number, nowMs: number): number =>
  Math.max(clockMs, Math.min(nowMs, Math.max(atMs, nowMs - LATE_MS)));

/** When it happened: clocks of apps may be ahead by a day, but nothing happens after it was taken in. */
export const happenedMs = ({ timeMs, receivedMs }: Pick<AcceptedEvent, 'timeMs' | 'receivedMs'>): number =>
  Math.min(timeMs, receivedMs);

/** Names an event among all of a person's: its id is unique within its source only. 96 bits, so that many fit into an item. */
export const eventKey = ({ source, id }: Pick<AcceptedEvent, 'source' | 'id'>): string =>
  createHash('sha256')
    .update(JSON.stringify([source, id]))
    .digest('base64url')
    .slice(0, 16);
