import { describe, expect, test } from 'vitest';
import type { LiveJourney } from '../../../../core/strategy/journey/live-journey.ts';
import { liveJourneySet } from '../../../../core/strategy/journey/live-journey-set.ts';

const live = (id: string, change: Partial<LiveJourney> = {}): LiveJourney => ({
  ...{ id, version: 1, name: id, state: 'live', sinceMs: 0, current: 'h1', inside: 'finish', maxLatenessMs: 3_600_000 },
  versions: [{ hash: 'h1', sinceMs: 0, lastsMs: 1, patterns: [] }],
  entry: { eventType: 'signed-up', where: [{ property: 'plan', equals: 'gold' }] },
  patterns: { p1: { eventType: 'ordered' }, p2: { eventType: 'signed-up' } },
  ...change,
});
const event = (type: string, properties: Record<string, unknown> = {}) => ({ event: { type, timeMs: 1, properties } });

const heardBy = (journeys: LiveJourney[], facts: ReturnType<typeof event>) => {
  const set = liveJourneySet();
  expect(set.apply(journeys)).toEqual([]);
  const { heard, faults } = set.hear(facts);
  expect(faults).toEqual([]);
  return heard.map(({ live: { id }, enters, patterns }) => ({ id, enters, patterns }));
};

describe('an event is for', () => {
  test.each([
    [
      'the journey that it lets enter, and whose wait wants such events',
      event('signed-up', { plan: 'gold' }),
      true,
      ['p2'],
    ],
    ['the wait alone, where the entry asks for more', event('signed-up', { plan: 'free' }), false, ['p2']],
    ['those inside', event('ordered'), false, ['p1']],
  ])('%s', (_, facts, enters, patterns) => {
    expect(heardBy([live('a')], facts)).toEqual([{ id: 'a', enters, patterns }]);
  });

  test('nobody, where no pattern wants it', () => {
    expect(heardBy([live('a')], event('other'))).toEqual([]);
  });

  test('every journey that wants it', () => {
    const ids = heardBy([live('a'), live('b')], event('ordered')).map(({ id }) => id);
    expect(ids.sort()).toEqual(['a', 'b']);
  });

  test('those inside a paused journey, and nobody who would enter it', () => {
    expect(heardBy([live('a', { state: 'paused' })], event('signed-up', { plan: 'gold' }))).toEqual([
      { id: 'a', enters: false, patterns: ['p2'] },
    ]);
  });

  test('nobody in a journey that was stopped', () => {
    expect(heardBy([live('a', { state: 'stopped' })], event('ordered'))).toEqual([]);
  });
});

test('a newer version takes the place of an older one, and an older one changes nothing', () => {
  const set = liveJourneySet();
  set.apply([live('a', { version: 2, patterns: { p3: { eventType: 'refunded' } } })]);
  expect([set.wants('ordered'), set.wants('refunded')]).toEqual([false, true]);
  set.apply([live('a', { version: 1 })]);
  expect([set.wants('ordered'), set.versionOf('a')]).toEqual([false, 2]);
  set.apply([live('a', { version: 3, state: 'stopped' })]);
  expect(set.wants('refunded')).toBe(false);
});

test('it says what must be known of the person', () => {
  const set = liveJourneySet();
  set.apply([
    live('a', { patterns: { p1: { eventType: 'ordered', where: [{ attribute: 'tier', equals: 'gold' }] } } }),
  ]);
  expect(set.needs(event('ordered').event)).toMatchObject({ profile: true, contact: false });
  expect(set.needs(event('signed-up').event)).toBeUndefined();
});

test('a journey that this release cannot carry out is left out and named, the others go on', () => {
  const set = liveJourneySet();
  const strange = { eventType: 'ordered', where: [{ moonPhase: 'full' }] } as never;
  const faults = set.apply([live('a'), live('b', { patterns: { p1: strange } })]);
  expect(faults).toMatchObject([{ journeyId: 'b', name: 'b' }]);
  expect(set.hear(event('ordered')).heard.map((one) => one.live.id)).toEqual(['a']);
});
