import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type RateWindow, rateWindow } from '../../core/event/rate-window.ts';
import { dynamo, isConditionFailure } from './dynamo.ts';

/**
 * Token leases of sources, one item each beside the definitions (kind `rate`). A worker takes tokens of the current window
 * in bulk and spends them from memory; what is left when the window ends is forfeit.
 */
export const rateLeases = (table: string) => {
  const held = new Map<string, { window: number; tokens: number; exhausted: boolean }>();

  const update = async (sourceId: string, expression: string, condition: string, values: Record<string, number>) => {
    try {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { kind: { S: 'rate' }, id: { S: sourceId } },
          UpdateExpression: expression,
          ConditionExpression: condition,
          ExpressionAttributeNames: { '#window': 'window', '#used': 'used' },
          ExpressionAttributeValues: Object.fromEntries(Object.entries(values).map(([k, n]) => [k, { N: String(n) }])),
        }),
      );
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw error;
    }
  };

  /** Adds `tokens` to what is used of the window, if that stays within the limit. */
  const lease = async (sourceId: string, { window, limit }: RateWindow, tokens: number): Promise<boolean> =>
    (await update(sourceId, 'SET #used = #used + :n', '#window = :w AND #used <= :most', {
      ':n': tokens,
      ':w': window,
      ':most': limit - tokens,
    })) ||
    (await update(sourceId, 'SET #window = :w, #used = :n', 'attribute_not_exists(#window) OR #window < :w', {
      ':n': tokens,
      ':w': window,
    }));

  return {
    /** Undefined when `events` events may come in now; else how many seconds to wait. */
    async take(sourceId: string, events: number, eventsPerSecond: number, nowMs: number): Promise<number | undefined> {
      const current = rateWindow(eventsPerSecond, nowMs);
      const known = held.get(sourceId);
      const mine = known?.window === current.window ? known : { window: current.window, tokens: 0, exhausted: false };
      held.set(sourceId, mine);
      const missing = events - mine.tokens;
      if (missing > 0) {
        if (mine.exhausted) return current.retryAfterSeconds;
        const bulk = Math.min(current.limit, Math.max(missing, current.lease));
        const got = (await lease(sourceId, current, bulk))
          ? bulk
          : (await lease(sourceId, current, missing))
            ? missing
            : 0;
        mine.exhausted = got === 0;
        if (got === 0) return current.retryAfterSeconds;
        mine.tokens += got;
      }
      mine.tokens -= events;
      return undefined;
    },
  };
};
