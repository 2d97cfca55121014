import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from './types.ts';

/** What tests and the demo drive. With the real clock, "advance" waits. */
export type CloudClock = Clock & {
  /** False: the machine's own time. */
  virtual: boolean;
  /** Moves time forward, stopping at every timer on the way until what it started is done. */
  advance(ms: number): Promise<void>;
  /** Resolves when nothing is in flight and no timer is due. */
  idle(): Promise<void>;
  /**
   * Waits for idle, asks `done`, jumps to the next timer; until `done` says true. False: it never did in `maxMs`, or no
   * timer is left that could change it.
   */
  advanceUntil(done: () => boolean | Promise<boolean>, maxMs: number): Promise<boolean>;
};
export type VirtualClock = CloudClock & {
  /** Epoch ms as a BigInt64, for threads that must see this clock (see lambda-worker.mjs). */
  shared: SharedArrayBuffer;
  advanceTo(atMs: number): Promise<void>;
};

/** Counts what is in flight. */
const flights = () => {
  let inFlight = 0;
  const waiting: (() => void)[] = [];
  return {
    enter: () => {
      inFlight += 1;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        inFlight -= 1;
        if (inFlight === 0) for (const resolve of waiting.splice(0)) resolve();
      };
    },
    idle: async () => {
      // What has just ended may start its next step in this turn or the next, so one quiet turn is asked for.
      do {
        if (inFlight > 0) await new Promise<void>((resolve) => waiting.push(resolve));
        await new Promise((resolve) => setImmediate(resolve));
      } while (inFlight > 0);
    },
  };
};

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const POLL_MS = 100;

/** The machine's time. Timers do not keep the process alive: the front door does. */
export const realClock = (): CloudClock => {
  const { enter, idle } = flights();
  return {
    virtual: false,
    now: () => Date.now(),
    at(atMs, run) {
      // Far timers are reached in legs.
      let timer: NodeJS.Timeout;
      const arm = () => {
        const left = Math.max(0, atMs - Date.now());
        timer = left > LONGEST_TIMEOUT_MS ? setTimeout(arm, LONGEST_TIMEOUT_MS) : setTimeout(run, left);
        timer.unref();
      };
      arm();
      return () => clearTimeout(timer);
    },
    enter,
    idle,
    async advance(ms) {
      await pause(ms);
      await idle();
    },
    async advanceUntil(done, maxMs) {
      for (const end = Date.now() + maxMs; Date.now() <= end; await pause(POLL_MS)) if (await done()) return true;
      return false;
    },
  };
};

type Timer = { atMs: number; run: () => void; cancelled: boolean };

/** Time that stands still by itself, and moves only when told and nothing is in flight. `onMove` hears each new time. */
export const virtualClock = (startMs: number, onMove?: (nowMs: number) => void): VirtualClock => {
  const shared = new SharedArrayBuffer(8);
  const cell = new BigInt64Array(shared, 0, 1).fill(BigInt(startMs));
  let now = startMs;
  const { enter, idle } = flights();
  /** Sorted by time; timers of the same time keep the order in which they were set. */
  const timers: Timer[] = [];

  const fire = (timer: Timer) => {
    const leave = enter();
    setImmediate(() => {
      try {
        if (!timer.cancelled) timer.run();
      } finally {
        leave();
      }
    });
  };
  const jump = (atMs: number) => {
    now = Math.max(now, atMs);
    Atomics.store(cell, 0, BigInt(Math.floor(now)));
    onMove?.(now);
    while (timers[0] && timers[0].atMs <= now) fire(timers.shift() as Timer);
  };
  const advanceTo = async (atMs: number) => {
    await idle();
    while (timers[0] && timers[0].atMs <= atMs) {
      jump(timers[0].atMs);
      await idle();
    }
    jump(atMs);
  };

  return {
    virtual: true,
    shared,
    now: () => now,
    enter,
    idle,
    advanceTo,
    advance: (ms) => advanceTo(now + ms),
    at(atMs, run) {
      const timer: Timer = { atMs, run, cancelled: false };
      if (atMs <= now) fire(timer);
      else timers.splice(timers.findLastIndex((other) => other.atMs <= atMs) + 1, 0, timer);
      return () => {
        timer.cancelled = true;
        const index = timers.indexOf(timer);
        if (index >= 0) timers.splice(index, 1);
      };
    },
    async advanceUntil(done, maxMs) {
      const end = now + maxMs;
      for (;;) {
        await idle();
        if (await done()) return true;
        const next = timers[0]?.atMs;
        if (next === undefined || next > end) return false;
        jump(next);
      }
    },
  };
};
