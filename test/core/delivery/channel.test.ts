import { expect, test } from 'vitest';
import { type Addresses, type Channel, firstStep, reachableStep } from '../../../core/delivery/channel.ts';

test.each<[Addresses, Channel[], number]>([
  [{ pushToken: 't', phone: '+1', email: 'e' }, ['push', 'sms', 'email'], 0],
  [{ phone: '+1', email: 'e' }, ['push', 'sms', 'email'], 1],
  [{ email: 'e' }, ['push', 'sms', 'email'], 2],
  [{ pushToken: 't' }, ['email', 'push'], 1],
  [{}, ['push', 'sms', 'email'], 2],
  [{ email: 'e' }, ['push', 'sms'], 1],
])('%j by %j starts at step %i', (addresses, policy, step) => {
  expect(firstStep(policy, addresses, {}).step).toBe(step);
});

const everywhere = { pushToken: 't', phone: '+1', email: 'e' };
test.each<[Addresses, Partial<Record<Channel, boolean>>, { step: number; sure: boolean }]>([
  [everywhere, { push: true }, { step: 0, sure: true }],
  [everywhere, { push: false, sms: true }, { step: 1, sure: true }],
  // What is not known is not passed over: the contact may know it.
  [everywhere, { sms: true, email: true }, { step: 0, sure: false }],
  [everywhere, { push: false }, { step: 1, sure: false }],
  [
    { pushToken: 't', email: 'e' },
    { push: false, sms: true, email: true },
    { step: 2, sure: true },
  ],
  [
    { pushToken: 't', email: 'e' },
    { push: false, sms: true, email: false },
    { step: 0, sure: false },
  ],
  [{ phone: '+1' }, {}, { step: 1, sure: false }],
  [{}, { push: true, sms: true, email: false }, { step: 2, sure: false }],
])('%j of whom %j is known start at %j', (addresses, known, start) => {
  expect(firstStep(['push', 'sms', 'email'], addresses, known)).toEqual(start);
});

test('the next step that may reach somebody', () => {
  const from = (step: number, addresses: Addresses) => reachableStep(['push', 'sms', 'email'], addresses, step);
  expect(from(0, { phone: '+1', email: 'e' })).toBe(1);
  expect(from(2, { phone: '+1', email: 'e' })).toBe(2);
  expect(from(2, { phone: '+1' })).toBeUndefined();
  expect(from(3, { email: 'e' })).toBeUndefined();
});

test('whatever needs nothing but the id reaches everybody', () => {
  expect(firstStep(['email', 'inapp'], { profileId: 'ann' }, {})).toEqual({ step: 1, sure: false });
  expect(reachableStep(['email', 'webhook'], { profileId: 'ann' }, 0)).toBe(1);
});
