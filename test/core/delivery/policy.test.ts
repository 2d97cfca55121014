import { describe, expect, test } from 'vitest';
import { channelsOf, isOverBudget, type PolicyStep, policySlips, waitsOf } from '../../../core/delivery/policy.ts';
import { channelPolicyInput } from '../../../core/delivery/policy-input.ts';
import { DEFAULT_SETTINGS } from '../../../core/delivery/settings.ts';
import { afterWait, awaitsUntil } from '../../../core/delivery/waiting.ts';

const MINUTE = 60_000;
const sms = { channel: 'sms', ifNotDeliveredWithin: { minutes: 10 } } as const;
const email = { channel: 'email', ifNotDeliveredWithin: { minutes: 10 }, ifNotOpenedWithin: { hours: 2 } } as const;

test('a step is a channel, or a channel with conditions', () => {
  expect(channelPolicyInput.parse(['push', sms, email, 'inapp'])).toEqual(['push', sms, email, 'inapp']);
  expect(channelsOf(['push', sms, email])).toEqual(['push', 'sms', 'email']);
  expect(['push' as const, sms, email].map((step) => waitsOf(step).map(({ what, ms }) => [what, ms / MINUTE]))).toEqual(
    [
      [],
      [['delivered', 10]],
      [
        ['delivered', 10],
        ['opened', 120],
      ],
    ],
  );
  for (const slip of [
    ['fax'],
    [{ channel: 'sms', ifNotReadWithin: { hours: 1 } }],
    [{ ...sms, ifNotDeliveredWithin: {} }],
    [],
  ])
    expect(channelPolicyInput.safeParse(slip).success).toBe(false);
});

describe('what cannot be carried out is said', () => {
  const noticed = { clicks: true, opens: true };
  test('an open that nobody notices is not waited for', () => {
    expect(policySlips([email, 'sms'], { ...noticed, opens: false })).toEqual([
      { path: 'channelPolicy.0', message: expect.stringMatching(/^Opens are not noticed/) },
    ]);
    expect(policySlips([sms, 'email'], { ...noticed, opens: false })).toEqual([]);
  });

  test.each<[PolicyStep[], string[]]>([
    [['push', sms, email, 'inapp'], []],
    [['sms', 'push', sms, 'email'], ['channelPolicy.2 sms is there twice']],
    [['push', sms], ['channelPolicy.1 After sms there is no channel that could be waited for']],
    [
      [{ channel: 'push', ifNotOpenedWithin: { hours: 1 } }, 'sms'],
      ['channelPolicy.0 Of push Herald never hears that a message was opened'],
    ],
    [
      [{ channel: 'sms', ifNotOpenedWithin: { hours: 1 } }, 'email'],
      ['channelPolicy.0 Of sms Herald never hears that a message was opened'],
    ],
    [
      [{ channel: 'sms', ifNotDeliveredWithin: { days: 3 } }, 'email'],
      ['channelPolicy.0 A receipt is waited for 48 hours at most'],
    ],
    [
      [{ ...email, ifNotOpenedWithin: { minutes: 5 } }, 'sms'],
      ['channelPolicy.0 It is opened after it is delivered: wait for that longer'],
    ],
  ])('%j', (policy, slips) => {
    expect(policySlips(policy, noticed).map(({ path, message }) => `${path} ${message}`)).toEqual(slips);
  });
});

describe('after a wait', () => {
  const heard = (delivered: number[], opened: number[]) => ({ delivered: new Set(delivered), opened: new Set(opened) });
  const awaits = (what: 'delivered' | 'opened') => ({ what, unit: 'b#0#0#1', sentMs: 1_000 });
  test.each<[string, PolicyStep, 'delivered' | 'opened', ReturnType<typeof heard>, object]>([
    ['nothing was heard', sms, 'delivered', heard([1], [1]), { settled: 'not-delivered' }],
    ['it is delivered', sms, 'delivered', heard([0], []), { settled: '' }],
    ['it is opened, whatever else', sms, 'delivered', heard([], [0]), { settled: '' }],
    [
      'it is delivered, and to be opened',
      email,
      'delivered',
      heard([0], []),
      { settled: '', dueMs: 1_000 + 120 * MINUTE },
    ],
    ['it is opened already', email, 'delivered', heard([0], [0]), { settled: '' }],
    ['it is not opened', email, 'opened', heard([0], []), { settled: 'not-opened' }],
    ['it is opened', email, 'opened', heard([0], [0]), { settled: '' }],
  ])('%s', (_, step, what, said, expected) => {
    expect(afterWait(awaits(what), step, 0, said)).toEqual(expected);
  });

  test('what is waited for follows from when it ends', () => {
    expect(awaitsUntil(email, undefined, 'u', 10 * MINUTE)).toEqual({ what: 'delivered', unit: 'u', sentMs: 0 });
    expect(awaitsUntil(email, awaits('delivered'), 'other', 120 * MINUTE)).toEqual({
      what: 'opened',
      unit: 'b#0#0#1',
      sentMs: 0,
    });
    expect(awaitsUntil('push', undefined, 'u', 5)).toBeUndefined();
  });
});

describe('a budget for each person', () => {
  const settings = { ...DEFAULT_SETTINGS, prices: { sms: 0.05, email: 0.0001, push: 0.1 } };
  const policy: PolicyStep[] = ['push', sms, 'email', 'inapp'];
  test.each<[number | undefined, number, number[] | undefined, boolean]>([
    [undefined, 0, undefined, false],
    [0.1, 0, undefined, false],
    [0.09, 0, undefined, true],
    [0.15, 1, [0], false],
    [0.1499, 1, [0], true],
    [0.1501, 2, [0, 1], false],
    [0.15, 2, [0, 1], true],
    [0.0001, 3, undefined, false],
  ])('%j: step %i after %j: %j', (budget, step, taken, expected) => {
    expect(isOverBudget(budget, settings, policy, { step, taken })).toBe(expected);
  });
});
