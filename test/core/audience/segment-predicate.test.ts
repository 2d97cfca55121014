import { describe, expect, it } from 'vitest';
import type { SeenEvent } from '../../../core/audience/event-predicate.ts';
import type { Profile } from '../../../core/audience/profile.ts';
import type { ResolvedSegment as Segment } from '../../../core/audience/segment.ts';
import { isMember } from '../../../core/audience/segment-predicate.ts';

const NOW = Date.parse('1998-07-01T00:00:00Z');
const DAY = 86_400_000;
const ada: Profile = {
  profileId: 'ada',
  version: 1,
  updatedMs: 0,
  email: 'ada@example.com',
  timeZone: 'Europe/Paris',
  attributes: { city: 'Paris', age: 36, tags: ['a', 'b'] },
};
let ids = 0;
const purchase = (agoMs: number, amount?: unknown, more: Partial<SeenEvent> = {}): SeenEvent => {
  ids += 1;
  return {
    id: `e${ids}`,
    source: 'shop',
    type: 'purchase',
    timeMs: NOW - agoMs,
    receivedMs: NOW,
    properties: { amount },
    ...more,
  };
};
const holds = (segment: Segment, events: SeenEvent[] = []) =>
  isMember(segment, { profile: ada, events, consents: {}, lists: new Set(['vips']) }, NOW);
const count = (limit: object, within?: object): Segment =>
  ({ event: 'purchase', count: limit, ...(within && { within }) }) as Segment;
const sum = (limit: object): Segment => ({ event: 'purchase', sum: { property: 'amount', is: limit } }) as Segment;

describe('windows are half-open', () => {
  const days = { days: 180 };
  const span = { since: '1998-06-01T00:00:00Z', until: '1998-06-02T00:00:00Z' };
  const june2 = NOW - Date.parse(span.until);
  it.each<[string, object | undefined, number, boolean]>([
    ['exactly n days ago counts', days, 180 * DAY, true],
    ['a millisecond longer ago does not', days, 180 * DAY + 1, false],
    ['this millisecond counts', days, 0, true],
    ['the future does not', days, -1, false],
    ['nor without a window', undefined, -1, false],
    ['ages ago counts without a window', undefined, 20_000 * DAY, true],
    ['the beginning of a span counts', span, june2 + DAY, true],
    ['before it does not', span, june2 + DAY + 1, false],
    ['its last millisecond counts', span, june2 + 1, true],
    ['its end does not', span, june2, false],
    ['a span into the future ends now', { since: span.since, until: '1999-01-01T00:00:00Z' }, -1, false],
    ['an empty span holds nothing', { since: span.until, until: span.since }, june2, false],
  ])('%s', (_, within, ago, expected) => expect(holds(count({ atLeast: 1 }, within), [purchase(ago)])).toBe(expected));
});

describe('recency', () => {
  const last = (question: object): Segment => ({ event: 'purchase', last: question }) as Segment;
  it.each<[string, object, number[], boolean]>([
    ['within, at the edge', { withinDays: 180 }, [180 * DAY], true],
    ['within, past the edge', { withinDays: 180 }, [180 * DAY + 1], false],
    ['longer ago, at the edge', { moreThanDaysAgo: 180 }, [180 * DAY], false],
    ['longer ago, past the edge', { moreThanDaysAgo: 180 }, [180 * DAY + 1], true],
    ['the last one counts, not the first', { moreThanDaysAgo: 180 }, [400 * DAY, DAY], false],
    ['one to come is not the last', { moreThanDaysAgo: 180 }, [400 * DAY, -DAY], true],
    ['never is not long ago', { moreThanDaysAgo: 180 }, [], false],
    ['never is not lately', { withinDays: 180 }, [], false],
  ])('%s', (_, question, agos, expected) =>
    expect(
      holds(
        last(question),
        agos.map((ago) => purchase(ago)),
      ),
    ).toBe(expected),
  );
});

describe('counts and sums', () => {
  it('nobody has bought nothing', () => {
    expect(holds(count({ equals: 0 }))).toBe(true);
    expect(holds(count({ lessThan: 1 }))).toBe(true);
    expect(holds(count({ atLeast: 1 }))).toBe(false);
    expect(holds(sum({ atMost: 0 }))).toBe(true);
    expect(holds(sum({ equals: 0 }))).toBe(true);
    expect(holds(sum({ moreThan: 0 }))).toBe(false);
  });
  it('one id of one source counts once, the copy that arrived first', () => {
    const first = purchase(DAY, 10, { id: 'x', receivedMs: 1 });
    const again = purchase(DAY, 999, { id: 'x', receivedMs: 2 });
    const other = purchase(DAY, 1, { id: 'x', source: 'app' });
    expect(holds(count({ equals: 2 }), [again, first, other])).toBe(true);
    expect(holds(sum({ equals: 11 }), [again, first, other])).toBe(true);
  });
  it('adds exactly', () => {
    expect(holds(sum({ equals: 0.3 }), [purchase(1, 0.1), purchase(2, 0.2)])).toBe(true);
    expect(
      holds(
        sum({ atLeast: 999 }),
        Array.from({ length: 100 }, () => purchase(1, 9.99)),
      ),
    ).toBe(true);
    // As doubles, 0.57 × 10^6 is just below 570,000 and 4.35 × 10^6 just below 4,350,000; half a millionth rounds away from 0.
    expect(holds(sum({ equals: 4.92 }), [purchase(1, 0.57), purchase(1, 4.35)])).toBe(true);
    expect(holds(sum({ equals: -0.000001 }), [purchase(1, -5e-7)])).toBe(true);
    expect(holds(sum({ equals: -0.5 }), [purchase(1, -0.4), purchase(1, -0.1)])).toBe(true);
  });
  it.each([['100'], [null], [undefined], [true], [[100]], [1e12], [-1e12], [1e300]])('%j is no amount', (amount) => {
    expect(holds(sum({ equals: 5 }), [purchase(1, amount), purchase(1, 5)])).toBe(true);
  });
  it('filters by properties and type', () => {
    const where = [{ property: 'amount', atLeast: 10 }];
    const events = [purchase(1, 10), purchase(1, 9), purchase(1, '10'), purchase(1, 10, { type: 'refund' })];
    expect(holds({ event: 'purchase', where, count: { equals: 1 } }, events)).toBe(true);
  });
});

describe('the tree', () => {
  const yes: Segment = { attribute: 'city', equals: 'Paris' };
  const no: Segment = { attribute: 'city', equals: 'Rome' };
  it.each<[Segment, boolean]>([
    [{ all: [yes, yes] }, true],
    [{ all: [yes, no] }, false],
    [{ any: [no, yes] }, true],
    [{ any: [no, no] }, false],
    [{ not: no }, true],
    [{ not: { all: [yes, { not: no }] } }, false],
    [{ not: { attribute: 'nothing', equals: 'x' } }, true],
    [{ attribute: 'nothing', notEquals: 'x' }, false],
    [{ attribute: 'tags', equals: 'a' }, false],
    [{ attribute: 'tags', exists: true }, true],
    [{ attribute: 'constructor', exists: true }, false],
    [{ field: 'email', exists: true }, true],
    [{ field: 'phone', exists: false }, true],
    [{ field: 'timeZone', startsWith: 'Europe/' }, true],
    [{ field: 'email', equals: true }, false],
    [{ field: 'email', atLeast: 1 }, false],
    [{ list: 'vips' }, true],
    [{ not: { list: 'vips' } }, false],
    [{ list: 'others' }, false],
  ])('%j is %j', (segment, expected) => expect(holds(segment)).toBe(expected));
});
