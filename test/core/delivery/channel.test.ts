import { expect, test } from 'vitest';
import { type Addresses, type Channel, firstStep } from '../../../core/delivery/channel.ts';

test.each<[Addresses, Channel[], number]>([
  [{ pushToken: 't', phone: '+1', email: 'e' }, ['push', 'sms', 'email'], 0],
  [{ phone: '+1', email: 'e' }, ['push', 'sms', 'email'], 1],
  [{ email: 'e' }, ['push', 'sms', 'email'], 2],
  [{ pushToken: 't' }, ['email', 'push'], 1],
  [{}, ['push', 'sms', 'email'], 2],
  [{ email: 'e' }, ['push', 'sms'], 1],
])('%j by %j starts at step %i', (addresses, policy, step) => {
  expect(firstStep(policy, addresses)).toBe(step);
});
