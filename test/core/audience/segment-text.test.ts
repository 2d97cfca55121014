import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Segment } from '../../../core/audience/segment.ts';
import { segmentText } from '../../../core/audience/segment-text.ts';
import { segments } from './segment-arbitrary.ts';

const paris: Segment = { attribute: 'city', equals: 'Paris' };
const mail: Segment = { field: 'email', exists: true };
const bought = { event: 'purchase', count: { atLeast: 2 }, within: { days: 90 } };
const amount = { property: 'amount', is: { atLeast: 10 } };

it.each<[Segment, string]>([
  [paris, 'whose city is “Paris”'],
  [{ all: [bought, paris] }, 'who did “purchase” at least 2 times in the last 90 days and whose city is “Paris”'],
  [
    { any: [paris, { all: [mail, bought] }, { not: paris }] },
    'whose city is “Paris” or (whose email address is known and who did “purchase” at least 2 times in the last 90 days) or not (whose city is “Paris”)',
  ],
  [{ all: [{ any: [paris] }] }, 'whose city is “Paris”'],
  [{ not: { all: [paris, mail] } }, 'not (whose city is “Paris” and whose email address is known)'],
  [{ attribute: 'city', notEquals: 'O“x' }, 'whose city is another than “O“x”'],
  [{ attribute: 'a', in: ['b', 1, true] }, 'whose a is one of “b”, 1, true'],
  [{ attribute: 'age', moreThan: 17 }, 'whose age is more than 17'],
  [{ attribute: 'age', atMost: 17 }, 'whose age is at most 17'],
  [{ attribute: 'age', lessThan: 1.5 }, 'whose age is less than 1.5'],
  [{ attribute: 'a', contains: 'x' }, 'whose a contains “x”'],
  [{ field: 'timeZone', startsWith: 'Europe/' }, 'whose time zone starts with “Europe/”'],
  [{ field: 'phone', endsWith: '0' }, 'whose phone number ends with “0”'],
  [{ field: 'locale', like: 'fr*' }, 'whose locale is like “fr*”'],
  [{ field: 'pushToken', exists: false }, 'whose push token is not known'],
  [{ attribute: 'd', before: '2026-01-01' }, 'whose d is before 2026-01-01'],
  [{ attribute: 'd', notBefore: '2026-01-01' }, 'whose d is 2026-01-01 or later'],
  [{ attribute: 'd', withinDays: 1 }, 'whose d is in the last 1 day'],
  [{ attribute: 'd', moreThanDaysAgo: 2 }, 'whose d is more than 2 days ago'],
  [{ attribute: 'd', withinNextDays: 0.5 }, 'whose d is in the next 0.5 days'],
  [{ attribute: 'd', moreThanDaysAhead: 3 }, 'whose d is more than 3 days ahead'],
  [
    { attribute: 'birthday', anniversaryWithinDays: 7 },
    'whose birthday has its anniversary today or in the next 7 days',
  ],
  [{ attribute: 'birthday', anniversaryWithinDays: 0 }, 'whose birthday has its anniversary today'],
  [{ attribute: 'tags', anyItem: { equals: 'sale' } }, 'whose tags has an item that is “sale”'],
  [
    { attribute: 'tags', everyItem: { not: { startsWith: 'a' } } },
    'whose tags has items, all of which not (starts with “a”)',
  ],
  [{ consent: 'sms/offers', equals: true }, 'who said yes to “sms/offers”'],
  [{ consent: 'sms', equals: false }, 'who said no to “sms”'],
  [{ consent: 'sms', exists: true }, 'who said yes or no to “sms”'],
  [{ consent: 'sms', exists: false }, 'who never said yes or no to “sms”'],
  [{ list: 'vips' }, 'on the list “vips”'],
  [{ segment: 's1' }, 'in the segment “s1”'],
  [
    { near: { latitude: 48.8, longitude: 2.3, withinKm: 10, attributes: { latitude: 'lat', longitude: 'lon' } } },
    'whose place (lat and lon) is within 10 km of 48.8, 2.3',
  ],
  [{ event: 'visit', count: { atLeast: 1 } }, 'who did “visit”'],
  [{ event: 'visit', count: { equals: 0 }, within: { days: 1 } }, 'who did not do “visit” in the last 1 day'],
  [{ event: 'visit', count: { atMost: 1 } }, 'who did “visit” at most 1 time'],
  [
    { event: 'visit', count: { lessThan: 3 }, within: { since: '2026-01-01T00:00:00Z' } },
    'who did “visit” less than 3 times since 2026-01-01T00:00:00Z',
  ],
  [
    {
      event: 'visit',
      count: { moreThan: 3 },
      within: { since: '2026-01-01T00:00:00Z', until: '2026-02-01T00:00:00Z' },
    },
    'who did “visit” more than 3 times from 2026-01-01T00:00:00Z until 2026-02-01T00:00:00Z',
  ],
  [{ event: 'buy', sum: amount }, 'whose sum of amount over “buy” is at least 10'],
  [
    { event: 'buy', avg: amount, within: { days: 7 } },
    'whose average of amount over “buy” in the last 7 days is at least 10',
  ],
  [{ event: 'buy', min: amount }, 'whose least of amount over “buy” is at least 10'],
  [{ event: 'buy', max: { property: 'a.b', is: { equals: 2 } } }, 'whose greatest of a.b over “buy” is exactly 2'],
  [{ event: 'buy', first: { before: '2026-01-01' } }, 'whose first “buy” is before 2026-01-01'],
  [{ event: 'buy', last: { moreThanDaysAgo: 180 } }, 'whose last “buy” is more than 180 days ago'],
  [
    {
      event: 'buy',
      where: [
        { property: 'sku', equals: 'A' },
        {
          any: [
            { property: 'n', atLeast: 1 },
            { property: 'gift', exists: true },
          ],
        },
      ],
      count: { atLeast: 1 },
    },
    'who did “buy” (its sku is “A” and (its n is at least 1 or its gift is known))',
  ],
  [
    { event: 'buy', where: [{ property: 'lines', anyItem: { item: 'sku', in: ['A', 'B'] } }], count: { atLeast: 1 } },
    'who did “buy” (its lines has an item that has a sku that is one of “A”, “B”)',
  ],
  [
    { event: 'cart', without: { event: 'buy', withinDays: 1 }, within: { days: 7 } },
    'who did “cart” in the last 7 days and not “buy” within 1 day after it',
  ],
  [{ sequence: [{ event: 'visit' }, { event: 'buy' }] }, 'who did “visit”, then “buy”'],
  [
    {
      sequence: [{ event: 'a' }, { event: 'b', where: [{ property: 'x', exists: true }] }, { event: 'c' }],
      withinDays: 3,
      within: { days: 30 },
    },
    'who did “a”, then “b” (its x is known), then “c”, within 3 days, in the last 30 days',
  ],
])('%j', (segment, text) => expect(segmentText(segment)).toBe(`People ${text}`));

it('is the same for the same segment, and complete', () => {
  fc.assert(
    fc.property(segments, (one) => {
      const text = segmentText(one);
      expect(text).toBe(segmentText(JSON.parse(JSON.stringify(one)) as Segment));
      expect(text).not.toMatch(/undefined|\[object|NaN days/);
    }),
  );
});
