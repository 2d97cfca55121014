import { describe, expect, test } from 'vitest';
import type { Approval } from '../../../../core/strategy/approval/approval.ts';
import { isLongSince, troubled } from '../../../../core/strategy/approval/not-in-force.ts';
import type { Journey } from '../../../../core/strategy/journey/journey.ts';
import { journeyApproval } from '../../../../core/strategy/journey/journey.ts';

const ref = { hash: 'h', submission: 4 };
const approval = {
  ...ref,
  level: 0,
  votes: [],
  decision: { outcome: 'approved', by: 'ada', atMs: 1_000, comment: '' },
};
const approved = { id: 'j', version: 6, state: 'approved', editors: [], approval } as unknown as Journey;
const inTrouble = {
  ...approved,
  approval: { ...(approval as unknown as Approval), notInForce: { sinceMs: 1_000, reason: 'no' } },
};

describe('what is approved and not in force', () => {
  test.each<[string, Journey, string, number, object | undefined]>([
    ['is no trouble within a minute', approved, 'no', 60_999, undefined],
    ['says why after it', approved, 'no', 61_000, { sinceMs: 1_000, reason: 'no' }],
    ['says it once', inTrouble, 'no', 99_000, undefined],
    ['says what else it is', inTrouble, 'never', 99_000, { sinceMs: 1_000, reason: 'never' }],
    ['says it in few words', approved, 'x'.repeat(999), 99_000, { sinceMs: 1_000, reason: 'x'.repeat(300) }],
    ['has nothing to say once it is in force', { ...approved, state: 'published' }, 'no', 99_000, undefined],
    ['has nothing to say once it was edited', { ...approved, state: 'draft' }, 'no', 99_000, undefined],
  ])('%s', (_, thing, why, nowMs, notInForce) => {
    expect(troubled(thing, ref, why, nowMs)?.approval?.notInForce).toEqual(notInForce);
  });

  test('is an alarm after eight minutes, of this submission alone', () => {
    expect([480_999, 481_000].map((nowMs) => isLongSince(approved, ref, nowMs))).toEqual([false, true]);
    expect(isLongSince(approved, { ...ref, submission: 3 }, 999_999)).toBe(false);
  });

  test.each([
    ['it is in force', journeyApproval.putInForce(inTrouble, ref, {})],
    ['it cannot be, for good', journeyApproval.returned(inTrouble, ref, 'Stopped', 2_000)],
    [
      'it is taken back',
      journeyApproval.disapproved(inTrouble, { actor: 'abe', roles: ['approver'], reason: 'No' }, 2_000),
    ],
  ])('says nothing more when %s', (_, decision) => {
    if (decision.kind !== 'change') throw new Error(decision.kind);
    expect(decision.thing.approval).not.toHaveProperty('notInForce');
  });
});
