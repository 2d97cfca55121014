import { describe, expect, test } from 'vitest';
import type { Trigger, TriggerState } from '../../../core/event/trigger.ts';
import { editedTrigger, inputOf, triggerApproval } from '../../../core/event/trigger-approval.ts';
import { pausedTrigger } from '../../../core/event/trigger-decisions.ts';
import { DEFAULT_LEVELS } from '../../../core/strategy/approval/level.ts';

const input = {
  ...{ name: 'Order placed', eventType: 'order', templateId: 'x', channelPolicy: ['sms' as const], topic: 'orders' },
  lane: 'transactional' as const,
};
const trigger = (state: TriggerState): Trigger => ({
  ...input,
  ...{
    id: 't1',
    version: 3,
    state,
    author: 'mia',
    editors: ['max'],
    createdMs: 1,
    hash: 'old',
    maxLatenessSeconds: 60,
  },
});
const submission = { hash: 'h', levels: DEFAULT_LEVELS, writers: ['tia'] };
const ada = { actor: 'ada', roles: ['approver' as const] };

describe('state × act', () => {
  const edit = (from: Trigger) => editedTrigger(from, input, 'mia');
  const atOnce = (from: Trigger) => triggerApproval.approvedAtOnce(from, submission, ada, 5);
  const submit = (from: Trigger) => triggerApproval.submitted(from, { ...submission, expirySeconds: 60 }, 'mia', 5);
  test.each([
    ['draft', edit, 'draft'],
    ['in review', edit, 'draft'],
    ['approved', edit, 'draft'],
    ['rejected', edit, 'draft'],
    ['active', edit, undefined],
    ['paused', edit, 'draft'],
    ['draft', atOnce, 'approved'],
    ['in review', atOnce, undefined],
    ['rejected', atOnce, undefined],
    ['active', atOnce, undefined],
    ['paused', atOnce, 'approved'],
    ['draft', submit, 'in review'],
    ['in review', submit, undefined],
    ['rejected', submit, undefined],
    ['active', submit, undefined],
    ['paused', submit, 'in review'],
    ['draft', pausedTrigger, undefined],
    ['in review', pausedTrigger, undefined],
    ['approved', pausedTrigger, undefined],
    ['active', pausedTrigger, 'paused'],
    ['paused', pausedTrigger, undefined],
  ] as const)('%s %s', (state, act, next) => {
    const decision = act(trigger(state));
    if (next) expect(decision).toMatchObject({ kind: 'change', thing: { state: next } });
    else expect(decision).toMatchObject({ kind: 'refuse', problem: 'state-conflict' });
  });
});

test('an edit replaces the content, remembers who did it, and leaves nothing in force', () => {
  const decision = editedTrigger(trigger('paused'), { ...input, name: 'Paid' }, 'zoe');
  expect(decision).toMatchObject({ kind: 'change', thing: { name: 'Paid', author: 'mia', editors: ['max', 'zoe'] } });
  const edited = decision.kind === 'change' ? decision.thing : undefined;
  expect(edited?.maxLatenessSeconds).toBeUndefined();
  expect(edited?.hash).toBeUndefined();
});

test('what people wrote is all that is submitted', () => {
  const { maxLatenessSeconds } = trigger('draft');
  expect(inputOf({ ...trigger('active'), activatedBy: 'ada', history: [] })).toEqual({ ...input, maxLatenessSeconds });
});
