import { describe, expect, test } from 'vitest';
import { obstacles, pathsRead, projected, type Watched, watchedOf } from '../../../../core/audience/live/watched.ts';
import type { ResolvedSegment } from '../../../../core/audience/segment.ts';

const amount = { property: 'amount', is: { atLeast: 1 } };
const month = { since: '2026-11-01T00:00:00Z', until: '2026-12-01T00:00:00Z' };
const year = { since: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' };
const near = { latitude: 1, longitude: 2, withinKm: 3, attributes: { latitude: 'lat', longitude: 'lon' } };

describe('reacts at once', () => {
  test.each<[string, ResolvedSegment]>([
    ['an attribute', { attribute: 'tier', equals: 'gold' }],
    ['a date of the profile, relative to now', { attribute: 'trialEnds', withinNextDays: 3 }],
    ['an anniversary', { attribute: 'birthday', anniversaryWithinDays: 0 }],
    ['a list of the profile', { attribute: 'tags', anyItem: { equals: 'vip' } }],
    [
      'a field, a consent, a list, a place',
      {
        all: [
          { field: 'email', exists: true },
          { consent: 'sms', equals: true },
        ],
      },
    ],
    ['a list and a place', { any: [{ list: 'vips' }, { near }] }],
    ['31 days', { event: 'visit', count: { atLeast: 99 }, within: { days: 31 } }],
    ['a period of a month', { event: 'visit', sum: amount, within: month }],
    ['a count over all time up to 49', { event: 'visit', count: { moreThan: 49 } }],
    ['the last one, however long ago', { event: 'visit', last: { moreThanDaysAgo: 400 } }],
    ['the first one', { event: 'visit', first: { withinDays: 400 } }],
    ['a sequence with a window', { sequence: [{ event: 'a' }, { event: 'b' }], within: { days: 7 } }],
    ['an absence with a window', { event: 'a', without: { event: 'b', withinDays: 1 }, within: { days: 7 } }],
  ])('%s', (_, segment) => expect(obstacles(segment)).toEqual([]));
});

describe('follows its schedule, and says why', () => {
  test.each<[ResolvedSegment, string]>([
    [
      { event: 'visit', count: { atLeast: 1 }, within: { days: 32 } },
      'visit: a window of 32 days; at most 31 are remembered',
    ],
    [{ event: 'visit', sum: amount, within: year }, 'visit: a period of more than 31 days'],
    [{ event: 'visit', count: { atLeast: 1 }, within: { since: month.since } }, 'visit: a period of more than 31 days'],
    [{ not: { event: 'visit', count: { atMost: 50 } } }, 'visit: a count of 50 over all time'],
    [{ event: 'visit', avg: amount }, 'visit: avg over all time'],
    [{ event: 'a', without: { event: 'b', withinDays: 1 } }, 'a: without over all time'],
    [{ sequence: [{ event: 'a' }, { event: 'b' }], withinDays: 3 }, 'a: sequence over all time'],
    [
      { event: 'a', where: [{ any: [{ property: 'until', withinNextDays: 3 }] }], last: { withinDays: 1 } },
      'a: dates in its properties, which time alone changes',
    ],
    [
      { attribute: 'trips', anyItem: { item: 'begins', withinNextDays: 3 } },
      'trips: dates in a list, which time alone changes',
    ],
    [
      { event: 'herald.segment.entered', count: { atLeast: 1 }, within: { days: 1 } },
      'herald.segment.entered: entering and leaving segments is not watched by segments',
    ],
  ])('%j: %s', (segment, why) => {
    expect(obstacles({ all: [segment, segment] })).toEqual([why]);
  });
});

test('an absence remembers what follows, also after the end of its period', () => {
  const segment: ResolvedSegment = {
    event: 'a',
    without: { event: 'b', withinDays: 1 },
    within: { ...month, until: '2026-11-20T00:00:00Z' },
  };
  const toMs = Date.parse('2026-11-21T00:00:00Z');
  expect(watchedOf(segment)).toMatchObject([
    { pattern: { event: 'a' }, keeps: { kind: 'between', toMs } },
    { pattern: { event: 'b' }, keeps: { kind: 'between', toMs } },
  ]);
});

describe('of an event only what is asked for is remembered', () => {
  const watchedWith = (paths: string[]): Watched[] => [{ pattern: { event: 'a' }, keeps: { kind: 'oldest' }, paths }];
  const properties = { amount: 5, item: { name: 'tea', price: 3, note: 'x' }, note: 'long', none: null };

  test.each<[string[], object]>([
    [[], {}],
    [['amount'], { amount: 5 }],
    [['item.name', 'item.price'], { item: { name: 'tea', price: 3 } }],
    [['item.name', 'item'], { item: properties.item }],
    [['missing', 'item.missing', 'amount.deeper', 'none'], { none: null }],
    [['constructor', 'toString'], {}],
  ])('%j', (paths, kept) => {
    const before = structuredClone(properties);
    expect(projected(properties, pathsRead(watchedWith(paths), 'a'))).toEqual(kept);
    expect(properties).toEqual(before);
  });

  test('by type', () => expect(pathsRead(watchedWith(['amount']), 'b')).toEqual([]));
});
