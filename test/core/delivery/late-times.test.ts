import { describe, expect, test } from 'vitest';
import { dueTimes } from '../../../core/delivery/due-times.ts';
import { type LatePolicy, latePolicyInput, whenLate } from '../../../core/strategy/late.ts';
import { beginsAtMs, longestWaitMs, type SendTime, shownWorldwide } from '../../../core/strategy/send-time.ts';

const utc = Date.parse;
const iso = (ms: number | undefined) =>
  ms === undefined || ms === -1 ? 'not at all' : ms === 0 ? 'at once' : new Date(ms).toISOString().slice(0, 16);

describe('what is late', () => {
  const DUE = utc('2026-03-28T01:30:00Z');
  /** 02:30 in Paris, of which there is none on the next day. */
  const at = { ms: 150 * 60_000, timeZone: 'Europe/Paris' };
  test.each<[string, LatePolicy['do'], number | undefined, number, string]>([
    ['it is not yet time', 'skip', undefined, -1, '2026-03-28T01:30'],
    ['a moment late is not late', 'skip', undefined, 5, '2026-03-28T01:35'],
    ['later than that is', 'skip', undefined, 6, 'not at all'],
    ['nor is what the tolerance allows', 'next-day', 60, 60, '2026-03-28T02:30'],
    ['no tolerance at all', 'next-day', 0, 1, '2026-03-29T01:30'],
    ['at once, however late', 'send-now', 0, 9_000, '2026-04-03T07:30'],
    ['the next day, by the new clock', 'next-day', 5, 1_440 + 61, '2026-03-30T00:30'],
  ])('%s: %s', (_, what, toleranceMinutes, minutes, expected) => {
    const policy = { do: what, ...(toleranceMinutes !== undefined && { toleranceMinutes }) };
    expect(iso(whenLate(policy, DUE, DUE + minutes * 60_000, at))).toBe(expected);
  });

  test.each([{}, { do: 'later' }, { do: 'skip', toleranceMinutes: -1 }, { do: 'skip', toleranceMinutes: 1_441 }])(
    '%j is no policy',
    (slip) => expect(latePolicyInput.safeParse(slip).success).toBe(false),
  );
});

describe('a time of a day, all over the world', () => {
  const christmas: SendTime = { local: '09:00', on: '2026-12-24' };
  test('it begins in Kiritimati, and ends before 26 hours are over', () => {
    expect(iso(beginsAtMs({ sendTime: christmas }))).toBe('2026-12-23T19:00');
    expect(iso(shownWorldwide(christmas)?.toMs)).toBe('2026-12-24T21:00');
    expect(longestWaitMs(christmas)).toBe(26 * 3_600_000);
    expect([beginsAtMs({}), shownWorldwide({ local: '09:00' }), shownWorldwide(undefined)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  const due = (sendTime: SendTime, start: string, time_zone: string, ifLate?: LatePolicy) =>
    iso(
      dueTimes({
        ...{ sendTime, ifLate, runId: 'r', startMs: utc(start), channels: ['email'], population: undefined },
        settings: { fallbackTimeZone: 'Europe/London' },
      })({ profile_id: 'ada', time_zone }),
    );
  const skip: LatePolicy = { do: 'skip' };
  test.each<[string, string, string, LatePolicy | undefined, string]>([
    ['it begins where the day does', '2026-12-23T19:00:00.250Z', 'Pacific/Kiritimati', skip, '2026-12-23T19:00:00.250Z'],
    ['and where it does last', '2026-12-23T19:00:00.250Z', 'Pacific/Pago_Pago', skip, '2026-12-24T20:00'],
    ['not today, where it is not yet that day', '2026-12-22T10:00Z', 'Europe/Paris', skip, '2026-12-24T08:00'],
    ['nobody knows where', '2026-12-23T19:00Z', '', skip, '2026-12-24T09:00'],
    ['no such zone', '2026-12-23T19:00Z', 'Atlantis/Port', skip, '2026-12-24T09:00'],
    ['passed, and nobody said what then: the next day', '2026-12-24T09:00Z', 'Europe/Paris', undefined, '2026-12-25T08:00'],
    ['passed: the next day', '2026-12-24T09:00Z', 'Europe/Paris', { do: 'next-day' }, '2026-12-25T08:00'],
    ['passed: now', '2026-12-24T09:00Z', 'Europe/Paris', { do: 'send-now' }, 'at once'],
    ['passed: not at all', '2026-12-24T09:00Z', 'Europe/Paris', skip, 'not at all'],
    ['passed, but within the tolerance', '2026-12-24T09:00Z', 'Europe/Paris', { do: 'skip', toleranceMinutes: 60 }, 'at once'],
    ['not passed a little further west', '2026-12-24T08:59Z', 'Europe/London', skip, '2026-12-24T09:00'],
  ])('%s', (_, start, zone, ifLate, expected) => {
    expect(due(christmas, start, zone, ifLate)).toBe(expected.length > 16 ? 'at once' : expected);
  }); // biome-ignore format: a table

  test.each<[string, LatePolicy | undefined, string]>([
    ['tomorrow, as long as nobody says otherwise', undefined, '2026-12-25T08:00'],
    ['now', { do: 'send-now' }, 'at once'],
    ['not at all', skip, 'not at all'],
  ])('without a day it is the time of today that has passed: %s', (_, ifLate, expected) => {
    expect(due({ local: '09:00' }, '2026-12-24T10:00Z', 'Europe/Paris', ifLate)).toBe(expected);
    expect(due({ local: '09:00' }, '2026-12-24T10:00Z', 'America/New_York', ifLate)).toBe('2026-12-24T14:00');
  });
});
