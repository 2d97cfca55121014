import { describe, expect, test } from 'vitest';
import type { Settled } from '../../../core/delivery/ledger.ts';
import type { Earlier, SnapshotMessage } from '../../../core/delivery/messages.ts';
import { FAIL_REASONS, SKIP_REASONS } from '../../../core/delivery/outcome.ts';
import { movesOn, nextMessage, outcomeRows, type Step, touchesToRelease } from '../../../core/delivery/plan-batch.ts';
import { workOf } from '../../../core/delivery/work.ts';

const policy = ['push', 'sms', 'email'] as const;
const message = (step: number, earlier?: Record<number, Earlier>): SnapshotMessage => ({
  kind: 'snapshot',
  plan: { kind: 'campaign', id: 'c1', hash: 'h' },
  runId: 'r',
  part: 'p/0.ndjson',
  batch: 0,
  offset: 0,
  bytes: 1,
  count: 9,
  step,
  ...(earlier && { earlier }),
});
const stepOf = (pointer: SnapshotMessage, takenOver = false): Step => ({
  work: workOf(pointer),
  policy,
  lane: 'promotional',
  takenOver,
});
const row = (settled: Settled, step: number, earlier?: Earlier) => {
  const pointer = message(step, earlier && { 0: earlier });
  const plan = { planKind: 'campaign' as const, planId: 'c1' };
  return outcomeRows(new Map([[0, settled]]), () => 'ada', new Map([[0, 'm1']]), stepOf(pointer), plan, 5)[0];
};

test('these reasons, and no others, move on to the next channel', () => {
  const reasons = [...SKIP_REASONS, ...FAIL_REASONS];
  expect(reasons.filter((reason) => movesOn(reason, 0, policy))).toEqual([
    'no-address',
    'no-consent',
    'suppressed',
    'opted-out',
    'address-refused',
    'provider-refused',
    'provider-unavailable',
  ]);
  expect(reasons.filter((reason) => movesOn(reason, 2, policy))).toEqual([]);
  expect(movesOn('', 0, policy)).toBe(false);
});

describe('outcome rows', () => {
  test.each<[string, Settled, number, Earlier | undefined, object]>([
    ['sent', '', 0, undefined, { outcome: 'sent', channel: 'push', reason: '', final: true, message_id: 'm1' }],
    ['left', 'address-refused', 0, undefined, { outcome: 'failed', channel: 'push', final: false }],
    ['left', 'no-consent', 1, undefined, { outcome: 'skipped', channel: 'sms', final: false }],
    ['capped', 'frequency-cap', 0, undefined, { outcome: 'skipped', channel: 'push', final: true }],
    [
      'exhausted',
      'opted-out',
      2,
      { reason: 'no-consent', step: 0 },
      { outcome: 'failed', channel: 'email', reason: 'opted-out', final: true },
    ],
    [
      'no address at all',
      'no-address',
      2,
      undefined,
      { outcome: 'skipped', channel: 'none', reason: 'no-address', final: true },
    ],
    [
      'no address at the end',
      'no-address',
      2,
      { reason: 'opted-out', step: 1 },
      { outcome: 'failed', channel: 'sms', reason: 'opted-out', final: true },
    ],
  ])('%s: %s at step %i after %j', (_, settled, step, earlier, expected) => {
    expect(row(settled, step, earlier)).toMatchObject({ outcome_id: `r#ada#${step}`, profile_id: 'ada', ...expected });
  });
});

describe('next message', () => {
  const settled = new Map<number, Settled>([
    [0, ''],
    [1, 'no-address'],
    [2, 'address-refused'],
    [3, 'frequency-cap'],
    [4, 'no-consent'],
  ]);

  test('takes those who move on, with what is to be known of them', () => {
    const pointer = message(0);
    expect(nextMessage(pointer, settled, stepOf(pointer))).toEqual({
      ...pointer,
      step: 1,
      only: [1, 2, 4],
      earlier: { 2: { reason: 'address-refused', step: 0, touched: true }, 4: { reason: 'no-consent', step: 0 } },
    });
  });

  test('the last channel that had an address has the last word, a touch stays known', () => {
    const pointer = message(1, { 1: { reason: 'address-refused', step: 0, touched: true } });
    expect(nextMessage(pointer, new Map([[1, 'no-address']]), stepOf(pointer))?.earlier).toEqual({
      1: { reason: 'address-refused', step: 0, touched: true },
    });
  });

  test('nobody moves on: no message', () => {
    const pointer = message(2);
    expect(nextMessage(pointer, settled, stepOf(pointer))).toBeUndefined();
  });
});

describe('touches to give back', () => {
  test.each<[Settled, Earlier | undefined, boolean, boolean]>([
    ['', undefined, false, false],
    ['address-refused', undefined, false, true],
    ['no-address', undefined, false, false],
    ['no-address', { touched: true }, false, true],
    ['no-consent', undefined, true, true],
    ['unknown-after-crash', { touched: true }, true, false],
  ])('%s at the last step, earlier %j, taken over: %s → %s', (reason, earlier, takenOver, expected) => {
    const pointer = message(2, earlier && { 0: earlier });
    expect(touchesToRelease(new Map([[0, reason]]), stepOf(pointer, takenOver))).toEqual(expected ? [0] : []);
  });

  test('not while another channel is to be tried, and never in the transactional lane', () => {
    const refused = new Map<number, Settled>([[0, 'address-refused']]);
    expect(touchesToRelease(refused, stepOf(message(1)))).toEqual([]);
    expect(touchesToRelease(refused, { ...stepOf(message(2)), lane: 'transactional' })).toEqual([]);
  });
});
