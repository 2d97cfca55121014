import { describe, expect, test } from 'vitest';
import { graphDefects } from '../../../../core/strategy/journey/graph-defects.ts';
import type { JourneyNode } from '../../../../core/strategy/journey/journey-node.ts';
import { exit, HOUR, journeyOf, MINUTE, message, T0, traveller } from './traveller.ts';

const waitFor = (eventType: string, next: string, onTimeout = 'e'): JourneyNode => ({
  ...{ kind: 'wait-for-event', events: [{ event: { eventType }, next }], within: { hours: 1 }, onTimeout },
});
const hour = journeyOf({ w: { kind: 'wait', for: { hours: 1 }, next: 'm' }, m: message('e'), e: exit });
const [early, late] = [T0 + HOUR - 1, T0 + HOUR];

describe('a timer, or a look', () => {
  test.each([
    ['live', 'due', early, { wake: { entry: 1, step: 2, dueMs: T0 + HOUR } }, 'w'],
    ['live', 'due', late, { steps: 3 }, 'e'],
    ['live', 'look', early, {}, 'w'],
    ['live', 'look', late, { steps: 3 }, 'e'],
    ['paused', 'due', early, { wake: { entry: 1, step: 2, dueMs: T0 + HOUR } }, 'w'],
    ['paused', 'due', late, { park: true }, 'w'],
    ['paused', 'look', early, {}, 'w'],
    ['paused', 'look', late, {}, 'w'],
  ] as const)('%s, %s at %i', (state, kind, nowMs, expected, node) => {
    const it = traveller(hour);
    it.enter(T0);
    it.world.moment = { ...it.world.moment, state };
    const before = it.world.participant;
    const { wake, park, steps } = kind === 'due' ? it.due(nowMs) : it.look(nowMs);
    const found = { ...(wake && { wake }), ...(park && { park }), ...(steps.length > 0 && { steps: steps.length }) };
    expect([found, it.world.participant?.node]).toEqual([expected, node]);
    expect(it.world.participant === before).toBe(node === 'w');
  });

  test('one that rings too early in a pause is found again when the pause ends before they are due', () => {
    const it = traveller(hour);
    it.enter(T0);
    it.world.moment = { ...it.world.moment, state: 'paused' };
    const { wake } = it.due(T0 + MINUTE);
    it.world.moment = { ...it.world.moment, state: 'live', sinceMs: T0 + 2 * MINUTE };
    it.look(T0 + 2 * MINUTE);
    expect(wake).toEqual({ entry: 1, step: 2, dueMs: T0 + HOUR });
    it.give({ kind: 'due', entry: 1, step: wake?.step ?? 0 }, wake?.dueMs ?? 0);
    expect(it.end?.reason).toBe('exit');
  });
});

test('an event that was told by a clock that is ahead lets in once, however soon somebody has left', () => {
  const it = traveller(journeyOf({ m: message('e'), e: exit }, { reentry: {} }));
  it.enter(T0, { id: 'x', now: T0 - MINUTE });
  expect(it.end).toMatchObject({ reason: 'exit', atMs: T0 - MINUTE });
  expect(it.enter(T0, { id: 'x', now: T0 + MINUTE }).refused).toBe('inside');
  expect(it.enter(T0 + MINUTE, { id: 'y' }).refused).toBeUndefined();
});

describe('a throttle', () => {
  const slow = journeyOf({ t: { kind: 'throttle', perMinute: 1, next: 'm' }, m: message('e'), e: exit });
  const waiting = () => {
    const it = traveller(slow, { facts: { slots: { t: T0 + MINUTE } } });
    it.enter(T0);
    expect(it.hold?.dueMs).toBe(T0 + MINUTE);
    return it;
  };

  test('whose turn came in a pause is passed with another turn, once', () => {
    const it = waiting();
    it.world.moment = { ...it.world.moment, sinceMs: T0 + HOUR };
    it.world.facts = { slots: { t: T0 + HOUR + 7 * MINUTE } };
    expect(it.look(T0 + HOUR).wake).toEqual({ entry: 1, step: 3, dueMs: T0 + HOUR + 7 * MINUTE });
    expect(it.path()).toEqual(['entry event', 't waits', 't waits']);
    it.due(T0 + HOUR + 9 * MINUTE);
    expect(it.path().slice(3)).toEqual(['t next', 'm next', 'e exit']);
  });

  test('is passed at once where the new turn is free, and without one where no pause was', () => {
    const free = waiting();
    free.world.moment = { ...free.world.moment, sinceMs: T0 + HOUR };
    free.world.facts = {};
    free.look(T0 + HOUR);
    expect(free.end?.reason).toBe('exit');

    const plain = waiting();
    plain.world.facts = { slots: { t: T0 + 9 * HOUR } };
    plain.due(T0 + HOUR);
    expect(plain.end?.reason).toBe('exit');
  });

  test('lets through once by a turn, whoever comes back at once by an event that had come before', () => {
    const again = journeyOf({ t: { kind: 'throttle', perMinute: 1, next: 'w' }, w: waitFor('a', 't'), e: exit });
    const it = traveller(again);
    it.event('a', T0 + 1);
    it.event('a', T0 + 2);
    it.enter(T0, { now: T0 + 3 });
    expect(it.path()).toEqual(['entry event', 't next', 'w a', 't waits']);
    expect(it.hold).toMatchObject({ dueMs: T0 + 3, isUnasked: true });
    it.world.facts = { slots: { t: T0 + 2 * MINUTE } };
    it.due(T0 + MINUTE);
    expect(it.hold).toMatchObject({ dueMs: T0 + 2 * MINUTE });
    it.due(T0 + 2 * MINUTE);
    expect(it.path().slice(4)).toEqual(['t waits', 't next', 'w waits']);
  });

  test.each([
    ['is not in', journeyOf({ m: message('e'), e: exit })],
    ['is something else in', journeyOf({ t: { kind: 'exit' }, m: message('e'), e: exit })],
  ])('that %s the version to which they move lets them on', (_, next) => {
    const it = waiting();
    it.edit(next, 'move');
    it.world.moment = { ...it.world.moment, sinceMs: T0 + HOUR };
    it.look(T0 + HOUR);
    expect(it.path().slice(2)).toEqual(['t next', 'm next', 'e exit']);
  });
});

/** So many nodes in a ring, each of which waits for an event of its own type. */
const ring = (size: number) => {
  const names = Array.from({ length: size }, (_, n) => `n${n}`);
  return journeyOf({
    ...Object.fromEntries(names.map((name, n) => [name, waitFor(`type-${n}`, names[(n + 1) % size] ?? '')])),
    e: exit,
  });
};

describe('more nodes at once than a journey has', () => {
  test('by events that have come before: they are passed, one hundred at a time', () => {
    const [size, rounds] = [17, 8];
    const it = traveller(ring(size));
    // All come before the entry is handled, in the order of the ring, which is gone round eight times.
    for (let n = 0; n < size * rounds; n += 1) it.event(`type-${n % size}`, T0 + 1 + n);
    const { wake } = it.enter(T0, { now: T0 + MINUTE });
    expect(it.hold).toMatchObject({ isUnasked: true, dueMs: T0 + MINUTE });
    expect(wake).toMatchObject({ dueMs: T0 + MINUTE, step: it.hold?.step });
    // What comes meanwhile is no answer to a node that has not been asked.
    it.event(`type-${100 % size}`, T0 + 2 * MINUTE);
    it.due(T0 + 2 * MINUTE);
    const taken = it.path().filter((step) => step.includes(' type-'));
    expect(taken).toEqual(Array.from({ length: size * rounds }, (_, n) => `n${n % size} type-${n % size}`));
    expect(it.hold).toMatchObject({ step: it.world.participant?.step });
    expect(it.hold).not.toHaveProperty('isUnasked');
    expect(it.end).toBeUndefined();
  });

  test('in a pause they stay, and go on when it ends', () => {
    const it = traveller(ring(17));
    for (let n = 0; n < 17 * 8; n += 1) it.event(`type-${n % 17}`, T0 + 1 + n);
    it.enter(T0, { now: T0 + MINUTE });
    const { hold } = it;
    it.world.moment = { ...it.world.moment, state: 'paused' };
    expect(it.due(T0 + 2 * MINUTE).park).toBe(true);
    expect(it.hold).toBe(hold);
    it.world.moment = { ...it.world.moment, state: 'live', sinceMs: T0 + 3 * MINUTE };
    it.look(T0 + 3 * MINUTE);
    expect(it.path().filter((step) => step.includes(' type-'))).toHaveLength(17 * 8);
  });

  test('without any event it is a circle that takes no time: refused at publish, and an end where one gets through', () => {
    const circle = journeyOf({
      a: { kind: 'update', set: { x: 1 }, next: 'b' },
      b: {
        kind: 'branch',
        branches: [{ name: 'x', when: [{ attribute: 'x', equals: 2 }], next: 'e' }],
        otherwise: 'a',
      },
      e: exit,
    });
    expect(graphDefects(circle).map(({ code }) => code)).toEqual(['endless-loop']);
    expect(graphDefects(ring(17))).toEqual([]);
    const it = traveller(circle);
    it.enter(T0);
    expect(it.end?.reason).toBe('endless');
  });
});
