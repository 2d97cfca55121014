import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { heard, heardAll, type Statement } from '../../../core/audience/import-consents.ts';
import { CHANNELS } from '../../../core/delivery/channel.ts';
import { allows, type Consents } from '../../../core/delivery/consent.ts';

describe('what a file says', () => {
  it.each<[string, Consents, Statement, Record<string, boolean>]>([
    ['a yes to who was never asked counts', {}, { consents: { email: true } }, { email: true }],
    ['a yes does not undo a no', { email: false }, { consents: { email: true } }, {}],
    ['a yes changes no yes', { email: true }, { consents: { email: true } }, {}],
    ['a no always counts', { email: true }, { consents: { email: false } }, { email: false }],
    ['a no changes no no', { email: false }, { consents: { email: false } }, {}],
    ['a yes to a topic does not undo a no to its channel', { email: false }, { consents: { 'email/news': true } }, {}],
    ['nor one in the same row', {}, { consents: { 'email/news': true, email: false } }, { email: false }],
    ['a no to a channel leaves a topic', { 'email/news': true }, { consents: { email: false } }, { email: false }],
    [
      'an unsubscribe takes the topics along',
      { 'email/news': true, 'email/offers': false, 'sms/news': true },
      { consents: {}, unsubscribed: ['email'] },
      { email: false, 'email/news': false },
    ],
    [
      'an unsubscribe is stronger than a yes beside it',
      {},
      { consents: { sms: true, 'sms/x': true }, unsubscribed: ['sms'] },
      { sms: false },
    ],
    ['other channels are not touched', { sms: true }, { consents: {}, unsubscribed: ['email'] }, { email: false }],
  ])('%s', (_, known, statement, changes) => expect(heard(known, statement)).toEqual(changes));
});

const consent = fc.constantFrom('sms', 'email', 'email/news', 'email/offers', 'push/news');
const consents = fc.dictionary(consent, fc.boolean(), { noNullPrototype: true });
const statement: fc.Arbitrary<Statement> = fc.record(
  { consents, unsubscribed: fc.subarray([...CHANNELS]) },
  { requiredKeys: ['consents'] },
);

test('no file makes anybody reachable who said no, and none lets through who is unsubscribed', () => {
  fc.assert(
    fc.property(consents, fc.array(statement, { maxLength: 4 }), (known, statements) => {
      const after = { ...known, ...heardAll(known, statements) };
      for (const key of Object.keys(known)) if (known[key] === false) expect(after[key]).toBe(false);
      for (const channel of CHANNELS) {
        const left = statements.some(({ unsubscribed }) => unsubscribed?.includes(channel));
        for (const topic of ['news', 'offers']) {
          const before = allows(known, channel, topic, 'promotional');
          const now = allows(after, channel, topic, 'promotional');
          if (left) expect(now).toBe(false);
          if (known[channel] === false && !before) expect(now).toBe(false);
        }
      }
    }),
  );
});

test('said twice changes nothing more', () => {
  fc.assert(
    fc.property(consents, fc.array(statement, { maxLength: 4 }), (known, statements) => {
      const after = { ...known, ...heardAll(known, statements) };
      const unsubscribes = statements.filter(({ unsubscribed }) => unsubscribed);
      expect(heardAll(after, unsubscribes.length > 0 ? unsubscribes.slice(-1) : [])).toEqual({});
      for (const one of statements) expect(heard({ ...after, ...heard(after, one) }, one)).toEqual({});
    }),
  );
});
