import { createHash } from 'node:crypto';
import { bucketOf, SHARDS } from '../event/timer.ts';
import type { Channel, Lane } from './channel.ts';
import type { SendMessage } from './messages.ts';
import { workOf } from './work.ts';

/** A send message that waits, for its time or for the end of a pause, and the queue that it goes to then. */
export type HeldMessage = { channel: Channel; lane: Lane; message: SendMessage };

/** Held messages wait in the table of timers, in buckets of their own: see decision 0007. */
export const heldBucket = (minuteMs: number, shard: number): string => `send#${bucketOf(minuteMs, shard)}`;

/** Names what messages wait for the end of: a pause of a campaign, or a stop of everything promotional, and its number. */
export const waitName = (id: string, pause: number): string => `${id}#${pause}`;

/** Messages that wait for the end of something have buckets of their own. `wait`: its name. */
export const parkedBucket = (wait: string, shard: number): string => `paused#${wait}#${shard}`;
export const parkedBuckets = (id: string, pause: number): string[] =>
  Array.from({ length: SHARDS }, (_, shard) => parkedBucket(waitName(id, pause), shard));

/** Where in a bucket a message is: the same whenever it is put there, so that it is there once. */
export const placeOfHeld = ({ message }: HeldMessage): { shard: number; key: string } => {
  const { run, unit } = workOf(message);
  const hash = createHash('sha256')
    .update(JSON.stringify([run, unit]))
    .digest();
  return { shard: (hash[0] ?? 0) % SHARDS, key: hash.toString('base64url') };
};
