import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type HeldMessage, heldBucket, parkedBucket, placeOfHeld } from '../../core/delivery/held-message.ts';
import { dynamo } from './dynamo.ts';
import type { WakeAt } from './schedules.ts';
import { putDue } from './timers.ts';

/** Longer than a pause lasts (30 days from the beginning of a run), as long as the recipients that the messages point to. */
const PARKED_SECONDS = 60 * 86_400;

/** Send messages that wait, one item each: by the minute in which they go on, or by the pause that they wait for. */
export const heldMessages = (table: string, wakeAt: WakeAt, clock: () => number) => ({
  /**
   * Has the message sent to its queue within two minutes after `dueMs`, and after now. Once this returns nothing can make it
   * not go. Holding it again is harmless: it may come twice.
   */
  async hold(held: HeldMessage, dueMs: number): Promise<void> {
    const { shard, key } = placeOfHeld(held);
    await putDue(table, wakeAt, clock, { dueMs, key, body: held, bucketAt: (minuteMs) => heldBucket(minuteMs, shard) });
  },

  /**
   * Puts the message where it is found when that pause of its campaign, or stop, ends. Only what is there before that has ended is
   * sure to be found: the caller looks whether it still lasts. Parking it again is harmless: it is there once.
   */
  async park(held: HeldMessage, wait: string): Promise<void> {
    const { shard, key } = placeOfHeld(held);
    await dynamo.send(
      new PutItemCommand({
        TableName: table,
        Item: {
          bucket: { S: parkedBucket(wait, shard) },
          timer: { S: key },
          body: { S: JSON.stringify(held) },
          expiresAt: { N: String(Math.floor(clock() / 1_000) + PARKED_SECONDS) },
        },
      }),
    );
  },
});
