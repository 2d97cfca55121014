import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ContactState, emptyContact } from '../../../core/delivery/contact-state.ts';
import type { ConsentGrants } from '../../../lambdas/adapters/consent-grants.ts';
import type { Contacts } from '../../../lambdas/adapters/contacts.ts';
import type { Touches } from '../../../lambdas/adapters/touches.ts';
import { startAws } from './aws.ts';

let contacts: Contacts;
let touches: Touches;
let grantConsents: ConsentGrants;
let codec: typeof import('../../../lambdas/adapters/contacts.ts');
let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startAws({ contacts: ['profileId'] });
  codec = await import('../../../lambdas/adapters/contacts.ts');
  contacts = codec.contacts('contacts');
  touches = (await import('../../../lambdas/adapters/touches.ts')).touches('contacts', contacts);
  grantConsents = (await import('../../../lambdas/adapters/consent-grants.ts')).consentGrants('contacts');
});
afterAll(() => stop());

test('an item is read as the state that it holds', () => {
  const item = {
    profileId: { S: 'ada' },
    version: { N: '7' },
    'c#sms': { BOOL: true },
    'c#email/offers': { BOOL: false },
    's#push': { S: '2|0000000000005|hard-bounce|abc|9' },
    t0: { S: '1800000000#newer#chtopicconten' },
    t1: { S: '0000000001#k' },
    t2: { S: '' },
    older: { S: '0000000000#o1#chtopi 0000000000#o2#' },
  };
  expect(codec.decodeContact(item)).toEqual({
    profileId: 'ada',
    version: 7,
    consents: { sms: true, 'email/offers': false },
    suppressed: { push: { reason: 'hard-bounce', atMs: 5, address: 'abc', untilMs: 9 } },
    touches: [
      [1_800_000_000, 'newer', 'chtopicconten'],
      [1, 'k', ''],
      [0, 'o1', 'chtopi'],
      [0, 'o2', ''],
    ],
  } satisfies ContactState);
  expect(codec.decodeContact({ profileId: { S: 'bo' } })).toEqual(emptyContact('bo'));
});

test('who was never written is an empty contact', async () => {
  expect(await contacts.get('nobody')).toEqual(emptyContact('nobody'));
  expect(await contacts.getMany(['nobody', 'nobody'], false)).toEqual(new Map([['nobody', emptyContact('nobody')]]));
});

test('reads more than a hundred people', async () => {
  const ids = Array.from({ length: 230 }, (_, n) => `many-${n}`);
  await Promise.all(ids.map((id) => contacts.setConsents(id, { sms: true })));
  const found = await contacts.getMany(ids, true);
  expect(found.size).toBe(230);
  expect([...found.values()].every(({ consents }) => consents.sms)).toBe(true);
});

describe('consents', () => {
  test('what a person says holds; an import grants only what was never asked', async () => {
    await contacts.setConsents('cy', { sms: false });
    expect(await grantConsents('cy', { sms: true, 'email/offers': true })).toBe(false);
    expect((await contacts.get('cy')).consents).toEqual({ sms: false });
    expect(await grantConsents('cy', { 'email/offers': true })).toBe(true);
    expect(await contacts.get('cy')).toMatchObject({ version: 2, consents: { sms: false, 'email/offers': true } });
    // Nor is a topic granted of a channel that the person has refused; a no counts beside it only as a whole.
    expect(await grantConsents('cy', { 'sms/offers': true, email: false })).toBe(false);
    expect(await grantConsents('cy', { 'push/offers': true, email: false })).toBe(true);
    await contacts.setConsents('cy', { sms: true });
    expect((await contacts.get('cy')).consents.sms).toBe(true);
    expect(await grantConsents('cy', {})).toBe(true);
  });

  test('nothing to say writes nothing', async () => {
    await contacts.setConsents('quiet', {});
    expect((await contacts.get('quiet')).version).toBe(0);
  });

  test('a withdrawal between read and reservation makes the reservation fail', async () => {
    await contacts.setConsents('di', { sms: true });
    const read = await contacts.get('di');
    await contacts.setConsents('di', { sms: false });
    expect(await touches.saveTouches({ ...read, touches: [[1, 'k', '']] })).toBe(false);
    expect((await contacts.get('di')).touches).toEqual([]);
  });
});

test('the strongest suppression of a channel is kept, of two alike the later one', async () => {
  const kept = async () => (await contacts.get('ed')).suppressed.sms;
  await contacts.suppress('ed', 'sms', { reason: 'hard-bounce', atMs: 10, address: 'a' });
  await contacts.suppress('ed', 'sms', { reason: 'soft-bounces', atMs: 20, address: 'a', untilMs: 30 });
  expect(await kept()).toEqual({ reason: 'hard-bounce', atMs: 10, address: 'a' });
  await contacts.suppress('ed', 'sms', { reason: 'hard-bounce', atMs: 9_000, address: 'b' });
  expect(await kept()).toEqual({ reason: 'hard-bounce', atMs: 9_000, address: 'b' });
  await contacts.suppress('ed', 'sms', { reason: 'complaint', atMs: 5 });
  await contacts.suppress('ed', 'sms', { reason: 'opted-out', atMs: 10_000 });
  expect(await kept()).toEqual({ reason: 'complaint', atMs: 5 });
});
