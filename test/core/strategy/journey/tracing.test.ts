import { expect, test } from 'vitest';
import type { Participant } from '../../../../core/strategy/journey/participant.ts';
import { handedOver, isWornOut, withTracing } from '../../../../core/strategy/journey/tracing.ts';

const waiting: Participant = {
  ...{ version: 3, entry: 1, hash: 'h', state: 'inside', node: 'day', step: 2, clockMs: 1, sinceMs: 1, enteredMs: 1 },
  ...{ seen: [], consumed: [], arms: {}, goals: {}, steps: [] },
  hold: { step: 2, dueMs: 100, why: 'A day' },
};
const followed: Participant = { ...waiting, follower: 1, token: 't' };
const gone = (from: Participant): Participant => ({ ...from, step: 4, hold: { step: 4, dueMs: 200, why: 'Another' } });
const over = (from: Participant): Participant => {
  const { hold: _left, ...rest } = from;
  return { ...rest, state: 'over', step: 5 };
};
const send = { kind: 'send', entry: 1, step: 3, node: 'hello', hash: 'h', atMs: 1 } as const;

test('whoever enters a traced journey is followed, from that step on', () => {
  expect(withTracing(undefined, waiting, true)).toEqual({
    ...waiting,
    follower: 3,
    pending: [{ kind: 'follow', entry: 1, follower: 3 }],
  });
  const { pending } = withTracing({ ...over(followed), entry: 1 }, { ...waiting, entry: 2 }, true);
  expect(pending).toEqual([{ kind: 'follow', entry: 2, follower: 3 }]);
  // Somebody whose item is new: 0 is a number like others.
  const first = withTracing(undefined, { ...waiting, version: 0 }, true);
  expect(first).toMatchObject({ follower: 0, pending: [{ follower: 0 }] });
  const { pending: _published, ...saved } = { ...first, version: 1 };
  expect(withTracing(saved, gone(saved), true)).toEqual({ ...gone(saved), follower: 0 });
});

test('whoever goes on wakes the execution once, after their messages, and is followed by the same one', () => {
  const { token: _woken, ...rest } = gone(followed);
  expect(withTracing(followed, { ...gone(followed), pending: [send] }, true)).toEqual({
    ...rest,
    pending: [send, { kind: 'wake', token: 't' }],
  });
  expect(withTracing({ ...waiting, follower: 1 }, gone({ ...waiting, follower: 1 }), true).pending).toBeUndefined();
});

test('an event that is only remembered disturbs nobody', () => {
  const remembered: Participant = { ...followed, seen: [['p', 5, 'e']] };
  expect(withTracing(followed, remembered, true)).toBe(remembered);
});

test('at the end the execution is told, and follows nobody', () => {
  const ended = withTracing(followed, over(followed), true);
  expect(ended.pending).toEqual([{ kind: 'wake', token: 't' }]);
  expect(ended).not.toHaveProperty('token');
  expect(ended).not.toHaveProperty('follower');
  // Who enters and leaves at once needs none.
  expect(withTracing(undefined, over(waiting), true).pending).toBeUndefined();
});

test('into a version that is pooled they go alone, and back are followed anew', () => {
  const pooled = withTracing(followed, { ...gone(followed), hash: 'other' }, false);
  expect(pooled.pending).toEqual([{ kind: 'wake', token: 't' }]);
  expect(pooled).not.toHaveProperty('follower');
  const { pending: _published, ...alone } = pooled;
  const back = { ...alone, step: 6, hold: { step: 6, dueMs: 300, why: 'A third' } };
  expect(withTracing(alone, back, true).pending).toEqual([{ kind: 'follow', entry: 1, follower: 3 }]);
});

test('of pooled participants nothing is told', () => {
  expect(withTracing(undefined, waiting, false)).toEqual(waiting);
  expect(withTracing(waiting, gone(waiting), false)).toEqual(gone(waiting));
});

test.each([
  ['just begun', 0, 0, false],
  ['a day before its time', 999, 29, false],
  ['a thousand waits', 1_000, 0, true],
  ['a month', 1, 30, true],
])('an execution, %s', (_, waits, days, expected) => {
  expect(isWornOut({ waits, startedMs: 5 }, 5 + days * 86_400_000)).toBe(expected);
});

test('the next execution has a number of its own, and nobody waits with the token of the one before', () => {
  const next = handedOver(followed);
  expect(next).toMatchObject({ follower: 3, pending: [{ kind: 'follow', entry: 1, follower: 3 }], hold: waiting.hold });
  expect(next).not.toHaveProperty('token');
});
