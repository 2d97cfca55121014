import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bucketOf,
  chunkTimers,
  MAX_RINGING_MS,
  minuteFor,
  placeOf,
  rungBy,
  SHARDS,
  SURE_MS,
  type Timer,
} from '../../../core/event/timer.ts';
import { eventAt, NOW } from './window-world.ts';

const timer = (id: string, change: Partial<Timer['event']> = {}): Timer => ({
  ...{ triggerId: 't', version: 1, definition: 'd', dueMs: NOW, event: { ...eventAt(id, 0), ...change } },
});

test('a bucket is a minute and a shard', () => expect(bucketOf(NOW, 3)).toBe('2026-11-22T12:00Z#3'));

test('the minute is a whole one, not before the timer is due, and far enough ahead to be written', () => {
  fc.assert(
    fc.property(fc.integer({ min: -100_000, max: 100_000_000 }), fc.nat(60_000), (inMs, ms) => {
      const nowMs = NOW + ms;
      const minuteMs = minuteFor(nowMs + inMs, nowMs);
      expect(minuteMs % 60_000).toBe(0);
      expect(minuteMs).toBeGreaterThanOrEqual(nowMs + inMs);
      expect(minuteMs).toBeGreaterThan(nowMs + SURE_MS);
      expect(minuteMs - Math.max(nowMs, nowMs + inMs)).toBeLessThan(120_000);
    }),
  );
});

test('a timer that is set when its event arrives has rung, Scheduler’s minute included, when it must have', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.nat(60_000), (inMs, ms) => {
      const receivedMs = NOW + ms;
      const dueMs = receivedMs + inMs;
      expect(minuteFor(dueMs, receivedMs) + 60_000).toBeLessThanOrEqual(rungBy(dueMs, receivedMs));
      expect(rungBy(dueMs, receivedMs) - dueMs).toBeLessThanOrEqual(MAX_RINGING_MS);
      expect(rungBy(dueMs, dueMs)).toBe(dueMs);
    }),
  );
});

test('a timer has one place, however often and in whatever words its event comes; another one has another', () => {
  const place = placeOf(timer('a'));
  expect(placeOf({ ...timer('a', { receivedMs: 7, properties: { x: 1 } }), dueMs: 7 })).toEqual(place);
  for (const other of [
    timer('b'),
    timer('a', { source: 'x' }),
    timer('a', { profileId: 'x' }),
    { ...timer('a'), triggerId: 'u' },
  ]) {
    expect(placeOf(other).key).not.toBe(place.key);
  }
});

test('a crowded minute is spread over all shards', () => {
  const counts = Array.from({ length: SHARDS }, () => 0);
  for (let n = 0; n < 4_000; n += 1) counts[placeOf(timer(`e${n}`)).shard]! += 1;
  for (const count of counts) expect(count).toBeGreaterThan(800);
});

test('messages hold at most 60 KB of timers, or one alone; none is lost', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(70_000), { maxLength: 12 }), (sizes) => {
      const timers = sizes.map((size, n) => timer(`e${n}`, { properties: { text: 'x'.repeat(size) } }));
      const messages = chunkTimers(timers);
      expect(messages.flatMap((message) => message.timers)).toEqual(timers);
      for (const message of messages) {
        expect(message.timers.length).toBeGreaterThan(0);
        if (message.timers.length > 1) expect(JSON.stringify(message).length).toBeLessThan(62_000);
      }
    }),
    { numRuns: 50 },
  );
});
