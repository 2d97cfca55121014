import { inParallel } from '../adapters/in-parallel.ts';
import { type Due, dueRows, forgetTimers, type TimerKey } from '../adapters/timers.ts';

/** With less time than this left no page is begun: a page takes a second or two, and what has gone is to be deleted. */
const BEGINS_UNTIL_MS = 120_000;
const DELETES_UNTIL_MS = 15_000;

/** Time is up and there is more: Lambda, or the state machine, invokes the function with the same buckets again. */
class MoreToWake extends Error {
  override name = 'MoreToWake';
}

/**
 * Hands on what waits in some buckets, of a minute or a pause, page by page, and then deletes as much as it can. A row is deleted only when
 * `handOn` has returned for it. Throws MoreToWake when time is short: it is to be run again; what Lambda has run three
 * times is a dead letter. A delete that fails is no failure: everything has been handed on. Returns how many rows.
 */
export const emptyBuckets = async <T>(
  table: string,
  buckets: readonly string[],
  handOn: (page: readonly Due<T>[]) => Promise<void>,
  remainingMs: () => number,
): Promise<number> => {
  const gone: TimerKey[] = [];
  try {
    await inParallel(buckets.length, buckets, async (bucket) => {
      for await (const page of dueRows<T>(table, bucket)) {
        if (page.length > 0 && remainingMs() < BEGINS_UNTIL_MS) throw new MoreToWake(bucket);
        await handOn(page);
        for (const { key } of page) gone.push({ bucket, key });
      }
    });
  } finally {
    const { left, why } = await forgetTimers(table, gone, () => remainingMs() > DELETES_UNTIL_MS);
    if (left > 0) console.warn({ message: 'What has been handed on is not deleted yet', buckets, left, why });
  }
  return gone.length;
};
