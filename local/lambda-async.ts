import { randomUUID } from 'node:crypto';
import { records } from './store.ts';
import type { Context, InvokeResult } from './types.ts';

export type AsyncSettings = { retries: number; onFailure?: string | undefined };
type Pending = { id: string; arn: string; event: unknown; attempts: number; dueMs: number };

/** Waits before the second and the third attempt; documented by AWS for function errors. */
const BACKOFF_MS = [60_000, 120_000];

/** Lambda's queue of asynchronous events: durable, retried, and at the end handed to the on-failure destination. */
export const asyncInvocations = (
  { clock, store, services }: Context,
  invoke: (arn: string, event: unknown) => Promise<InvokeResult>,
  settingsOf: (arn: string) => AsyncSettings,
) => {
  const kept = records<Pending>(store, 'invocations');
  let stopped = false;

  const schedule = (pending: Pending) => {
    kept.put(pending);
    // What cannot be delivered stays stored; the next start tries again.
    clock.at(pending.dueMs, () => void attempt(pending).catch((error) => console.error(error)));
  };

  const attempt = async (pending: Pending): Promise<void> => {
    const leave = clock.enter();
    try {
      if (stopped) return;
      const { id, arn, event } = pending;
      const { retries, onFailure } = settingsOf(arn);
      const result = await invoke(arn, event);
      // Stopping ends the thread, which looks like a crash: the event stays stored for the next start.
      if (stopped) return;
      const attempts = pending.attempts + 1;
      if (!result.ok && attempts <= retries) {
        return schedule({ ...pending, attempts, dueMs: clock.now() + (BACKOFF_MS[pending.attempts] ?? 0) });
      }
      if (!result.ok && onFailure) {
        const condition = 'RetriesExhausted';
        const { errorType, errorMessage } = result;
        await services.deliver(onFailure, {
          version: '1.0',
          timestamp: new Date(clock.now()).toISOString(),
          requestContext: {
            requestId: id,
            functionArn: `${arn}:$LATEST`,
            condition,
            approximateInvokeCount: attempts,
          },
          requestPayload: event,
          responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
          responsePayload: { errorType, errorMessage },
        });
      }
      kept.remove(id);
    } finally {
      leave();
    }
  };

  return {
    /** The event is stored when this returns. */
    accept: (arn: string, event: unknown) =>
      schedule({ id: randomUUID(), arn, event, attempts: 0, dueMs: clock.now() }),
    /** Takes up what a former process has left. */
    start: () => kept.left.forEach(schedule),
    stop() {
      stopped = true;
    },
  };
};
