import { minuteFor } from '../../core/event/timer.ts';
import {
  placeOfWaiting,
  rowsOf,
  type Waiting,
  type WaitingPlace,
  waitingBucket,
} from '../../core/strategy/journey/waiting.ts';
import { inParallel } from './in-parallel.ts';
import type { WakeAt } from './schedules.ts';
import { putDue } from './timers.ts';

const PARALLEL_ROWS = 10;

/** How participants are held until they are due, and how those are found again who are: see decision 0030. */
export type Holds = {
  /**
   * Has each of them looked at within two minutes after they are due. It comes before the participant is saved as waiting: one
   * that is saved is never forgotten, and a look at one that was not saved, or went on, changes nothing. Twice is harmless.
   */
  hold(waiting: readonly Waiting[]): Promise<void>;
};

/** Pooled: rows in the table of timers, those who wait until the same minute together. */
export const participantTimers = (table: string, wakeAt: WakeAt, clock: () => number): Holds => ({
  async hold(waiting) {
    const byMinute = Map.groupBy(waiting, ({ dueMs }) => minuteFor(dueMs, clock()));
    const rows = [...byMinute].flatMap(([minuteMs, own]) => {
      const places = own.map(({ profileId, journeyId, entry, step }): WaitingPlace => {
        return [profileId, journeyId, entry, step];
      });
      return rowsOf(places).map((row) => ({ minuteMs, row }));
    });
    await inParallel(PARALLEL_ROWS, rows, async ({ minuteMs, row }) => {
      const { shard, key } = placeOfWaiting(row);
      const bucketAt = (minute: number) => waitingBucket(minute, shard);
      await putDue(table, wakeAt, clock, { dueMs: minuteMs, key, body: row, bucketAt });
    });
  },
});
