import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SeenEvent } from '../../../core/audience/event-predicate.ts';
import { type Explanation, explain } from '../../../core/audience/explain.ts';
import type { ResolvedSegment } from '../../../core/audience/segment.ts';
import { isMember, type Person } from '../../../core/audience/segment-predicate.ts';
import { eventWithCopies, person as personArbitrary } from './person-arbitrary.ts';
import { CONSENTS, NOW_MS, segments } from './segment-arbitrary.ts';

const NOW = Date.parse('2026-03-15T12:00:00Z');
const DAY = 86_400_000;
const event = (id: number, type: string, daysAgo: number, properties: Record<string, unknown> = {}): SeenEvent => ({
  ...{ id: `${id}`, source: 'shop', type, timeMs: NOW - daysAgo * DAY, receivedMs: NOW },
  properties: properties as SeenEvent['properties'],
});
const ada: Person = {
  profile: {
    ...{ profileId: 'ada', version: 1, updatedMs: 0, email: 'ada@example.com' },
    attributes: { city: 'Paris', age: 36, tags: ['a'], lat: 48.85, long: 'x'.repeat(300) },
  },
  events: [
    event(1, 'purchase', 200, { amount: 10 }),
    event(2, 'purchase', 20, { amount: 25.5 }),
    event(3, 'purchase', 2, { amount: 'much' }),
    event(3, 'purchase', 2, { amount: 'much' }),
    event(4, 'visit', 1),
  ],
  consents: { email: true, 'sms/offers': false },
  lists: new Set(['l1']),
};
const known = { lists: new Map([['l1', 'VIP']]) };
const found = (tree: ResolvedSegment) => {
  const explanation = explain(tree, ada, NOW, known);
  if (explanation.node !== 'condition') throw new Error('Ask about one condition');
  return [explanation.holds, explanation.found];
};

describe('what decided', () => {
  it.each<[ResolvedSegment, boolean, string]>([
    [{ attribute: 'city', equals: 'Rome' }, false, 'city is “Paris”'],
    [{ attribute: 'age', atLeast: 30 }, true, 'age is 36'],
    [{ attribute: 'tags', exists: true }, true, 'tags is ["a"]'],
    [{ attribute: 'missing', exists: false }, true, 'missing is not known'],
    [{ attribute: 'long', exists: true }, true, `long is “${'x'.repeat(199)}…`],
    [{ field: 'email', exists: true }, true, 'email is “ada@example.com”'],
    [{ field: 'phone', exists: true }, false, 'phone is not known'],
    [{ consent: 'email', equals: true }, true, 'said yes to “email”'],
    [{ consent: 'sms/offers', equals: true }, false, 'said no to “sms/offers”'],
    [{ consent: 'push', exists: true }, false, 'never said yes or no to “push”'],
    [{ list: 'l1' }, true, 'is on the list “VIP”'],
    [{ list: 'l2' }, false, 'is not on the list “l2”'],
    [
      { near: { latitude: 48, longitude: 2, withinKm: 5, attributes: { latitude: 'lat', longitude: 'lon' } } },
      false,
      'lat is 48.85, lon is not known',
    ],
    [
      { event: 'purchase', count: { atLeast: 2 } },
      true,
      'did “purchase” 3 times, first at 2025-08-27T12:00:00.000Z, last at 2026-03-13T12:00:00.000Z',
    ],
    [
      { event: 'purchase', count: { atLeast: 3 }, within: { days: 30 } },
      false,
      'did “purchase” 3 times, of which 2 count here, first at 2026-02-23T12:00:00.000Z, last at 2026-03-13T12:00:00.000Z',
    ],
    [
      { event: 'purchase', where: [{ property: 'amount', atLeast: 20 }], count: { equals: 1 } },
      true,
      'did “purchase” 3 times, of which 1 counts here, at 2026-02-23T12:00:00.000Z',
    ],
    [{ event: 'refund', count: { atLeast: 1 } }, false, 'never did “refund”'],
    [
      { event: 'visit', count: { atLeast: 1 }, within: { days: 0.5 } },
      false,
      'did “visit” once, none of which counts here',
    ],
    [{ event: 'visit', last: { withinDays: 3 } }, true, 'did “visit” once, at 2026-03-14T12:00:00.000Z'],
    [
      { event: 'purchase', sum: { property: 'amount', is: { moreThan: 30 } } },
      true,
      'did “purchase” 3 times, first at 2025-08-27T12:00:00.000Z, last at 2026-03-13T12:00:00.000Z; amount was 10, 25.5',
    ],
    [
      { event: 'visit', max: { property: 'amount', is: { moreThan: 30 } } },
      false,
      'did “visit” once, at 2026-03-14T12:00:00.000Z; none has a number as amount',
    ],
    [
      { event: 'visit', without: { event: 'refund', withinDays: 0.5 } },
      true,
      'did “visit” once, at 2026-03-14T12:00:00.000Z; never did “refund”',
    ],
    [
      { sequence: [{ event: 'purchase' }, { event: 'visit' }], within: { days: 10 } },
      true,
      'did “purchase” 3 times, of which 1 counts here, at 2026-03-13T12:00:00.000Z; then did “visit” once, at 2026-03-14T12:00:00.000Z',
    ],
  ])('%j: %s', (tree, holds, text) => expect(found(tree)).toEqual([holds, text]));

  it('stands beside what was asked, part by part', () => {
    const city: ResolvedSegment = { attribute: 'city', equals: 'Paris' };
    expect(explain({ all: [city, { not: { any: [city, { list: 'l2' }] } }] }, ada, NOW, known)).toEqual({
      node: 'all',
      holds: false,
      parts: [
        { node: 'condition', holds: true, asked: 'People whose city is “Paris”', found: 'city is “Paris”' },
        {
          node: 'not',
          holds: false,
          parts: [
            {
              node: 'any',
              holds: true,
              parts: [
                { node: 'condition', holds: true, asked: 'People whose city is “Paris”', found: 'city is “Paris”' },
                {
                  ...{ node: 'condition', holds: false },
                  ...{ asked: 'People on the list “l2”', found: 'is not on the list “l2”' },
                },
              ],
            },
          ],
        },
      ],
    });
  });
});

/** Plain logic over the parts. */
const together = (explanation: Explanation): boolean => {
  if (explanation.node === 'condition') return explanation.holds;
  const parts = explanation.parts.map(together);
  if (explanation.node === 'all') return parts.every((holds) => holds);
  return explanation.node === 'any' ? parts.some((holds) => holds) : !parts[0];
};

it('says of anybody and any segment what isMember says, and every part adds up', () => {
  const people = fc
    .record({
      known: personArbitrary,
      events: fc.array(eventWithCopies, { maxLength: 12 }),
      consents: fc.dictionary(fc.constantFrom(...CONSENTS), fc.boolean(), { noNullPrototype: true }),
      lists: fc.subarray(['vips', 'staff']),
    })
    .map(({ known, events, consents, lists }): Person => {
      const { attributes, ...fields } = known.versions.at(-1) ?? { attributes: {} };
      const set = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
      const profile = { profileId: 'p', version: 1, updatedMs: 0, ...set, attributes } as Person['profile'];
      const seen = events.map(({ source, type, timeMs, properties }, n) => ({
        ...{ id: `e${n}`, source, type, timeMs, receivedMs: timeMs },
        properties: properties as SeenEvent['properties'],
      }));
      return { profile, events: seen, consents, lists: new Set(lists) };
    });
  fc.assert(
    fc.property(segments, people, (segment, person) => {
      const tree = segment as ResolvedSegment;
      const explanation = explain(tree, person, NOW_MS, known);
      expect(explanation.holds).toBe(isMember(tree, person, NOW_MS));
      expect(together(explanation)).toBe(explanation.holds);
    }),
    { numRuns: 300 },
  );
});
