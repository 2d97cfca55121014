import { minuteFor } from '../../core/event/timer.ts';
import { placeOfWaiting, rowsOf, type Waiting, waitingBucket } from '../../core/strategy/journey/waiting.ts';
import { inParallel } from './in-parallel.ts';
import type { WakeAt } from './schedules.ts';
import { putDue } from './timers.ts';

const PARALLEL_ROWS = 10;

/** How participants are held until they are due, and how those are found again who are: see decision 0030. */
export type Holds = {
  /**
   * Has each of them looked at within two minutes after they are due. It comes before the participant is saved as waiting: one
   * that is saved is never forgotten, and a look at one that was not saved, or went on, changes nothing. Twice is harmless. Gives those
   * who are not held, and why.
   */
  hold(waiting: readonly Waiting[]): Promise<ReadonlyMap<Waiting, unknown>>;
};

/** Pooled: rows in the table of timers, those who wait until the same minute together. */
export const participantTimers = (table: string, wakeAt: WakeAt, clock: () => number): Holds => ({
  async hold(waiting) {
    const byMinute = Map.groupBy(waiting, ({ dueMs }) => minuteFor(dueMs, clock()));
    const rows = [...byMinute].flatMap(([minuteMs, own]) => rowsOf(own).map((one) => ({ minuteMs, ...one })));
    const failed = new Map<Waiting, unknown>();
    await inParallel(PARALLEL_ROWS, rows, async ({ minuteMs, of, row }) => {
      const { shard, key } = placeOfWaiting(row);
      const bucketAt = (minute: number) => waitingBucket(minute, shard);
      try {
        await putDue(table, wakeAt, clock, { dueMs: minuteMs, key, body: row, bucketAt });
      } catch (error) {
        for (const one of of) failed.set(one, error);
      }
    });
    return failed;
  },
});
