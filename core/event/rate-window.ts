/**
 * Sources are limited per window of ten seconds: a rate a second would refuse a burst that its average allows. Workers
 * lease tokens in bulk, so counting costs one write per hundred events or more.
 */
export const RATE_WINDOW_MS = 10_000;
/** The least tokens a write may lease; also the most events of one call, so that every source can make a full call. */
export const MIN_LEASE = 100;

export type RateWindow = { window: number; limit: number; lease: number; retryAfterSeconds: number };

export const rateWindow = (eventsPerSecond: number, nowMs: number): RateWindow => {
  const window = Math.floor(nowMs / RATE_WINDOW_MS);
  const limit = Math.max(MIN_LEASE, Math.floor((eventsPerSecond * RATE_WINDOW_MS) / 1_000));
  return {
    window,
    limit,
    // A twentieth of the window: few writes, and little is lost with a worker that keeps an unused lease.
    lease: Math.max(MIN_LEASE, Math.floor(limit / 20)),
    retryAfterSeconds: Math.ceil(((window + 1) * RATE_WINDOW_MS - nowMs) / 1_000),
  };
};
