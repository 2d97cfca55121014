import { type HeldMessage, heldBucket, placeOfHeld } from '../../core/delivery/held-message.ts';
import type { WakeAt } from './schedules.ts';
import { putDue } from './timers.ts';

/** Send messages that wait for their time, one item each, by the minute in which they go on. */
export const heldMessages = (table: string, wakeAt: WakeAt, clock: () => number) => ({
  /**
   * Has the message sent to its queue within two minutes after `dueMs`, and after now. Once this returns nothing can make it
   * not go. Holding it again is harmless: it may come twice.
   */
  async hold(held: HeldMessage, dueMs: number): Promise<void> {
    const { shard, key } = placeOfHeld(held);
    await putDue(table, wakeAt, clock, { dueMs, key, body: held, bucketAt: (minuteMs) => heldBucket(minuteMs, shard) });
  },
});
