import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Channel } from '../../../core/delivery/channel.ts';
import { type ContactState, emptyContact, MAX_TOUCHES } from '../../../core/delivery/contact-state.ts';
import { gate } from '../../../core/delivery/gate.ts';
import { reserveTouch } from '../../../core/delivery/touch.ts';
import type { ConsentGrants } from '../../../lambdas/adapters/consent-grants.ts';
import type { Contacts } from '../../../lambdas/adapters/contacts.ts';
import { startAws } from './aws.ts';

let contacts: Contacts;
let grantConsents: ConsentGrants;
let codec: typeof import('../../../lambdas/adapters/contacts.ts');
let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startAws({ contacts: ['profileId'] });
  codec = await import('../../../lambdas/adapters/contacts.ts');
  contacts = codec.contacts('contacts');
  grantConsents = (await import('../../../lambdas/adapters/consent-grants.ts')).consentGrants('contacts');
});
afterAll(() => stop());

/** The item that holds a state, written out independently of the adapter. */
const itemOf = ({ profileId, version, consents, suppressed, touches }: ContactState) => ({
  profileId: { S: profileId },
  version: { N: String(version) },
  ...Object.fromEntries(Object.entries(consents).map(([key, given]) => [`c#${key}`, { BOOL: given }])),
  ...Object.fromEntries(
    Object.entries(suppressed).map(([channel, { atMs, reason }]) => [`s#${channel}`, { S: `${atMs}|${reason}` }]),
  ),
  ...Object.fromEntries(touches.map(([at, key], n) => [`t${n}`, { S: `${String(at).padStart(10, '0')}#${key}` }])),
});

test('an item is read as the state that it holds', () => {
  const item = {
    profileId: { S: 'ada' },
    version: { N: '7' },
    'c#sms': { BOOL: true },
    'c#email/offers': { BOOL: false },
    's#push': { S: '5|a|b' },
    t0: { S: '1800000000#new#er' },
    t1: { S: '0000000001#k' },
    t2: { S: '' },
  };
  expect(codec.decodeContact(item)).toEqual({
    profileId: 'ada',
    version: 7,
    consents: { sms: true, 'email/offers': false },
    suppressed: { push: { reason: 'a|b', atMs: 5 } },
    touches: [
      [1_800_000_000, 'new#er'],
      [1, 'k'],
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
    expect(await contacts.saveTouches({ ...read, touches: [[1, 'k']] })).toBe(false);
    expect((await contacts.get('di')).touches).toEqual([]);
  });
});

test('the first suppression of a channel is kept', async () => {
  await contacts.suppress('ed', 'sms', 'opted-out', 10);
  await contacts.suppress('ed', 'sms', 'other', 20);
  expect((await contacts.get('ed')).suppressed).toEqual({ sms: { reason: 'opted-out', atMs: 10 } });
});

/**
 * `reserve` is `gate` and `reserveTouch` in DynamoDB's words. Each case is one contact, written as it is, and one message;
 * the pure functions are the twin.
 */
test('the conditional write is the gate: it takes place exactly when that says to reserve, and leaves the same touches', async () => {
  const client = new DynamoDBClient();
  const nowMs = 1_800_000_000_500;
  const hours = fc.integer({ min: 1, max: 48 });
  const answer = fc.constantFrom(undefined, true, true, true, false);
  const secondsAgo = fc.oneof(
    fc.integer({ min: -7_200, max: 300_000 }),
    hours.map((n) => n * 3_600 - 1),
    hours.map((n) => n * 3_600),
  );
  const drawn = fc.record({
    cap: fc.record({ touches: fc.integer({ min: 1, max: MAX_TOUCHES }), hours }),
    ago: fc.oneof(
      fc.array(secondsAgo, { maxLength: 4 }),
      fc.array(secondsAgo, { maxLength: MAX_TOUCHES }),
      fc.array(fc.nat(7_200), { maxLength: MAX_TOUCHES, minLength: 5 }),
    ),
    mine: fc.option(fc.nat(MAX_TOUCHES), { nil: undefined, freq: 4 }),
    consents: fc.record({ sms: answer, 'sms/offers': answer, push: answer, 'sms/news': answer }),
    suppressed: fc.constantFrom<Channel | undefined>(undefined, undefined, undefined, 'sms', 'push'),
    exists: fc.constantFrom(true, true, true, true, false),
  });
  const outcomes = { reserved: 0, refused: 0 };
  let n = 0;
  await fc.assert(
    fc.asyncProperty(drawn, async ({ cap, ago, mine, consents, suppressed, exists }) => {
      n += 1;
      const profileId = `twin-${n}`;
      const contact = emptyContact(profileId);
      if (exists) {
        contact.version = n;
        // Newest first, as clocks that agree write them.
        contact.touches = ago
          .sort((a, b) => a - b)
          .map((seconds, at): [number, string] => [1_800_000_000 - seconds, at === mine ? 'mine' : `k${at}`]);
        for (const [key, given] of Object.entries(consents)) if (given !== undefined) contact.consents[key] = given;
        if (suppressed) contact.suppressed[suppressed] = { reason: 'opted-out', atMs: 5 };
        await client.send(new PutItemCommand({ TableName: 'contacts', Item: itemOf(contact) }));
      }
      const asked = {
        channel: 'sms',
        topic: 'offers',
        settings: { frequencyCap: cap },
        nowMs,
        messageKey: 'mine',
      } as const;
      const decision = gate({ ...asked, contact, lane: 'promotional' });
      const expected = decision.decision === 'send' && decision.reserve;
      const refusedFor = await contacts.reserve({ ...asked, profileId });
      outcomes[expected ? 'reserved' : 'refused'] += 1;
      expect(refusedFor).toEqual(expected ? undefined : contact);
      const twin = expected ? reserveTouch(contact, nowMs, 'mine') : contact;
      expect((await contacts.get(profileId)).touches).toEqual(twin.touches);
      // Asked again, for the SDK may have lost the answer: the same touches.
      await contacts.reserve({ ...asked, profileId });
      expect((await contacts.get(profileId)).touches).toEqual(twin.touches);
    }),
    { numRuns: 300 },
  );
  client.destroy();
  expect(Math.min(outcomes.reserved, outcomes.refused)).toBeGreaterThan(30);
});

test('any number of campaigns at once, some with a look first, some giving back: never more than the cap', async () => {
  const settings = { frequencyCap: { touches: 2, hours: 24 } };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('write', 'look', 'withdraw'), { minLength: 4, maxLength: 12 }),
      async (ways) => {
        const profileId = `race-${ways.join('-')}-${Math.floor(performance.now() * 1_000)}`;
        await contacts.setConsents(profileId, { sms: true });
        const asked = { profileId, channel: 'sms', topic: 'offers', settings, nowMs: 1_000_000_000_000 } as const;
        const gated = (contact: ContactState, messageKey: string) =>
          gate({ ...asked, contact, messageKey, lane: 'promotional' }).decision === 'send';
        const run = async (way: string, n: number): Promise<boolean> => {
          const messageKey = `m${n}`;
          if (way === 'withdraw') {
            await contacts.setConsents(profileId, { push: n % 2 === 0 });
            return false;
          }
          if (way === 'write') return (await contacts.reserve({ ...asked, messageKey })) === undefined;
          for (;;) {
            const contact = await contacts.get(profileId);
            if (!gated(contact, messageKey)) return false;
            if (await contacts.saveTouches(reserveTouch(contact, asked.nowMs, messageKey))) return true;
          }
        };
        const won = (await Promise.all(ways.map(run))).filter(Boolean).length;
        const senders = ways.filter((way) => way !== 'withdraw').length;
        expect(won).toBe(Math.min(2, senders));
        expect((await contacts.get(profileId)).touches).toHaveLength(won);
      },
    ),
    { numRuns: 40 },
  );
});

test('of many campaigns at once, only as many reserve as the cap allows', async () => {
  await contacts.setConsents('flo', { sms: true });
  const settings = { frequencyCap: { touches: 3, hours: 24 } };
  const reserve = async (messageKey: string): Promise<boolean> => {
    for (;;) {
      const contact = await contacts.get('flo');
      const base = { contact, channel: 'sms', topic: 'offers', lane: 'promotional' } as const;
      const decision = gate({ ...base, settings, nowMs: 1_000_000, messageKey });
      if (decision.decision !== 'send') return false;
      if (await contacts.saveTouches(reserveTouch(contact, 1_000_000, messageKey))) return true;
    }
  };
  const won = await Promise.all(Array.from({ length: 12 }, (_, n) => reserve(`campaign-${n}`)));
  expect(won.filter(Boolean)).toHaveLength(3);
  expect((await contacts.get('flo')).touches).toHaveLength(3);
});
