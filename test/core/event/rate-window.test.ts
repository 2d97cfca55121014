import { expect, test } from 'vitest';
import { rateWindow } from '../../../core/event/rate-window.ts';

test.each([
  [100, { limit: 1_000, lease: 100 }],
  [10_000, { limit: 100_000, lease: 5_000 }],
  // One full call must always be possible.
  [1, { limit: 100, lease: 100 }],
])('%i events a second', (rate, expected) => expect(rateWindow(rate, 0)).toMatchObject(expected));

test.each([
  [0, 10],
  [1, 10],
  [9_999, 1],
  [10_000, 10],
])('at %i ms one waits %i s for the next window', (nowMs, seconds) => {
  expect(rateWindow(1, nowMs).retryAfterSeconds).toBe(seconds);
});
