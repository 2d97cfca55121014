import { createHash } from 'node:crypto';
import { bucketOf, SHARDS } from '../../event/timer.ts';

/** Somebody waits at this step of this entry until `dueMs` (epoch ms). */
export type Waiting = { profileId: string; journeyId: string; entry: number; step: number; dueMs: number };

/** A waiting participant in a row of a minute, which holds several: person, journey, entry, step. */
export type WaitingPlace = readonly [profileId: string, journeyId: string, entry: number, step: number];
export type WaitingRow = { waiting: WaitingPlace[] };

/** Participants wait in the table of timers, in buckets of their own: see decisions 0007 and 0030. */
export const waitingBucket = (minuteMs: number, shard: number): string => `wait#${bucketOf(minuteMs, shard)}`;
export const waitingBuckets = (minuteMs: number): string[] =>
  Array.from({ length: SHARDS }, (_, shard) => waitingBucket(minuteMs, shard));

/** Where in a minute's bucket a row is: the same row is there once, however often it is written. */
export const placeOfWaiting = (row: WaitingRow): { shard: number; key: string } => {
  const hash = createHash('sha256').update(JSON.stringify(row)).digest();
  return { shard: (hash[0] ?? 0) % SHARDS, key: hash.toString('base64url') };
};

/** The row without these people; undefined when none of them is in it. */
export const withoutPeople = (row: WaitingRow, ids: ReadonlySet<string>): WaitingRow | undefined => {
  const left = row.waiting.filter(([profileId]) => !ids.has(profileId));
  return left.length === row.waiting.length ? undefined : { waiting: left };
};

/** DynamoDB takes 400 KB an item and bills each begun KB; nobody gains by longer rows. */
const ROW_PEOPLE = 200;

/** Those who wait until the same minute, in rows: who is in each. */
export const rowsOf = (waiting: readonly Waiting[]): { of: readonly Waiting[]; row: WaitingRow }[] =>
  Array.from({ length: Math.ceil(waiting.length / ROW_PEOPLE) }, (_, n) => {
    const of = waiting.slice(n * ROW_PEOPLE, (n + 1) * ROW_PEOPLE);
    return { of, row: { waiting: of.map(placeIn) } };
  });

const placeIn = ({ profileId, journeyId, entry, step }: Waiting): WaitingPlace => [profileId, journeyId, entry, step];
