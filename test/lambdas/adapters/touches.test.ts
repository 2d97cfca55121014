import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needsLook } from '../../../core/delivery/caps.ts';
import type { Channel } from '../../../core/delivery/channel.ts';
import {
  type ContactState,
  emptyContact,
  MAX_SCOPED_TOUCHES,
  MAX_TOUCHES,
  type Touch,
} from '../../../core/delivery/contact-state.ts';
import { gate } from '../../../core/delivery/gate.ts';
import type { DeliverySettings } from '../../../core/delivery/settings.ts';
import { aboutOf, contentCode, releaseTouch, reserveTouch } from '../../../core/delivery/touch.ts';
import type { Contacts } from '../../../lambdas/adapters/contacts.ts';
import type { Touches } from '../../../lambdas/adapters/touches.ts';
import { startAws } from './aws.ts';

let contacts: Contacts;
let touches: Touches;
let stop: () => Promise<void>;
const client = new DynamoDBClient();
beforeAll(async () => {
  stop = await startAws({ contacts: ['profileId'] });
  contacts = (await import('../../../lambdas/adapters/contacts.ts')).contacts('contacts');
  touches = (await import('../../../lambdas/adapters/touches.ts')).touches('contacts', contacts);
});
afterAll(async () => {
  client.destroy();
  await stop();
});

const textOf = ([at, key, about]: Touch) => `${String(at).padStart(10, '0')}#${key}#${about}`;
/** The item that holds a state, written out independently of the adapter. */
const itemOf = (state: ContactState) => ({
  profileId: { S: state.profileId },
  version: { N: String(state.version) },
  ...Object.fromEntries(Object.entries(state.consents).map(([key, given]) => [`c#${key}`, { BOOL: given }])),
  ...Object.fromEntries(
    Object.entries(state.suppressed).map(([channel, { atMs, reason }]) => [
      `s#${channel}`,
      { S: `3|${String(atMs).padStart(13, '0')}|${reason}||` },
    ]),
  ),
  ...Object.fromEntries(state.touches.slice(0, 10).map((touch, n) => [`t${n}`, { S: textOf(touch) }])),
  ...(state.touches.length > 10 && { older: { S: state.touches.slice(10).map(textOf).join(' ') } }),
});

const NOW = 1_800_000_000_500;
const CHANNELS = ['sms', 'push'] as const;
const TOPICS = ['offers', 'news'] as const;
const content = contentCode('Hello');

const hours = fc.integer({ min: 1, max: 48 });
const within = fc.oneof(
  fc.record({ hours }),
  fc.constantFrom('day', 'week', 'month').map((calendar) => ({ calendar }) as const),
);
const few = fc.integer({ min: 1, max: 4 });
const cap = fc.record(
  { touches: few, within, channel: fc.constantFrom(...CHANNELS), topic: fc.constantFrom(...TOPICS) },
  { requiredKeys: ['touches', 'within'] },
);
const settingsDrawn: fc.Arbitrary<DeliverySettings> = fc.record(
  {
    frequencyCap: fc.record({ touches: fc.integer({ min: 1, max: MAX_TOUCHES }), hours }),
    caps: fc.oneof(fc.array(cap, { maxLength: 2 }), fc.array(fc.record({ touches: few, within }), { maxLength: 2 })),
    minimumGap: fc.record({ minutes: fc.constantFrom(1, 30, 120) }),
    noDuplicatesWithin: fc.record({ hours }),
    fallbackTimeZone: fc.constantFrom('America/New_York', 'Asia/Kolkata'),
  },
  { requiredKeys: ['frequencyCap'] },
);

/**
 * `reserve` is `gate` and `reserveTouch` in DynamoDB's words. Each case is one contact, written as it is, and one message;
 * the pure functions are the twin.
 */
test('the conditional write is the gate: it takes place when that says to reserve, and leaves the same touches', {
  timeout: 120_000,
}, async () => {
  const answer = fc.constantFrom(undefined, true, true, true, false);
  const secondsAgo = fc.oneof(
    fc.integer({ min: -7_200, max: 300_000 }),
    hours.map((n) => n * 3_600 - 1),
    hours.map((n) => n * 3_600),
  );
  const past = fc.record({
    ago: secondsAgo,
    channel: fc.constantFrom(...CHANNELS),
    topic: fc.constantFrom(...TOPICS),
    says: fc.constantFrom('Hello', 'a', 'b'),
  });
  const drawn = fc.record({
    settings: settingsDrawn,
    past: fc.oneof(fc.array(past, { maxLength: 4 }), fc.array(past, { maxLength: MAX_TOUCHES + 2 })),
    mine: fc.option(fc.nat(MAX_TOUCHES), { nil: undefined, freq: 4 }),
    consents: fc.record({ sms: answer, 'sms/offers': answer, push: answer, 'sms/news': answer }),
    suppressed: fc.constantFrom<Channel | undefined>(undefined, undefined, undefined, 'sms', 'push'),
    exists: fc.constantFrom(true, true, true, true, false),
    timeZone: fc.constantFrom(undefined, 'Pacific/Auckland', 'no such zone'),
  });
  const outcomes = { reserved: 0, refused: 0, kept: 0, looked: 0 };
  let n = 0;
  await fc.assert(
    fc.asyncProperty(drawn, async ({ settings, past, mine, consents, suppressed, exists, timeZone }) => {
      n += 1;
      const profileId = `twin-${n}`;
      const contact = emptyContact(profileId);
      const asked = {
        ...({ channel: 'sms', topic: 'offers', lane: 'promotional', messageKey: 'mine' } as const),
        ...{ settings, nowMs: NOW, timeZone, content },
      };
      if (exists) {
        contact.version = n;
        // Newest first, as clocks that agree write them.
        contact.touches = past
          .sort((a, b) => a.ago - b.ago)
          .map(({ ago, says, ...about }, at): Touch => {
            const said = at < MAX_TOUCHES ? contentCode(says) : '';
            return [1_800_000_000 - ago, at === mine ? 'mine' : `k${at}`, aboutOf({ ...about, content: said })];
          });
        for (const [key, given] of Object.entries(consents)) if (given !== undefined) contact.consents[key] = given;
        if (suppressed) contact.suppressed[suppressed] = { reason: 'opted-out', atMs: 5 };
        await client.send(new PutItemCommand({ TableName: 'contacts', Item: itemOf(contact) }));
      }
      if (needsLook(settings, asked)) {
        outcomes.looked += 1;
        return;
      }
      const decision = gate({ ...asked, contact });
      const expected = decision.decision === 'send' && decision.reserve;
      const twin = expected ? reserveTouch({ ...asked, contact }) : contact;
      // The write cannot put a touch behind the others, where a cap of another message still counts it.
      const keeps = expected && twin.touches.length > MAX_TOUCHES;
      const refusedFor = await touches.reserve({ ...asked, profileId });
      if (!refusedFor) expect(expected).toBe(true);
      if (refusedFor) expect(refusedFor).toEqual(contact);
      const holds = contact.touches.some(([, key]) => key === 'mine');
      if (expected && !keeps && !holds && contact.touches.length < MAX_TOUCHES) expect(refusedFor).toBeUndefined();
      outcomes[keeps ? 'kept' : expected ? 'reserved' : 'refused'] += 1;
      const expectedTouches = refusedFor ? contact.touches : twin.touches;
      expect((await contacts.get(profileId)).touches).toEqual(expectedTouches);
      // Asked again, for the SDK may have lost the answer: the same touches.
      await touches.reserve({ ...asked, profileId });
      expect((await contacts.get(profileId)).touches).toEqual(expectedTouches);
    }),
    { numRuns: 250 },
  );
  expect(outcomes.reserved).toBeGreaterThan(0);
  expect(outcomes.refused).toBeGreaterThan(0);
});

test('touches behind the newest ten are written, read and removed again', async () => {
  const all = Array.from({ length: 12 }, (_, n): Touch => [1_800_000_000 - n, `k${n}`, 'chtopi']);
  expect(await touches.saveTouches({ ...emptyContact('old'), touches: all })).toBe(true);
  const read = await contacts.get('old');
  expect(read.touches).toEqual(all);
  expect(await touches.saveTouches({ ...read, touches: all.slice(0, 3) })).toBe(true);
  expect((await contacts.get('old')).touches).toEqual(all.slice(0, 3));
  expect(await touches.saveTouches({ ...read, touches: all })).toBe(false);
});

/** DynamoDB's size of an item: names and values in UTF-8; a boolean is 1 byte, a number of up to 13 digits at most 8. */
const bytesOf = (item: Record<string, { S?: string; N?: string; BOOL?: boolean }>): number =>
  Object.entries(item).reduce(
    (sum, [name, { S, N }]) => sum + Buffer.byteLength(name) + (S !== undefined ? Buffer.byteLength(S) : N ? 8 : 1),
    0,
  );

test('an item that is full of touches stays below 1 KB, which one write unit pays for', () => {
  const about = { channel: 'sms', topic: 'offers' };
  const count = MAX_TOUCHES + MAX_SCOPED_TOUCHES;
  const state: ContactState = {
    ...emptyContact('01JD0000000000000000000000-of-the-shop'),
    version: 1_000_000,
    consents: {
      ...{ push: true, sms: true, email: true, whatsapp: true },
      ...{ 'email/newsletter': true, 'sms/offers': false, 'email/offers': true },
    },
    suppressed: { push: { atMs: NOW, reason: 'address-refused' } },
    touches: Array.from({ length: count }, (_, n): Touch => {
      const said = n < MAX_TOUCHES ? content : '';
      return [1_800_000_000 - n, 'k'.repeat(12), aboutOf({ ...about, content: said })];
    }),
  };
  expect(bytesOf(itemOf(state))).toBeLessThan(1_000);
});

/** How many sends of the list an independent reading of a cap counts: days and months as the calendar prints them. */
type Send = { key: string; atMs: number; channel: Channel; topic: string };
const printed = (atMs: number): string => new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Paris' }).format(atMs);
type Cap = NonNullable<DeliverySettings['caps']>[number];
const counted = (sends: readonly Send[], one: Cap, nowMs: number): number => {
  const { within: time } = one;
  const isIn = (atMs: number): boolean => {
    if ('hours' in time) return atMs > nowMs - time.hours * 3_600_000;
    if (time.calendar === 'month') return printed(atMs).slice(0, 7) === printed(nowMs).slice(0, 7);
    return printed(atMs) === printed(nowMs);
  };
  return sends.filter(
    ({ atMs, channel, topic }) => isIn(atMs) && (one.channel ?? channel) === channel && (one.topic ?? topic) === topic,
  ).length;
};

test('many campaigns at once on channels and topics, whatever order they write in: no cap is ever exceeded, and none is idle', {
  timeout: 120_000,
}, async () => {
  const runs = fc.record({
    caps: fc.array(
      fc.record(
        {
          touches: fc.integer({ min: 1, max: 2 }),
          within: fc.constantFrom({ hours: 24 }, { calendar: 'day' as const }, { calendar: 'month' as const }),
          channel: fc.constantFrom(...CHANNELS),
          topic: fc.constantFrom(...TOPICS),
        },
        { requiredKeys: ['touches', 'within'] },
      ),
      { maxLength: 3 },
    ),
    rounds: fc.array(
      fc.record({
        hoursLater: fc.constantFrom(0, 1, 9, 30, 400),
        messages: fc.array(
          fc.record({
            channel: fc.constantFrom(...CHANNELS),
            topic: fc.constantFrom(...TOPICS),
            giveBack: fc.boolean(),
          }),
          { minLength: 1, maxLength: 4 },
        ),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  });
  let person = 0;
  await fc.assert(
    fc.asyncProperty(runs, async ({ caps, rounds }) => {
      person += 1;
      const profileId = `race-${person}`;
      await contacts.setConsents(profileId, { sms: true, push: true });
      const settings: DeliverySettings = {
        frequencyCap: { touches: 6, hours: 300 },
        caps,
        fallbackTimeZone: 'Europe/Paris',
      };
      const all: Cap[] = [{ touches: 6, within: { hours: 300 } }, ...caps];
      let nowMs = Math.floor(NOW / 1_000) * 1_000;
      let sends: Send[] = [];
      let message = 0;
      for (const { hoursLater, messages } of rounds) {
        nowMs += hoursLater * 3_600_000;
        const before = [...sends];
        // Somebody who changes the same item meanwhile.
        const meanwhile = contacts.setConsents(profileId, { email: hoursLater > 9 });
        const results = await Promise.all(
          messages.map(async (about) => {
            message += 1;
            const messageKey = `m${message}`;
            const asked = { ...about, lane: 'promotional', settings, nowMs, messageKey } as const;
            let contact = needsLook(settings, about)
              ? await contacts.get(profileId)
              : await touches.reserve({ ...asked, profileId });
            while (contact) {
              const { decision } = gate({ ...asked, contact });
              if (decision !== 'send') return { about, sent: undefined };
              if (await touches.saveTouches(reserveTouch({ ...asked, contact }))) break;
              contact = await contacts.get(profileId);
            }
            return { about, sent: { ...about, key: messageKey, atMs: nowMs } };
          }),
        );
        await meanwhile;
        sends = [...before, ...results.flatMap(({ sent }) => sent ?? [])];
        for (const one of all) expect(counted(sends, one, nowMs)).toBeLessThanOrEqual(one.touches);
        // Nobody gives anything back in a round, so who was refused in it would still be refused at its end.
        for (const { about, sent } of results) {
          const isFull = (one: Cap) =>
            (one.channel ?? about.channel) === about.channel &&
            (one.topic ?? about.topic) === about.topic &&
            counted(sends, one, nowMs) >= one.touches;
          if (!sent) expect(all.some(isFull)).toBe(true);
        }
        const returned = results.flatMap(({ about, sent }) => (about.giveBack && sent ? [sent.key] : []));
        for (const key of returned) await touches.saveTouches(releaseTouch(await contacts.get(profileId), key));
        sends = sends.filter(({ key }) => !returned.includes(key));
      }
    }),
    { numRuns: 60 },
  );
});
