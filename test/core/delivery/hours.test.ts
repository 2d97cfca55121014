import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Channel, Lane } from '../../../core/delivery/channel.ts';
import { closedNow, endOf, type Hours } from '../../../core/delivery/hours.ts';
import type { DeliverySettings } from '../../../core/delivery/settings.ts';
import { usZonesOf } from '../../../core/delivery/us-area-codes.ts';

const MINUTE = 60_000;
const utc = (text: string) => Date.parse(text);
const cap = { frequencyCap: { touches: 5, hours: 24 } };
const quiet = (rest: Partial<NonNullable<DeliverySettings['quietHours']>> = {}): DeliverySettings => ({
  ...cap,
  quietHours: { from: '21:00', to: '08:00', otherwise: 'defer', jitterMinutes: 0, ...rest },
});
const ask = (at: string, settings: DeliverySettings, over: Partial<Hours> = {}) => {
  const closed = closedNow({
    ...{ settings, nowMs: utc(at), channel: 'sms', lane: 'promotional', unit: 'r1#0#0' },
    ...over,
  });
  if (!closed) return 'open';
  return closed.untilMs === undefined ? closed.reason : `${closed.reason} ${new Date(closed.untilMs).toISOString()}`;
};

describe('quiet from 21:00 to 08:00', () => {
  test.each<[string, string | undefined, string]>([
    ['2026-11-18T12:00:00Z', 'Europe/Paris', 'open'],
    ['2026-11-18T19:59:59Z', 'Europe/Paris', 'open'],
    ['2026-11-18T20:00:00Z', 'Europe/Paris', 'quiet-hours 2026-11-19T07:00:00.000Z'],
    ['2026-11-19T06:59:59Z', 'Europe/Paris', 'quiet-hours 2026-11-19T07:00:00.000Z'],
    ['2026-11-19T07:00:00Z', 'Europe/Paris', 'open'],
    ['2026-11-18T12:00:00Z', 'Asia/Tokyo', 'quiet-hours 2026-11-18T23:00:00.000Z'],
    ['2026-11-18T12:00:00Z', 'America/Los_Angeles', 'quiet-hours 2026-11-18T16:00:00.000Z'],
    // Nobody knows where: UTC.
    ['2026-11-18T22:00:00Z', undefined, 'quiet-hours 2026-11-19T08:00:00.000Z'],
    ['2026-11-18T22:00:00Z', 'Atlantis/Port', 'quiet-hours 2026-11-19T08:00:00.000Z'],
    // The night in which Paris goes back to winter time has an hour more, that of spring one less.
    ['2026-10-24T20:00:00Z', 'Europe/Paris', 'quiet-hours 2026-10-25T07:00:00.000Z'],
    ['2026-03-28T21:00:00Z', 'Europe/Paris', 'quiet-hours 2026-03-29T06:00:00.000Z'],
  ])('%s in %s: %s', (at, timeZone, expected) => {
    expect(ask(at, quiet(), { timeZone })).toBe(expected);
    expect(ask(at, quiet(), { timeZone, lane: 'transactional' })).toBe('open');
  });

  test('where nobody knows the zone, the fallback', () => {
    const settings = { ...quiet(), fallbackTimeZone: 'Asia/Tokyo' };
    expect(ask('2026-11-18T12:00:00Z', settings)).toBe('quiet-hours 2026-11-18T23:00:00.000Z');
    expect(ask('2026-11-18T12:00:00Z', settings, { timeZone: 'Europe/Paris' })).toBe('open');
  });

  test('may let it be instead, and concern some channels only', () => {
    const night = '2026-11-18T22:00:00Z';
    expect(ask(night, quiet({ otherwise: 'drop' }))).toBe('quiet-hours');
    expect(ask(night, quiet({ channels: ['push'] }))).toBe('open');
    expect(ask(night, quiet({ channels: ['push', 'sms'] }))).toContain('quiet-hours');
  });

  test('after it, batches are spread: each always at the same time', () => {
    const at = (unit: string) => ask('2026-11-18T22:00:00Z', quiet({ jitterMinutes: 30 }), { unit });
    const times = Array.from({ length: 50 }, (_, n) => utc(at(`r#0#${n}`).slice('quiet-hours '.length)));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(utc('2026-11-19T08:00:00Z'));
    expect(Math.max(...times)).toBeLessThan(utc('2026-11-19T08:30:00Z'));
    expect(new Set(times).size).toBeGreaterThan(45);
    expect(at('r#0#1')).toBe(at('r#0#1'));
  });

  test('a short day: whom spreading would put into the next night goes when the day begins', () => {
    const settings = quiet({ from: '09:00', jitterMinutes: 240 });
    for (let n = 0; n < 20; n += 1) {
      const until = utc(ask('2026-11-18T22:00:00Z', settings, { unit: `r#0#${n}` }).slice('quiet-hours '.length));
      expect(until).toBeLessThan(utc('2026-11-19T09:00:00Z'));
    }
  });
});

describe('promotional SMS to the United States', () => {
  const us: DeliverySettings = {
    ...cap,
    usSmsWindow: true,
    quietHours: { ...quiet().quietHours!, channels: ['email'] },
  };
  test.each<[string, string, string, Partial<Hours>]>([
    ['New York, 07:59', '2026-11-18T12:59:00Z', 'sms-window 2026-11-18T13:00:00.000Z', { phone: '+12125550100' }],
    ['New York, 08:00', '2026-11-18T13:00:00Z', 'open', { phone: '+12125550100' }],
    ['New York, 20:59', '2026-11-19T01:59:00Z', 'open', { phone: '+12125550100' }],
    ['New York, 21:00', '2026-11-19T02:00:00Z', 'sms-window 2026-11-19T13:00:00.000Z', { phone: '+12125550100' }],
    ['Phoenix knows no summer time', '2026-07-01T15:30:00Z', 'open', { phone: '+16025550100' }],
    [
      'a number of nowhere: when Hawaii wakes',
      '2026-11-18T13:00:00Z',
      'sms-window 2026-11-18T18:00:00.000Z',
      { phone: '+18005550100' },
    ],
    [
      'a number of nowhere: until New York sleeps',
      '2026-11-19T02:00:00Z',
      'sms-window 2026-11-19T18:00:00.000Z',
      { phone: '+18005550100' },
    ],
    ['a number of nowhere, at noon', '2026-11-18T20:00:00Z', 'open', { phone: '+18005550100' }],
    [
      'a profile that says Los Angeles',
      '2026-11-18T13:00:00Z',
      'sms-window 2026-11-18T16:00:00.000Z',
      { phone: '+12125550100', timeZone: 'America/Los_Angeles' },
    ],
    [
      'a profile of a zone that nobody knows',
      '2026-11-18T13:00:00Z',
      'open',
      { phone: '+12125550100', timeZone: 'Atlantis/Port' },
    ],
    ['Toronto', '2026-11-18T05:00:00Z', 'open', { phone: '+14165550100' }],
    ['Paris', '2026-11-18T02:00:00Z', 'open', { phone: '+33612345678' }],
    ['another channel', '2026-11-18T12:00:00Z', 'open', { phone: '+12125550100', channel: 'push' }],
    ['a transactional one', '2026-11-18T12:00:00Z', 'open', { phone: '+12125550100', lane: 'transactional' }],
  ])('%s', (_, at, expected, over) => {
    expect(ask(at, us, over)).toBe(expected);
    expect(ask(at, cap, over)).toBe('open');
  });

  test('waits until neither the quiet hours nor the law speak against it', () => {
    const both = { ...quiet({ from: '12:00', to: '18:00' }), usSmsWindow: true };
    const over = { phone: '+12125550100', timeZone: 'Europe/Paris' };
    // 11:30 in Paris is open by both, 12:30 quiet until 18:00.
    expect(ask('2026-11-18T10:30:00Z', both, over)).toBe('open');
    expect(ask('2026-11-18T11:30:00Z', both, over)).toBe('quiet-hours 2026-11-18T17:00:00.000Z');
    const never = { ...quiet({ from: '08:00', to: '21:00' }), usSmsWindow: true };
    expect(ask('2026-11-18T12:00:00Z', never, over)).toBe('quiet-hours');
  });

  test('area codes are of one zone, or of none', () => {
    expect(usZonesOf('+18085550100')).toEqual(['Pacific/Honolulu']);
    expect(usZonesOf('+15555550100')).toEqual(['America/New_York', 'Pacific/Honolulu']);
    expect(usZonesOf('+16045550100')).toEqual([]);
    expect(usZonesOf('+4712345678')).toEqual([]);
  });
});

/** Whether the clock of the zone prints a time within the stretch: found without Herald's arithmetic. */
const clocks = new Map<string, Intl.DateTimeFormat>();
const isQuiet = (atMs: number, from: string, to: string, timeZone: string): boolean => {
  const clock =
    clocks.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  clocks.set(timeZone, clock);
  const time = clock.format(atMs);
  return from < to ? from <= time && time < to : from <= time || time < to;
};

test('the end is the first minute that is not quiet any more, found minute by minute', { timeout: 60_000 }, () => {
  const zones = ['Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/Havana'];
  const time = fc
    .tuple(fc.nat(23), fc.constantFrom('00', '15', '30'))
    .map(([h, m]) => `${String(h).padStart(2, '0')}:${m}`);
  // Around changes of the clock of 2026, and at any other time.
  const changes = [
    '2026-03-29T00:00Z',
    '2026-10-25T00:00Z',
    '2026-03-08T06:00Z',
    '2026-11-01T05:00Z',
    '2026-04-04T14:00Z',
    '2026-10-03T15:00Z',
  ];
  const around = fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -1_500, max: 1_500 }));
  const instant = fc.oneof(
    around.map(([at, minutes]) => utc(at) + minutes * MINUTE),
    fc
      .integer({ min: utc('2026-01-01T00:00Z') / MINUTE, max: utc('2027-01-01T00:00Z') / MINUTE })
      .map((n) => n * MINUTE),
  );
  fc.assert(
    fc.property(instant, time, time, fc.constantFrom(...zones), (nowMs, from, to, timeZone) => {
      fc.pre(from !== to);
      const end = endOf({ from, to, timeZone }, nowMs);
      expect(end === undefined).toBe(!isQuiet(nowMs, from, to, timeZone));
      if (end === undefined) return;
      expect(end).toBeGreaterThan(nowMs);
      let first = nowMs;
      while (isQuiet(first, from, to, timeZone)) first += MINUTE;
      // Where the clock leaves the end out it may be night still, and is asked about again; or the message waits an hour more.
      if (isQuiet(end, from, to, timeZone)) expect(end).toBeLessThanOrEqual(first);
      else expect(Math.abs(end - first)).toBeLessThanOrEqual(60 * MINUTE);
    }),
    { numRuns: 200 },
  );
});

test('who is told to wait until a time may be sent to then', () => {
  const zone = fc.constantFrom(undefined, 'Europe/Paris', 'America/New_York', 'Asia/Kolkata');
  const asked = fc.record({
    nowMs: fc
      .integer({ min: utc('2026-03-01T00:00Z') / MINUTE, max: utc('2026-12-01T00:00Z') / MINUTE })
      .map((n) => n * MINUTE),
    timeZone: zone,
    phone: fc.constantFrom('+12125550100', '+18005550100', '+33612345678'),
    channel: fc.constantFrom<Channel>('sms', 'push'),
    lane: fc.constantFrom<Lane>('promotional', 'transactional'),
    unit: fc.string(),
    settings: fc.record({
      ...{ frequencyCap: fc.constant(cap.frequencyCap), usSmsWindow: fc.boolean() },
      quietHours: fc.record({
        from: fc.constantFrom('20:00', '21:30', '12:00'),
        to: fc.constantFrom('06:00', '09:30', '13:00'),
        otherwise: fc.constantFrom('defer' as const, 'drop' as const),
        jitterMinutes: fc.constantFrom(0, 30, 240),
      }),
    }),
  });
  fc.assert(
    fc.property(asked, (one) => {
      const closed = closedNow(one);
      if (closed?.untilMs === undefined) return;
      expect(closed.untilMs).toBeGreaterThan(one.nowMs);
      const then = closedNow({ ...one, nowMs: closed.untilMs });
      // The hour that the clock shows twice is night twice.
      if (then) expect(then.untilMs ?? 0).toBeGreaterThan(closed.untilMs);
      expect(closedNow(one)).toEqual(closed);
    }),
    { numRuns: 500 },
  );
});
