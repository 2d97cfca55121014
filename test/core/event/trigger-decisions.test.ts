import { describe, expect, test } from 'vitest';
import type { Trigger, TriggerState } from '../../../core/event/trigger.ts';
import { activatedTrigger, editedTrigger, pausedTrigger } from '../../../core/event/trigger-decisions.ts';

const trigger = (state: TriggerState): Trigger => ({
  id: 't1',
  version: 3,
  state,
  author: 'mia',
  editors: ['max'],
  createdMs: 1,
  hash: 'old',
  name: 'Order placed',
  eventType: 'order',
  templateId: 'x',
  channelPolicy: ['sms'],
  topic: 'orders',
  lane: 'transactional',
  maxLatenessSeconds: 60,
});
const { maxLatenessSeconds: _, ...input } = trigger('draft');

describe('state × act', () => {
  const edit = (from: Trigger) => editedTrigger(from, input, 'mia');
  const activate = (from: Trigger) => activatedTrigger(from, 'new', 'ada');
  test.each([
    ['draft', edit, 'draft'],
    ['active', edit, undefined],
    ['paused', edit, 'draft'],
    ['draft', activate, 'active'],
    ['active', activate, undefined],
    ['paused', activate, 'active'],
    ['draft', pausedTrigger, undefined],
    ['active', pausedTrigger, 'paused'],
    ['paused', pausedTrigger, undefined],
  ] as const)('%s %s', (state, act, next) => {
    const decision = act(trigger(state));
    if (next) expect(decision).toMatchObject({ kind: 'change', trigger: { state: next } });
    else expect(decision).toMatchObject({ kind: 'refuse', problem: 'state-conflict' });
  });
});

test.each([
  ['mia', 'own-approval'],
  ['max', 'own-approval'],
  ['ada', undefined],
])('%s activates', (actor, problem) => {
  const decision = activatedTrigger(trigger('draft'), 'new', actor);
  if (problem) expect(decision).toMatchObject({ kind: 'refuse', problem });
  else expect(decision).toMatchObject({ kind: 'change', trigger: { hash: 'new', activatedBy: 'ada' } });
});

test('an edit replaces the content, remembers who did it, and leaves nothing in force', () => {
  const decision = editedTrigger(trigger('paused'), { ...input, name: 'Paid' }, 'zoe');
  expect(decision).toMatchObject({ kind: 'change', trigger: { name: 'Paid', author: 'mia', editors: ['max', 'zoe'] } });
  const edited = decision.kind === 'change' ? decision.trigger : undefined;
  expect(edited?.maxLatenessSeconds).toBeUndefined();
});
