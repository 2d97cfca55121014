import { describe, expect, test } from 'vitest';
import { emptyContact } from '../../../core/delivery/contact-state.ts';
import { contactFacts, factsOf, type Needs, rowsNamed } from '../../../core/event/facts.ts';

const event = {
  id: '1',
  type: 'order',
  profileId: 'ada',
  source: 'shop',
  timeMs: 5,
  receivedMs: 6,
  properties: { sku: 'A-1', shop: { id: 17 }, none: null, list: ['A-1'] },
};
const nothing: Needs = { profile: false, contact: false, references: [] };

describe('contact facts', () => {
  test('who has no contact state has none', () => {
    expect(contactFacts(undefined)).toBeUndefined();
    expect(contactFacts(emptyContact('ada'))).toBeUndefined();
  });

  test('consents, why a channel is suppressed, how many touches and when the newest was', () => {
    expect(
      contactFacts({
        profileId: 'ada',
        version: 4,
        consents: { sms: true, 'email/news': false },
        suppressed: { email: { reason: 'hard-bounce', atMs: 9 } },
        touches: [
          [1_795_000_000, 'new', ''],
          [1_700_000_000, 'old', ''],
        ],
      }),
    ).toEqual({
      consents: { sms: true, 'email/news': false },
      suppressed: { email: 'hard-bounce' },
      touches: 2,
      lastTouch: '2026-11-18T11:06:40.000Z',
    });
  });

  test('who was never touched has no last touch', () => {
    expect(contactFacts({ ...emptyContact('ada'), version: 1 })).toEqual({ consents: {}, suppressed: {}, touches: 0 });
  });
});

test('the rows that an event names, by text and by number; what is no key names none', () => {
  const references = ['sku', 'shop.id', 'none', 'list', 'gone', 'shop'].map((by) => ({ table: 'things', by }));
  expect(rowsNamed(event, { ...nothing, references })).toEqual([
    { table: 'things', key: 'A-1' },
    { table: 'things', key: '17' },
  ]);
});

test('facts hold what is needed and there, and nothing else', () => {
  const profile = { profileId: 'ada', version: 1, updatedMs: 1, attributes: { tier: 'gold' } };
  const contact = { ...emptyContact('ada'), version: 1 };
  const known = { profile, contact, references: { products: { 'A-1': { margin: 5 } } } };
  expect(factsOf(event, nothing, known)).toEqual({ event });
  expect(factsOf(event, { ...nothing, profile: true, contact: true }, { references: {} })).toEqual({ event });
  const all = { profile: true, contact: true, references: [{ table: 'products', by: 'sku' }] };
  expect(factsOf(event, all, known)).toEqual({
    event,
    profile,
    contact: { consents: {}, suppressed: {}, touches: 0 },
    references: known.references,
  });
});
