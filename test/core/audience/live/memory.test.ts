import { describe, expect, test } from 'vitest';
import type { SeenEvent } from '../../../../core/audience/event-predicate.ts';
import {
  completeAgainMs,
  forgettableMs,
  isComplete,
  keyOf,
  MAX_MEMORY_BYTES,
  type Memory,
  mergeMemories,
  NO_MEMORY,
  remember,
} from '../../../../core/audience/live/memory.ts';
import type { Keeps, Watched } from '../../../../core/audience/live/watched.ts';

const NOW = 1_800_000_000_000;
const DAY = 86_400_000;
const WEEK = 7 * DAY;

const watching = (keeps: Keeps, paths: string[] = []): Watched => ({ pattern: { event: 'visit' }, keeps, paths });
const week = watching({ kind: 'last', ms: WEEK });
const period = watching({ kind: 'between', fromMs: NOW - 10 * DAY, toMs: NOW - 3 * DAY });
const newestTwo = watching({ kind: 'newest', count: 2 });
const oldest = watching({ kind: 'oldest' });
const paid: Watched = {
  pattern: { event: 'visit', where: [{ property: 'amount', atLeast: 10 }] },
  keeps: { kind: 'last', ms: WEEK },
  paths: ['amount'],
};

/** Received when it happened, unless said otherwise. */
const visit = (id: string, timeMs: number, change: Partial<SeenEvent> = {}): SeenEvent => ({
  ...{ id, source: 'site', type: 'visit', timeMs, receivedMs: timeMs, properties: {} },
  ...change,
});
const timesOf = ({ events }: Memory) => events.map(([, , timeMs]) => timeMs);
const memoryOf = (watched: Watched, events: readonly SeenEvent[], nowMs = NOW) =>
  remember(NO_MEMORY, [watched], events, nowMs);

describe('what decides is remembered, and nothing else', () => {
  // All arrived long ago, so that none is kept for its copies.
  const long = { receivedMs: NOW - 30 * DAY };
  test.each<[string, Watched, number, boolean]>([
    ['the edge of a sliding window', week, NOW - WEEK, true],
    ['a millisecond before it', week, NOW - WEEK - 1, false],
    ['the future', week, NOW + DAY, true],
    ['the first instant of a period', period, NOW - 10 * DAY, true],
    ['a millisecond before it', period, NOW - 10 * DAY - 1, false],
    ['the last millisecond of a period', period, NOW - 3 * DAY - 1, true],
    ['its end', period, NOW - 3 * DAY, false],
  ])('%s', (_, watched, timeMs, kept) => {
    expect(timesOf(memoryOf(watched, [visit('e', timeMs, long)]))).toEqual(kept ? [timeMs] : []);
  });

  test('the newest that have happened, and those that have not yet', () => {
    const all = [-4, -3, -2, -1, 0, 1, 2].map((n) => visit(`e${n}`, NOW + n, long));
    expect(timesOf(memoryOf(newestTwo, all))).toEqual([NOW - 1, NOW, NOW + 1, NOW + 2]);
  });

  test('the oldest', () => {
    const all = [3, 1, 2].map((n) => visit(`e${n}`, NOW - n, long));
    expect(timesOf(memoryOf(oldest, all))).toEqual([NOW - 3]);
  });

  test('of other events nothing', () => {
    expect(memoryOf(week, [visit('e', NOW, { type: 'order' })])).toBe(NO_MEMORY);
    expect(memoryOf(paid, [visit('e', NOW, { properties: { amount: 9 } })])).toBe(NO_MEMORY);
  });
});

describe('an event that comes again', () => {
  test.each([
    ['a day after its arrival is still known', DAY, 1],
    ['a millisecond later it is not', DAY + 1, 0],
  ])('%s', (_, agedMs, kept) => {
    const outside = visit('old', NOW - 20 * DAY, { receivedMs: NOW - agedMs });
    expect(memoryOf(week, [outside]).events).toHaveLength(kept);
  });

  test('is the same memory', () => {
    const memory = memoryOf(week, [visit('e', NOW)]);
    expect(remember(memory, [week], [visit('e', NOW)], NOW)).toBe(memory);
    expect(remember(memory, [week], [visit('e', NOW - 5, { receivedMs: NOW + 1 })], NOW)).toBe(memory);
  });

  test.each<[string, Partial<SeenEvent>, Partial<SeenEvent>]>([
    [
      'the copy that arrived first counts',
      { timeMs: NOW - 5, receivedMs: NOW },
      { timeMs: NOW - 9, receivedMs: NOW + 1 },
    ],
    [
      'of two that arrived together the earlier one',
      { timeMs: NOW - 9, receivedMs: NOW },
      { timeMs: NOW - 5, receivedMs: NOW },
    ],
  ])('%s, whatever the order', (_, first, second) => {
    const [a, b] = [visit('e', NOW, first), visit('e', NOW, second)];
    for (const order of [
      [a, b],
      [b, a],
    ]) {
      expect(timesOf(memoryOf(week, order))).toEqual([first.timeMs]);
      const one = order.reduce((memory, event) => remember(memory, [week], [event], NOW), NO_MEMORY);
      expect(timesOf(one)).toEqual([first.timeMs]);
    }
  });

  test('of another source, or of another type, is another event', () => {
    const all = [visit('e', NOW), visit('e', NOW, { source: 'shop' })];
    expect(memoryOf(week, all).events).toHaveLength(2);
    expect(keyOf(visit('e', NOW))).not.toBe(keyOf(visit('e', NOW, { type: 'order' })));
  });

  test('does not count when its first copy, which arrives later by another way, does not', () => {
    const dear = visit('e', NOW, { receivedMs: NOW + 5, properties: { amount: 20 } });
    const first = visit('e', NOW, { receivedMs: NOW, properties: { amount: 5 } });
    const memory = remember(memoryOf(paid, [dear]), [paid], [first], NOW + 10);
    expect(memory.events.map(([, , , , properties]) => properties)).toEqual([{ amount: 5 }]);
  });
});

describe('more than there is room for', () => {
  const page = watching({ kind: 'last', ms: WEEK }, ['page']);
  const long = (id: string, timeMs: number, change: Partial<SeenEvent> = {}) =>
    visit(id, timeMs, { properties: { page: 'x'.repeat(1_000) }, ...change });

  test('the oldest go, and it is known until when something may be missing', () => {
    const memory = memoryOf(
      page,
      Array.from({ length: 20 }, (_, n) => long(`e${n}`, NOW - 20 + n)),
    );
    expect(Buffer.byteLength(JSON.stringify(memory.events))).toBeLessThanOrEqual(MAX_MEMORY_BYTES);
    const [first = 0] = timesOf(memory);
    expect(memory.lostMs).toBe(first - 1);
  });

  test('those that decide nothing go first, and nothing is lost then', () => {
    const copies = Array.from({ length: 5 }, (_, n) => long(`c${n}`, NOW - 8 * DAY + n, { receivedMs: NOW }));
    const deciding = Array.from({ length: 6 }, (_, n) => long(`d${n}`, NOW - 6 + n));
    const memory = memoryOf(page, [...deciding, ...copies]);
    expect(memory).not.toHaveProperty('lostMs');
    expect(timesOf(memory).filter((timeMs) => timeMs >= NOW - WEEK)).toHaveLength(6);
    expect(timesOf(memory)[0]).toBeGreaterThan(NOW - 8 * DAY);
  });

  test('what was lost once stays lost', () => {
    const memory: Memory = { events: [], lostMs: NOW - 5 };
    expect(remember(memory, [page], [visit('e', NOW)], NOW).lostMs).toBe(NOW - 5);
    expect(mergeMemories(NO_MEMORY, [page], memory, NOW).lostMs).toBe(NOW - 5);
    expect(mergeMemories(memory, [page], { events: [], lostMs: NOW - 9 }, NOW)).toBe(memory);
  });
});

test('two memories know together what both knew, each event once', () => {
  const [a, b] = [
    memoryOf(week, [visit('1', NOW), visit('2', NOW - 1)]),
    memoryOf(week, [visit('2', NOW - 1), visit('3', NOW - 2)]),
  ];
  const both = mergeMemories(a, [week], b, NOW);
  expect(timesOf(both)).toEqual([NOW - 2, NOW - 1, NOW]);
  expect(mergeMemories(b, [week], a, NOW)).toEqual(both);
  expect(mergeMemories(both, [week], b, NOW)).toBe(both);
});

describe('a memory that has lost events is complete', () => {
  const lost = (lostMs: number, ...times: number[]): Memory => ({
    events: times.map((timeMs, n) => [`k${n}`, 'visit', timeMs, timeMs, {}]),
    lostMs,
  });
  test.each<[string, Watched, Memory, boolean]>([
    ['a window has passed what was lost', week, lost(NOW - WEEK - 1), true],
    ['a window reaches it', week, lost(NOW - WEEK), false],
    ['a period begins after it', period, lost(NOW - 10 * DAY - 1), true],
    ['a period begins with it', period, lost(NOW - 10 * DAY), false],
    ['as many newer ones are known as decide', newestTwo, lost(NOW - 9, NOW - 8, NOW), true],
    ['one newer one is missing', newestTwo, lost(NOW - 9, NOW - 8), false],
    ['one of them is not newer', newestTwo, lost(NOW - 9, NOW - 9, NOW), false],
    ['one of them is still to come', newestTwo, lost(NOW - 9, NOW, NOW + 1), false],
    ['the oldest may be what was lost', oldest, lost(NOW - 400 * DAY, NOW), false],
  ])('%s', (_, watched, memory, complete) => {
    expect(isComplete(memory, [watched], NOW)).toBe(complete);
    expect(isComplete({ events: memory.events }, [watched], NOW)).toBe(true);
  });

  test('newer events count for their own pattern only', () => {
    const memory: Memory = { events: [['k', 'order', NOW, NOW, {}]], lostMs: NOW - 9 };
    expect(isComplete(memory, [watching({ kind: 'newest', count: 1 })], NOW)).toBe(false);
  });

  test('for all conditions or for none', () => {
    expect(isComplete(lost(NOW - WEEK - 1), [week, oldest], NOW)).toBe(false);
    expect(isComplete(lost(NOW - WEEK - 1), [week, watching({ kind: 'last', ms: WEEK + 1 })], NOW)).toBe(false);
  });
});

describe('when it is complete again', () => {
  const lost: Memory = { events: [], lostMs: NOW - DAY };
  const day = watching({ kind: 'last', ms: DAY / 2 });
  test.each<[string, Memory, Watched[], number | undefined]>([
    ['it is', NO_MEMORY, [week], undefined],
    ['it is by now', { events: [], lostMs: NOW - WEEK - 1 }, [week], undefined],
    ['the longest window has passed', lost, [day, week], NOW - DAY + WEEK + 1],
    ['never: there is no window', lost, [newestTwo], undefined],
    ['never: the oldest is gone', lost, [week, oldest], undefined],
  ])('%s', (_, memory, watched, atMs) => {
    expect(completeAgainMs(memory, watched, NOW)).toBe(atMs);
    if (atMs === undefined) return;
    expect(isComplete(memory, watched, atMs - 1)).toBe(false);
    expect(isComplete(memory, watched, atMs)).toBe(true);
  });
});

test.each<[string, Memory, Watched[], number | undefined]>([
  ['a window has passed its newest event', memoryOf(week, [visit('e', NOW)]), [week], NOW + WEEK],
  [
    'a day has, when windows are shorter',
    memoryOf(week, [visit('e', NOW)]),
    [watching({ kind: 'last', ms: 5 })],
    NOW + DAY,
  ],
  ['what was lost is as old', { events: [], lostMs: NOW }, [week], NOW + WEEK],
  ['never, where an event decides for ever', memoryOf(week, [visit('e', NOW)]), [week, newestTwo], undefined],
  ['at once, where nothing is remembered', NO_MEMORY, [newestTwo], DAY],
])('of somebody who is no member it is of no use when %s', (_, memory, watched, atMs) => {
  expect(forgettableMs(memory, watched)).toBe(atMs);
});
