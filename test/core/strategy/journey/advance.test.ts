import { describe, expect, test } from 'vitest';
import type { JourneyNode } from '../../../../core/strategy/journey/journey-node.ts';
import { onboarding } from './journeys.ts';
import { DAY, exit, HOUR, journeyOf, MINUTE, message, SECOND, T0, traveller } from './traveller.ts';

const wait = (length: { days: number } | { hours: number } | { minutes: number }, next: string): JourneyNode => ({
  kind: 'wait',
  for: length,
  next,
});

describe('a walk', () => {
  test('the welcome, by somebody who never orders', () => {
    const it = traveller(onboarding, {
      facts: { profile: { attributes: {}, locale: 'zh-CN', timeZone: 'Asia/Shanghai' } },
    });
    it.enter(T0);
    expect(it.hold?.dueMs).toBe(T0 + 3 * DAY);
    it.due();
    // Friday, 17:00 in Shanghai: the next Monday at nine.
    expect(it.hold?.dueMs).toBe(Date.parse('2026-12-07T09:00:00+08:00'));
    it.due();
    it.due();
    expect(it.path()).toEqual([
      'entry event',
      'hello next',
      'first-order waits',
      'first-order timeout',
      'kind-of-person in China',
      'morning waits',
      'morning next',
      'offer next',
      'later waits',
      'later next',
      'done exit',
    ]);
    expect(it.world.participant).toMatchObject({ state: 'over', entry: 1, step: 11, end: { reason: 'exit' } });
    expect(it.world.participant?.pending).toMatchObject([
      { kind: 'send', entry: 1, step: 2, node: 'hello', atMs: T0 },
      { kind: 'send', entry: 1, step: 8, node: 'offer' },
    ]);
  });

  test('by somebody who orders on the second day', () => {
    const it = traveller(onboarding);
    it.enter(T0);
    it.event('order.placed', T0 + DAY);
    expect(it.path().slice(3)).toEqual(['goal order', 'first-order order.placed', 'thanks next', 'done exit']);
    expect(it.world.participant?.goals).toEqual({ order: T0 + DAY });
  });

  test('each step says why', () => {
    const it = traveller(onboarding, { facts: { segments: new Set(['regulars']) } });
    it.enter(T0);
    it.due();
    expect(it.world.steps.map(({ why }) => why)).toEqual([
      'start at 2026-12-01 09:00:00 UTC',
      'Message asked for',
      'for order.placed, until 2026-12-04 09:00:00 UTC',
      'Nothing came by 2026-12-04 09:00:00 UTC',
      'in segment regulars',
      'Came to an exit',
    ]);
  });

  test('what is renewed is asked for again: a timer for each new rest', () => {
    const it = traveller(journeyOf({ a: wait({ hours: 1 }, 'b'), b: wait({ hours: 1 }, 'c'), c: exit }));
    expect(it.enter(T0).wake).toEqual({ entry: 1, step: 2, dueMs: T0 + HOUR });
    expect(it.due().wake).toEqual({ entry: 1, step: 4, dueMs: T0 + 2 * HOUR });
    expect(it.due().wake).toBeUndefined();
  });
});

describe('logical time', () => {
  const twoWaits = journeyOf({ a: wait({ hours: 1 }, 'b'), b: wait({ hours: 1 }, 'c'), c: exit });
  test.each([
    ['at once', 0, 0, T0 + 2 * HOUR],
    ['a timer that is two minutes late makes nothing later', 0, 2 * MINUTE, T0 + 2 * HOUR],
    ['an entry that is handled a minute late is not late', MINUTE, 0, T0 + 2 * HOUR],
    ['after an outage of 20 minutes a wait begins five minutes ago', 0, 20 * MINUTE, T0 + 2 * HOUR + 15 * MINUTE],
    ['an event of half an hour ago', 30 * MINUTE, 0, T0 + 2 * HOUR + 25 * MINUTE],
  ])('%s', (_, entryLate, timerLate, expected) => {
    const it = traveller(twoWaits);
    it.enter(T0, { now: T0 + entryLate });
    it.due((it.hold?.dueMs ?? 0) + timerLate);
    expect(it.hold?.dueMs).toBe(expected);
  });

  test('an app whose clock is ahead does not put anybody into the future', () => {
    const it = traveller(twoWaits);
    it.give(
      {
        kind: 'enter',
        event: { id: 'a', type: 'start', source: 'app', timeMs: T0 + HOUR, receivedMs: T0, properties: {} },
      },
      T0 + SECOND,
    );
    expect(it.hold?.dueMs).toBe(T0 + HOUR);
  });
});

describe('repeats change nothing', () => {
  test('the entry, a timer, an event', () => {
    const it = traveller({ ...onboarding, reentry: { atMost: 5 } });
    const twice = (act: () => unknown) => {
      act();
      const once = structuredClone(it.world.participant);
      const steps = it.world.steps.length;
      act();
      expect(it.world.participant).toEqual(once);
      expect(it.world.steps).toHaveLength(steps);
    };
    twice(() => it.enter(T0));
    const { step = 0 } = it.hold ?? {};
    twice(() => it.give({ kind: 'due', entry: 1, step }, T0 + 3 * DAY));
    twice(() => it.event('order.placed', T0 + 3 * DAY + HOUR));
    twice(() => it.due());
    expect(it.end?.reason).toBe('exit');
    // Told again when it is over: it happened before the end.
    twice(() => it.enter(T0, { now: T0 + HOUR }));
    twice(() => it.event('order.placed', T0 + 3 * DAY + HOUR));
  });

  test('the timer of an earlier step, or entry, is nobody’s', () => {
    const it = traveller(journeyOf({ a: wait({ hours: 1 }, 'b'), b: wait({ days: 1 }, 'c'), c: exit }));
    it.enter(T0);
    it.due();
    const before = it.world.participant;
    expect(it.give({ kind: 'due', entry: 1, step: 2 }, T0 + 5 * DAY).participant).toBe(before);
    expect(it.give({ kind: 'due', entry: 0, step: 4 }, T0 + 5 * DAY).participant).toBe(before);
  });

  test('a timer that rings too early is set again', () => {
    const it = traveller(journeyOf({ a: wait({ hours: 1 }, 'b'), b: exit }));
    it.enter(T0);
    const before = it.world.participant;
    expect(it.due(T0 + HOUR - 1)).toEqual({
      participant: before,
      steps: [],
      wake: { entry: 1, step: 2, dueMs: T0 + HOUR },
    });
    it.due(T0 + HOUR);
    expect(it.end?.reason).toBe('exit');
  });
});

describe('nobody stays for ever', () => {
  test('a wait is cut at the end of what the journey allows', () => {
    const it = traveller(journeyOf({ a: wait({ days: 10 }, 'b'), b: exit }, { longest: { days: 7 } }));
    it.enter(T0);
    expect(it.hold?.dueMs).toBe(T0 + 7 * DAY);
    it.due();
    expect(it.end?.reason).toBe('too-long');
  });

  test('a circle ends', () => {
    const it = traveller(journeyOf({ a: wait({ days: 3 }, 'm'), m: message('a') }, { longest: { days: 7 } }));
    it.enter(T0);
    for (let n = 0; n < 3; n += 1) it.due();
    expect(it.world.participant).toMatchObject({ state: 'over', end: { reason: 'too-long', atMs: T0 + 7 * DAY } });
    expect(it.world.participant?.pending).toHaveLength(2);
  });

  test('what validation would have refused ends, too', () => {
    const it = traveller(journeyOf({ a: { kind: 'jump', to: 'b' }, b: { kind: 'jump', to: 'a' } }));
    it.enter(T0);
    expect(it.end?.reason).toBe('endless');
    const gone = traveller(journeyOf({ a: { kind: 'jump', to: 'nowhere' } }));
    gone.enter(T0);
    expect(gone.end).toEqual({ reason: 'node-gone', detail: 'nowhere', atMs: T0 });
  });

  test('twelve steps are kept, whatever somebody did', () => {
    const it = traveller(journeyOf({ a: wait({ days: 1 }, 'm'), m: message('a') }));
    it.enter(T0);
    for (let n = 0; n < 20; n += 1) it.due();
    expect(it.world.participant?.steps).toHaveLength(12);
    expect(it.world.participant?.steps.at(-1)).toMatchObject({
      step: it.world.participant?.step,
      node: 'a',
      way: 'waits',
    });
  });
});
