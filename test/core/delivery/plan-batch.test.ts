import { describe, expect, test } from 'vitest';
import type { Settled } from '../../../core/delivery/ledger.ts';
import type { DirectMessage, Earlier, SnapshotMessage, SnapshotRow } from '../../../core/delivery/messages.ts';
import { FAIL_REASONS, SKIP_REASONS } from '../../../core/delivery/outcome.ts';
import {
  nextMessage,
  nextStepOf,
  outcomeRows,
  type Step,
  touchesToRelease,
} from '../../../core/delivery/plan-batch.ts';
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
const everywhere: SnapshotRow = { profileId: 'ada', pushToken: 't', phone: '+1', email: 'e', attributes: {} };
const stepOf = (
  pointer: SnapshotMessage,
  takenOver = false,
  rows = Array<SnapshotRow>(9).fill(everywhere),
  held: Record<number, number> = {},
): Step => ({
  work: workOf(pointer),
  policy,
  lane: 'promotional',
  takenOver,
  nextStepOf: nextStepOf(pointer, rows, policy),
  heldUntil: (index) => held[index],
});
const row = (settled: Settled, step: number, earlier?: Earlier) => {
  const pointer = message(step, earlier && { 0: earlier });
  const plan = { planKind: 'campaign' as const, planId: 'c1' };
  return outcomeRows(new Map([[0, settled]]), () => 'ada', new Map([[0, 'm1']]), stepOf(pointer), plan, 5)[0];
};

test('these reasons, and no others, move on to the next channel', () => {
  const moving = (step: number) =>
    [...SKIP_REASONS, ...FAIL_REASONS, '' as const].filter((reason) =>
      nextMessage(message(step), new Map([[0, reason]]), stepOf(message(step))),
    );
  expect(moving(0)).toEqual([
    'no-address',
    'no-consent',
    'suppressed',
    'channel-cap',
    'over-budget',
    'opted-out',
    'address-refused',
    'provider-refused',
    'provider-unavailable',
    'not-delivered',
    'not-opened',
  ]);
  expect(moving(2)).toEqual([]);
});

describe('where people go on', () => {
  const { email, ...noEmail } = everywhere;
  const { phone, ...noPhone } = everywhere;
  const onlyPush = { profileId: 'ada', pushToken: 't', attributes: {} };

  test('a step without an address is left out, and whoever has none left ends here', () => {
    const left = new Map<number, Settled>([
      [0, 'address-refused'],
      [1, 'address-refused'],
    ]);
    const next = (rows: SnapshotRow[], step = 0) => {
      const after = nextMessage(message(step), left, stepOf(message(step), false, rows));
      return after && [after.step, after.only];
    };
    expect(next([noPhone, noPhone])).toEqual([2, [0, 1]]);
    // One message: whoever has no phone is taken along.
    expect(next([noPhone, everywhere])).toEqual([1, [1]]);
    expect(next([onlyPush, noPhone])).toEqual([2, [1]]);
    expect(next([onlyPush, onlyPush])).toBeUndefined();
    expect(next([noEmail, everywhere], 1)).toEqual([2, [1]]);
  });

  test('the row of somebody who ends here is final, and the touch is given back', () => {
    const left = new Map<number, Settled>([[0, 'address-refused']]);
    const step = stepOf(message(0), false, [onlyPush]);
    const plan = { planKind: 'campaign' as const, planId: 'c1' };
    expect(outcomeRows(left, () => 'ada', new Map(), step, plan, 5)).toMatchObject([
      { channel: 'push', outcome: 'failed', reason: 'address-refused', final: true },
    ]);
    expect(touchesToRelease(left, step)).toEqual([0]);
    expect(touchesToRelease(left, stepOf(message(0), false, [noPhone]))).toEqual([]);
  });

  test('a real-time message takes each step, for the profile may change', () => {
    const direct = { kind: 'direct', step: 0 } as DirectMessage;
    expect(nextStepOf(direct, [noPhone], policy)(0)).toBe(1);
    expect(nextStepOf({ ...direct, step: 2 }, [everywhere], policy)(0)).toBeUndefined();
  });
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

describe('who is put off', () => {
  const pointer = message(0);
  const night = new Map<number, Settled>([
    [0, ''],
    [1, 'quiet-hours'],
    [2, 'quiet-hours'],
    [3, 'address-refused'],
    [4, 'quiet-hours'],
    [5, 'quiet-hours'],
  ]);
  /** Of person 5 the night drops messages. */
  const held = { 1: 900_000, 2: 870_000, 4: 5_000_000 };
  const first = nextMessage(pointer, night, stepOf(pointer, false, undefined, held)) as SnapshotMessage;

  test('waits, while who falls back goes on at once, all in one message', () => {
    expect(first).toEqual({
      ...message(1),
      only: [3],
      later: { 1: { step: 0, dueMs: 900_000 }, 2: { step: 0, dueMs: 870_000 }, 4: { step: 0, dueMs: 5_000_000 } },
      earlier: { 3: { reason: 'address-refused', step: 0, touched: true } },
    });
  });

  const second = nextMessage(first, new Map<number, Settled>([[3, '']]), stepOf(first)) as SnapshotMessage;
  test('is taken along until it is time; who is due within a minute goes together', () => {
    expect(second).toEqual({
      ...message(0),
      round: 1,
      dueMs: 900_000,
      only: [1, 2],
      later: { 4: { step: 0, dueMs: 5_000_000 } },
    });
    expect(workOf(second).unit).not.toBe(workOf(pointer).unit);
    expect(workOf(second).outcomeIdOf('ada')).not.toBe(workOf(pointer).outcomeIdOf('ada'));
    expect(workOf(second).touchKey).toBe(workOf(pointer).touchKey);
  });

  test('goes on to another channel in the morning like everybody else', () => {
    const morning = new Map<number, Settled>([
      [1, ''],
      [2, 'no-consent'],
    ]);
    const third = nextMessage(second, morning, stepOf(second)) as SnapshotMessage;
    expect(third).toEqual({
      ...message(1),
      round: 1,
      only: [2],
      later: { 4: { step: 0, dueMs: 5_000_000 } },
      earlier: { 2: { reason: 'no-consent', step: 0 } },
    });
    const fourth = nextMessage(third, new Map<number, Settled>([[2, '']]), stepOf(third)) as SnapshotMessage;
    expect(fourth).toEqual({ ...message(0), round: 2, dueMs: 5_000_000, only: [4] });
    expect(nextMessage(fourth, new Map<number, Settled>([[4, '']]), stepOf(fourth))).toBeUndefined();
  });

  test('is no final outcome; whom the night drops is', () => {
    const plan = { planKind: 'campaign' as const, planId: 'c1' };
    const step = stepOf(pointer, false, undefined, held);
    const rows = outcomeRows(night, (index) => `p${index}`, new Map(), step, plan, 5);
    expect(rows.map(({ outcome, reason, final }) => [outcome, reason, final])).toEqual([
      ['sent', '', true],
      ['skipped', 'quiet-hours', false],
      ['skipped', 'quiet-hours', false],
      ['failed', 'address-refused', false],
      ['skipped', 'quiet-hours', false],
      ['skipped', 'quiet-hours', true],
    ]);
  });

  test('a touch of an earlier channel is kept meanwhile', () => {
    const touched = message(1, { 1: { reason: 'address-refused', step: 0, touched: true } });
    const step = stepOf(touched, false, undefined, { 1: 9 });
    const settled = new Map<number, Settled>([[1, 'quiet-hours']]);
    expect(touchesToRelease(settled, step)).toEqual([]);
    expect(nextMessage(touched, settled, step)?.earlier).toEqual(touched.earlier);
    expect(touchesToRelease(settled, stepOf(touched))).toEqual([1]);
  });
});

describe('who is waited for', () => {
  const waits = { channel: 'sms', ifNotDeliveredWithin: { minutes: 10 }, ifNotOpenedWithin: { hours: 1 } } as const;
  const waiting = (pointer: SnapshotMessage, held: Record<number, number> = {}): Step => ({
    ...stepOf(pointer, false, undefined, held),
    policy: ['push', waits, 'email'],
  });
  const pointer = message(1, { 0: { reason: 'address-refused', step: 0, touched: true } });
  const sent = new Map<number, Settled>([
    [0, ''],
    [1, ''],
  ]);
  const plan = { planKind: 'campaign' as const, planId: 'c1' };
  const rowsOf = (settled: Map<number, Settled>, step: Step) =>
    outcomeRows(settled, (index) => `p${index}`, new Map(), step, plan, 5).map((one) => [
      one.channel,
      one.outcome,
      one.reason,
      one.final,
    ]);
  const first = nextMessage(pointer, sent, waiting(pointer, { 0: 605_000, 1: 610_000 })) as SnapshotMessage;

  test('has got a message, which is not the final outcome yet', () => {
    expect(rowsOf(sent, waiting(pointer, { 0: 605_000, 1: 610_000 }))).toEqual([
      ['sms', 'sent', '', false],
      ['sms', 'sent', '', false],
    ]);
    const awaits = { what: 'delivered' as const, unit: workOf(pointer).unit };
    expect(first).toEqual({
      ...message(1),
      round: 1,
      dueMs: 610_000,
      only: [0, 1],
      earlier: {
        0: { reason: 'address-refused', step: 0, touched: true, taken: [1], awaits: { ...awaits, sentMs: 5_000 } },
        1: { touched: true, taken: [1], awaits: { ...awaits, sentMs: 10_000 } },
      },
    });
  });

  test('one is delivered, and waited for again; the other goes on', () => {
    const settled = new Map<number, Settled>([
      [0, ''],
      [1, 'not-delivered'],
    ]);
    const step = waiting(first, { 0: 3_605_000 });
    const second = nextMessage(first, settled, step) as SnapshotMessage;
    expect(second).toEqual({
      ...message(2),
      round: 1,
      only: [1],
      later: { 0: { step: 1, dueMs: 3_605_000 } },
      earlier: {
        0: {
          ...{ reason: 'address-refused', step: 0, touched: true, taken: [1] },
          awaits: { what: 'opened', unit: workOf(pointer).unit, sentMs: 5_000 },
        },
        1: { reason: 'not-delivered', step: 1, touched: true, taken: [1] },
      },
    });
    expect(rowsOf(settled, step)).toEqual([
      ['sms', 'sent', '', false],
      ['sms', 'failed', 'not-delivered', false],
    ]);
    // No later channel could: it was sent all the same, and the touch stays.
    const none = new Map<number, Settled>([[1, 'no-consent']]);
    expect(rowsOf(none, waiting(second))).toEqual([['sms', 'sent', '', true]]);
    expect(touchesToRelease(none, waiting(second))).toEqual([]);
    const third = nextMessage(second, none, waiting(second)) as SnapshotMessage;
    expect(third).toMatchObject({ step: 1, round: 2, dueMs: 3_605_000, only: [0] });
    expect(rowsOf(new Map([[0, '']]), waiting(third))).toEqual([['sms', 'sent', '', true]]);
  });
});
