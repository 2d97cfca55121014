import { describe, expect, test } from 'vitest';
import type { Receipt } from '../../../core/delivery/receipt.ts';
import {
  addressTag,
  consequenceOf,
  isInForce,
  SOFT_LIMIT,
  type SoftBounce,
  type Suppression,
  softSuppression,
} from '../../../core/delivery/suppression.ts';

const DAY = 86_400_000;

describe('a suppression is in force', () => {
  const hard: Suppression = { reason: 'hard-bounce', atMs: 1, address: addressTag('a@x') };
  test.each<[string, Suppression, { address?: string; nowMs: number }, boolean]>([
    ['for its address', hard, { address: 'a@x', nowMs: 2 }, true],
    ['for its address in capitals', hard, { address: 'A@x', nowMs: 2 }, true],
    ['not for another one', hard, { address: 'b@x', nowMs: 2 }, false],
    ['wherever it would go', hard, { nowMs: 2 }, true],
    ['for every address', { reason: 'complaint', atMs: 1 }, { address: 'b@x', nowMs: 2 }, true],
    ['until it ends', { reason: 'soft-bounces', atMs: 1, untilMs: 9 }, { nowMs: 8 }, true],
    ['not from then on', { reason: 'soft-bounces', atMs: 1, untilMs: 9 }, { nowMs: 9 }, false],
  ])('%s', (_, suppression, about, expected) => expect(isInForce(suppression, about)).toBe(expected));
});

describe(`${SOFT_LIMIT.bounces} soft bounces in 30 days`, () => {
  const on = (...days: number[]): SoftBounce[] =>
    days.map((day, n) => ({ atMs: day * DAY, message: `m${n}`, address: 'a' }));
  test.each<[string, SoftBounce[], number | undefined]>([
    ['too few', on(1, 2), undefined],
    ['in any order', on(9, 1, 5), 9],
    ['too far apart', on(1, 20, 31), undefined],
    ['just close enough', on(1, 20, 30.9), 30.9],
    ['the last of more', on(1, 2, 3, 4), 4],
    ['of one message that was sent three times', on(1, 2, 3).map((bounce) => ({ ...bounce, message: 'm' })), undefined],
    ['of another address', on(1, 2, 3).map((bounce, n) => (n === 1 ? { ...bounce, address: 'b' } : bounce)), undefined],
  ])('%s', (_, bounces, lastDay) => {
    const atMs = (lastDay ?? 0) * DAY;
    expect(softSuppression(bounces, 'a')).toEqual(
      lastDay && { reason: 'soft-bounces', atMs, address: 'a', untilMs: atMs + 30 * DAY },
    );
  });
});

test.each<[Receipt['outcome'], string, object | undefined]>([
  ['complained', '', { kind: 'suppress', suppression: { reason: 'complaint', atMs: 7 } }],
  ['bounced', 'hard', { kind: 'suppress', suppression: { reason: 'hard-bounce', atMs: 7, address: 'tag' } }],
  ['bounced', 'soft', { kind: 'soft-bounce', bounce: { atMs: 7, message: 'm', address: 'tag' } }],
  ['bounced', 'undetermined', { kind: 'soft-bounce', bounce: { atMs: 7, message: 'm', address: 'tag' } }],
  ['bounced', 'block', undefined],
  ['delivered', '', undefined],
  ['failed', 'expired', undefined],
  ['opened', '', undefined],
])('%s %s', (outcome, detail, expected) => {
  const receipt: Receipt = { ref: '', outcome, detail, atMs: 7, messageId: 'p' };
  expect(consequenceOf(receipt, { address: 'tag', message: 'm' })).toEqual(expected);
});
