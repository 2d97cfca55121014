import { describe, expect, test } from 'vitest';
import type { JourneyFacts } from '../../../../core/strategy/journey/participant.ts';
import { untilOf } from '../../../../core/strategy/journey/wait-until.ts';
import { DAY, exit, journeyOf, message, T0, traveller } from './traveller.ts';

const person = (timeZone?: string, attributes: Record<string, string> = {}): JourneyFacts => ({
  profile: { attributes, ...(timeZone && { timeZone }) },
});
const until = (moment: Parameters<typeof untilOf>[0], facts: JourneyFacts, from: string) => {
  const found = untilOf(moment, facts, Date.parse(from));
  return 'missing' in found ? found.missing : new Date(found.atMs).toISOString();
};

describe('a time of day', () => {
  test.each([
    ['later today', '21:00', 'Europe/Paris', '2026-12-01T09:00:00Z', '2026-12-01T20:00:00.000Z'],
    ['now', '10:00', 'Europe/Paris', '2026-12-01T09:00:00Z', '2026-12-01T09:00:00.000Z'],
    ['a moment ago', '10:00', 'Europe/Paris', '2026-12-01T09:00:00.001Z', '2026-12-02T09:00:00.000Z'],
    ['where it is tomorrow already', '09:00', 'Pacific/Auckland', '2026-12-01T12:00:00Z', '2026-12-01T20:00:00.000Z'],
    // 02:30 on the days on which the clock changes, in three zones.
    ['left out in Paris: 03:30', '02:30', 'Europe/Paris', '2026-03-28T12:00:00Z', '2026-03-29T01:30:00.000Z'],
    ['left out in New York', '02:30', 'America/New_York', '2026-03-07T12:00:00Z', '2026-03-08T07:30:00.000Z'],
    ['left out in Sydney', '02:30', 'Australia/Sydney', '2026-10-03T12:00:00Z', '2026-10-03T16:30:00.000Z'],
    ['twice in Paris: the first', '02:30', 'Europe/Paris', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00.000Z'],
    ['twice in New York', '01:30', 'America/New_York', '2026-10-31T12:00:00Z', '2026-11-01T05:30:00.000Z'],
    ['once in New York that night', '02:30', 'America/New_York', '2026-10-31T12:00:00Z', '2026-11-01T07:30:00.000Z'],
    ['twice in Sydney', '02:30', 'Australia/Sydney', '2026-04-04T00:00:00Z', '2026-04-04T15:30:00.000Z'],
  ])('%s', (_, time, zone, from, expected) => expect(until({ time }, person(zone), from)).toBe(expected));

  test.each([
    ['no zone', undefined, 'Asia/Tokyo', '2026-12-01T00:00:00.000Z'],
    ['a zone that does not exist', 'Mars/Olympus', 'Asia/Tokyo', '2026-12-01T00:00:00.000Z'],
    ['no fallback either: UTC', undefined, undefined, '2026-12-01T09:00:00.000Z'],
    ['nobody is known', null, 'Asia/Tokyo', '2026-12-01T00:00:00.000Z'],
  ])('%s', (_, zone, fallbackTimeZone, expected) => {
    const facts = { ...(zone === null ? {} : person(zone)), ...(fallbackTimeZone && { fallbackTimeZone }) };
    expect(until({ time: '09:00' }, facts, '2026-11-30T12:00:00Z')).toBe(expected);
  });

  test('on the weekdays of the person, not of UTC', () => {
    // Friday evening in London is Saturday morning in Tokyo.
    const friday = '2026-12-04T22:00:00Z';
    expect(until({ time: '09:00', weekdays: ['sat'] }, person('Asia/Tokyo'), friday)).toBe('2026-12-05T00:00:00.000Z');
    expect(until({ time: '09:00', weekdays: ['mon', 'fri'] }, person('Asia/Tokyo'), friday)).toBe(
      '2026-12-07T00:00:00.000Z',
    );
  });
});

describe('a day that an attribute names', () => {
  test.each([
    ['the day itself', { attribute: 'd', time: '09:00' }, '2026-12-24', '2026-12-24T08:00:00.000Z'],
    ['a week before', { attribute: 'd', time: '09:00', offsetDays: -7 }, '2026-12-24', '2026-12-17T08:00:00.000Z'],
    [
      'the day as it is written, whatever its zone',
      { attribute: 'd', time: '09:00' },
      '2026-12-24T23:00:00-10:00',
      '2026-12-24T08:00:00.000Z',
    ],
    ['past', { attribute: 'd', time: '09:00' }, '2026-11-30', 'd is past: 2026-11-30'],
    ['past by its offset', { attribute: 'd', time: '09:00', offsetDays: -7 }, '2026-12-05', 'd is past: 2026-12-05'],
    ['no date', { attribute: 'd', time: '09:00' }, 'soon', 'd is no date'],
    ['no day of the calendar', { attribute: 'd', time: '09:00' }, '2026-02-30', 'd is no date'],
    [
      'each year: this one',
      { attribute: 'd', yearly: true as const, time: '09:00' },
      '1990-12-24',
      '2026-12-24T08:00:00.000Z',
    ],
    [
      'each year: the next',
      { attribute: 'd', yearly: true as const, time: '09:00' },
      '1990-11-24',
      '2027-11-24T08:00:00.000Z',
    ],
    [
      'over the turn of the year',
      { attribute: 'd', yearly: true as const, offsetDays: -7, time: '09:00' },
      '1990-01-05',
      '2026-12-29T08:00:00.000Z',
    ],
    [
      'after it, over the turn of the year',
      { attribute: 'd', yearly: true as const, offsetDays: 10, time: '09:00' },
      '1990-12-25',
      '2027-01-04T08:00:00.000Z',
    ],
    [
      '29 February in a year without',
      { attribute: 'd', yearly: true as const, time: '09:00' },
      '1992-02-29',
      '2027-02-28T08:00:00.000Z',
    ],
  ])('%s', (_, moment, value, expected) =>
    expect(until(moment, person('Europe/Paris', { d: value }), '2026-12-01T12:00:00Z')).toBe(expected),
  );

  test('29 February in a year that has one', () => {
    const facts = person('Europe/Paris', { d: '1992-02-29' });
    expect(until({ attribute: 'd', yearly: true, time: '09:00' }, facts, '2027-12-01T12:00:00Z')).toBe(
      '2028-02-29T08:00:00.000Z',
    );
  });
});

test('who lacks the date goes where the node says, or on at once', () => {
  const at = { attribute: 'd', time: '09:00' };
  const elsewhere = traveller(
    journeyOf({ w: { kind: 'wait-until', at, ifMissing: 'e', next: 'm' }, m: message('e'), e: exit }),
  );
  elsewhere.enter(T0);
  expect(elsewhere.path().slice(1)).toEqual(['w ifMissing', 'e exit']);
  const on = traveller(journeyOf({ w: { kind: 'wait-until', at, next: 'm' }, m: message('e'), e: exit }));
  on.enter(T0);
  expect(on.path().slice(1)).toEqual(['w next', 'm next', 'e exit']);
});

test('two waits until nine are a day apart; the first may be over when somebody enters', () => {
  const it = traveller(
    journeyOf({
      w: { kind: 'wait-until', at: { time: '09:00' }, next: 'm' },
      m: message('v'),
      v: { kind: 'wait-until', at: { time: '09:00' }, next: 'e' },
      e: exit,
    }),
  );
  it.enter(T0);
  expect(it.hold?.dueMs).toBe(T0);
  it.due();
  expect(it.hold?.dueMs).toBe(T0 + DAY);
});
