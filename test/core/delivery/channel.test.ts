import { expect, test } from 'vitest';
import { type Addresses, CHANNELS, type Channel, firstStep, reachableStep } from '../../../core/delivery/channel.ts';

test.each<[Addresses, Channel[], number]>([
  [{ pushToken: 't', phone: '+1', email: 'e' }, ['push', 'sms', 'email'], 0],
  [{ phone: '+1', email: 'e' }, ['push', 'sms', 'email'], 1],
  [{ email: 'e' }, ['push', 'sms', 'email'], 2],
  [{ pushToken: 't' }, ['email', 'push'], 1],
  [{}, ['push', 'sms', 'email'], 2],
  [{ email: 'e' }, ['push', 'sms'], 1],
])('%j by %j starts at step %i', (addresses, policy, step) => {
  expect(firstStep(policy, addresses, CHANNELS).step).toBe(step);
});

test.each<[Addresses, Channel[], { step: number; allowed: boolean }]>([
  [{ pushToken: 't', phone: '+1', email: 'e' }, ['sms'], { step: 1, allowed: true }],
  [{ pushToken: 't', email: 'e' }, ['sms', 'email'], { step: 2, allowed: true }],
  [{ pushToken: 't', email: 'e' }, ['sms'], { step: 0, allowed: false }],
  [{ phone: '+1' }, [], { step: 1, allowed: false }],
  [{}, ['push', 'sms', 'email'], { step: 2, allowed: false }],
])('%j who allow %j start at %j', (addresses, allowed, start) => {
  expect(firstStep(CHANNELS, addresses, allowed)).toEqual(start);
});

test('the next step that may reach somebody', () => {
  const from = (step: number, addresses: Addresses) => reachableStep(CHANNELS, addresses, step);
  expect(from(0, { phone: '+1', email: 'e' })).toBe(1);
  expect(from(2, { phone: '+1', email: 'e' })).toBe(2);
  expect(from(2, { phone: '+1' })).toBeUndefined();
  expect(from(3, { email: 'e' })).toBeUndefined();
});
