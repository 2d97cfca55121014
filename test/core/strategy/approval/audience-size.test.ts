import { expect, test } from 'vitest';
import type { Approvable, Approval } from '../../../../core/strategy/approval/approval.ts';
import { sizedApproval } from '../../../../core/strategy/approval/audience-size.ts';
import { asked } from '../../../../core/strategy/approval/decisions.ts';
import { policyFor } from '../../../../core/strategy/approval/policy.ts';

const level = (name: string, audienceLargerThan?: number) => ({
  ...{ name, roles: ['approver' as const], quorum: 1 },
  ...(audienceLargerThan !== undefined && { when: { audienceLargerThan } }),
});
const settings = { levels: [level('Small', 10), level('Colleague'), level('Large', 1_000)] };
const facts = { kind: 'campaign' as const, topics: ['news'], channels: ['sms' as const] };
const thing: Approvable = { id: 'c', version: 3, state: 'in review', author: 'mia', editors: [] };
const approval = asked(thing, { hash: 'h', writers: [], expirySeconds: 60, ...policyFor(settings, facts) }, 'mia', 0);
const ref = { hash: 'h', submission: 3 };
const sized = (audience: number | undefined, change: Partial<Approval> = {}, state = 'in review') =>
  sizedApproval({ ...thing, state, approval: { ...approval, ...change } }, ref, audience);

test('levels for larger audiences are marked as long as the size is not known, and not when it is', () => {
  expect(approval.levels.map(({ ifLargerThan }) => ifLargerThan)).toEqual([10, undefined, 1_000]);
  const known = policyFor(settings, { ...facts, audience: 500 });
  expect(known.levels).toEqual([
    { name: 'Small', roles: ['approver'], quorum: 1 },
    { name: 'Colleague', roles: ['approver'], quorum: 1 },
  ]);
});

test.each([
  [0, ['Colleague']],
  [10, ['Colleague']],
  [11, ['Small', 'Colleague']],
  [1_001, ['Small', 'Colleague', 'Large']],
])('of %i people: %j', (audience, names) => {
  const after = sized(audience);
  expect(after?.levels.map(({ name }) => name)).toEqual(names);
  expect(after?.levels.every((one) => one.ifLargerThan === undefined)).toBe(true);
  // As if it had been known from the beginning, but for the size itself.
  expect(after?.levels).toEqual(policyFor(settings, { ...facts, audience }).levels);
  expect(after?.audience).toBe(audience);
});

test.each<[string, ReturnType<typeof sized>]>([
  ['it is not known', sized(undefined)],
  ['somebody is asked already', sized(5, { taskToken: 'token' })],
  ['somebody has decided', sized(5, { level: 1 })],
  ['it was counted before', sized(5, { audience: 2_000 })],
  ['it has left review', sized(5, {}, 'draft')],
  ['another submission has followed', sizedApproval({ ...thing, approval: { ...approval, submission: 4 } }, ref, 5)],
])('all levels stay: %s', (_, after) => {
  expect(after).toBeUndefined();
});
