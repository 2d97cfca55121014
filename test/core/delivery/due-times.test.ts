import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DueTimes,
  dueTimes,
  EXPLORED_SHARE,
  populationOf,
  type Waiting,
} from '../../../core/delivery/due-times.ts';
import { personHours, populationHours, WEEK_HOURS } from '../../../core/measurement/weekly-hours.ts';

const utc = Date.parse;
const HOUR = 3_600_000;
const iso = (ms: number) => (ms === 0 ? 'at once' : new Date(ms).toISOString().slice(0, 16));
/** Wednesday, 13:20 in Paris. */
const START = utc('2026-11-18T12:20:00Z');
/** Most are active at 18 o'clock, on every day. */
const evenings = populationHours(Array.from({ length: WEEK_HOURS }, (_, cell) => (cell % 24 === 18 ? 50 : 1)));
const within = (hours: number): DueTimes['sendTime'] => ({ best: { within: { hours } } });
const asked = (more: Partial<DueTimes> = {}): DueTimes => ({
  ...{ sendTime: within(24), runId: 'r', startMs: START, channels: ['email'], settings: {}, population: evenings },
  ...more,
});

/** Whether chance has put them into the window, and where; by the words of its description. */
const explored = (runId: string, profileId: string) => {
  const hash = createHash('md5').update(`${runId}#${profileId}`).digest('hex');
  const share = (from: number) => Number.parseInt(hash.slice(from, from + 8), 16) / 2 ** 32;
  return share(0) < EXPLORED_SHARE ? share(8) : undefined;
};
const usual = Array.from({ length: 50 }, (_, n) => `p${n}`).find((id) => explored('r', id) === undefined) ?? '';
const due = (more: Partial<DueTimes>, person: Partial<Waiting> = {}) =>
  iso(dueTimes(asked(more))({ profile_id: usual, ...person }));
/** So many opens on the days before, at a time of UTC. */
const opens = (time: string, count = 5) =>
  Array.from({ length: count }, (_, n) => utc(`2026-11-${String(10 + n).padStart(2, '0')}T${time}:00Z`)).join(',');

describe('the best hour', () => {
  test.each<[string, string, Partial<DueTimes>, Partial<Waiting>]>([
    ['of the population, in UTC when nobody knows where', '2026-11-18T18:00', {}, {}],
    ['of the population, in Paris', '2026-11-18T17:00', {}, { time_zone: 'Europe/Paris' }],
    ['of the population, in Kolkata, half an hour off', '2026-11-18T12:30', {}, { time_zone: 'Asia/Kolkata' }],
    ['of the population, in Kathmandu, a quarter off', '2026-11-18T12:15', { startMs: utc('2026-11-18T12:10:00Z') }, { time_zone: 'Asia/Kathmandu' }],
    ['where the settings say, for a zone that nobody knows', '2026-11-18T17:00', { settings: { fallbackTimeZone: 'Europe/Paris' } }, { time_zone: 'Atlantis/Port' }],
    ['of an early riser', '2026-11-19T07:00', {}, { time_zone: 'Europe/Paris', active: opens('07:10') }],
    ['of an early riser who has moved to Tokyo: by the clock there', '2026-11-19T07:00', {}, { time_zone: 'Asia/Tokyo', active: opens('07:10') }],
    ['of the hour that is now: at once', 'at once', {}, { active: opens('12:50') }],
    ['is in the window, or another one is', 'at once', { sendTime: within(1) }, { active: opens('07:10') }],
    ['of several the first: today, not tomorrow', '2026-11-18T18:00', { sendTime: within(48) }, {}],
    ['one open in a night of clicks is one', '2026-11-18T18:00', {}, { active: Array.from({ length: 40 }, (_, n) => utc('2026-11-10T03:00:00Z') + n * 1000).join(',') }],
    ['of nobody: at once', 'at once', { population: undefined }, { active: opens('07:10') }],
  ])('%s: %s', (_, expected, more, person) => expect(due(more, person)).toBe(expected)); // biome-ignore format: a table

  test.each([
    ['in winter again, at the hour after the one that there is twice', '2026-10-24T20:20:00Z', '2026-10-25T17:00'],
    ['in summer, after the hour that is left out', '2026-03-28T20:20:00Z', '2026-03-29T16:00'],
  ])('of Paris %s', (_, start, expected) => {
    expect(due({ startMs: utc(start) }, { time_zone: 'Europe/Paris' })).toBe(expected);
  });

  test('opens of summer count for the hour that the clock showed then', () => {
    const summer = Array.from({ length: 8 }, (_, n) => utc(`2026-10-1${n}T05:10:00Z`)).join(',');
    // 07:10 in Paris by summer time; 07:00 by winter time is 06:00 UTC.
    expect(due({}, { time_zone: 'Europe/Paris', active: summer })).toBe('2026-11-19T06:00');
  });

  test('an hour that there is twice may be chosen once, one that is left out never', () => {
    const nightly = populationHours(Array.from({ length: WEEK_HOURS }, (_, cell) => (cell % 24 === 2 ? 50 : 1)));
    const at = (start: string) =>
      due({ startMs: utc(start), population: nightly, sendTime: within(12) }, { time_zone: 'Europe/Paris' });
    expect(at('2026-10-24T20:20:00Z')).toBe('2026-10-25T00:00');
    // 02:00 is not on the clock of that night; the kernel leaves the hours beside it.
    expect(at('2026-03-28T20:20:00Z')).toBe('2026-03-29T00:00');
  });
});

describe('quiet hours', () => {
  const quietHours = { from: '17:00', to: '09:00', otherwise: 'defer' as const };
  test.each<[string, string, Partial<DueTimes>]>([
    ['the best of the others', '2026-11-18T16:00', { settings: { quietHours } }],
    ['only on other channels', '2026-11-18T18:00', { settings: { quietHours: { ...quietHours, channels: ['sms'] } } }],
    [
      'all of the window is quiet: it is for the sender to say',
      '2026-11-18T18:00',
      { startMs: utc('2026-11-18T17:20:00Z'), sendTime: within(3), settings: { quietHours } },
    ],
  ])('%s: %s', (_, expected, more) => {
    const late = populationHours(
      Array.from({ length: WEEK_HOURS }, (_cell, cell) => (cell % 24 === 18 ? 50 : cell % 24 === 16 ? 9 : 1)),
    );
    expect(due({ population: late, ...more })).toBe(expected);
  });
});

describe('a time by the clock where they are', () => {
  test.each([
    ['09:00', 'Europe/Paris', START, '2026-11-19T08:00'],
    ['14:00', 'Europe/Paris', START, '2026-11-18T13:00'],
    ['09:00', 'America/Los_Angeles', START, '2026-11-18T17:00'],
    ['09:00', 'Asia/Kolkata', START, '2026-11-19T03:30'],
    ['13:20', 'Europe/Paris', START, 'at once'],
    ['09:00', '', START, '2026-11-19T09:00'],
    // Twice on that night, and left out on this one.
    ['02:30', 'Europe/Paris', utc('2026-10-24T22:00:00Z'), '2026-10-25T00:30'],
    ['02:30', 'Europe/Paris', utc('2026-10-25T00:45:00Z'), '2026-10-25T01:30'],
    ['02:30', 'Europe/Paris', utc('2026-03-28T22:00:00Z'), '2026-03-29T01:30'],
    ['02:15', 'Europe/Paris', utc('2026-10-25T00:30:00Z'), '2026-10-25T01:15'],
  ])('%s in %s', (local, time_zone, startMs, expected) => {
    expect(due({ sendTime: { local }, startMs }, { time_zone })).toBe(expected);
  });
});

describe('chance', () => {
  const people = Array.from({ length: 5_000 }, (_, n) => ({ profile_id: `p${n}`, time_zone: 'Europe/Paris' }));
  const dueOf = dueTimes(asked());

  test('puts a tenth anywhere in the window, the same people whenever it is asked', () => {
    const best = dueOf({ profile_id: usual, time_zone: 'Europe/Paris' });
    const others = people.filter((one) => dueOf(one) !== best);
    expect(others.length / people.length).toBeGreaterThan(0.08);
    expect(others.length / people.length).toBeLessThan(0.11);
    expect(others.every(({ profile_id }) => explored('r', profile_id) !== undefined)).toBe(true);
    expect(new Set(others.map(dueOf)).size).toBe(24);
    expect(people.map(dueOf)).toEqual(people.map(dueTimes(asked())));
  });

  test('puts others there in another run', () => {
    const of = (runId: string) => people.filter(({ profile_id }) => explored(runId, profile_id) !== undefined);
    const again = new Set(of('r2'));
    expect(of('r').filter((one) => again.has(one)).length).toBeLessThan(of('r').length / 2);
  });
});

test('nobody has a better hour in the window than the one that was chosen', () => {
  const zones = fc.constantFrom('Europe/Paris', 'America/New_York', 'Asia/Kathmandu', 'UTC');
  const opened = fc.array(fc.integer({ min: 0, max: 90 * 24 }), { maxLength: 20 });
  fc.assert(
    fc.property(
      zones,
      opened,
      fc.integer({ min: 1, max: 168 }),
      fc.nat(400 * 24),
      (time_zone, hours, window, later) => {
        const startMs = START + later * HOUR;
        const active = [...new Set(hours)].map((n) => startMs - n * HOUR).join(',');
        const population = evenings;
        if (!population) throw new Error('no population');
        const at = dueTimes(asked({ startMs, sendTime: within(window) }))({ profile_id: usual, time_zone, active });
        // The twin asks the clock of each minute's hour.
        const wall = new Intl.DateTimeFormat('en-GB', {
          timeZone: time_zone,
          weekday: 'short',
          hour: '2-digit',
          hourCycle: 'h23',
          minute: '2-digit',
          day: '2-digit',
          month: '2-digit',
        });
        const cellAt = (ms: number) => {
          const part = Object.fromEntries(wall.formatToParts(ms).map(({ type, value }) => [type, value]));
          const day = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(part.weekday ?? '');
          return {
            cell: day * 24 + Number(part.hour),
            hour: `${part.month}-${part.day} ${part.hour}`,
            full: part.minute === '00',
          };
        };
        const seen = new Map<number, number>();
        const byHour = new Map(
          active === '' ? [] : active.split(',').map((ms) => [cellAt(Number(ms)).hour, cellAt(Number(ms)).cell]),
        );
        for (const cell of byHour.values()) seen.set(cell, (seen.get(cell) ?? 0) + 1);
        const likely = personHours(seen, population);
        let best = { atMs: 0, score: likely(cellAt(startMs).cell) };
        for (let ms = startMs + 300_000; ms < startMs + window * HOUR; ms += 300_000) {
          const { cell, full } = cellAt(ms);
          if (full && likely(cell) > best.score) best = { atMs: ms, score: likely(cell) };
        }
        expect(iso(at)).toBe(iso(best.atMs));
      },
    ),
    { numRuns: 25 },
  );
});

test('the population is counted by the clock of each zone', async () => {
  const population = async (rows: object[]) => {
    async function* all() {
      yield* rows;
    }
    return populationOf(all(), { fallbackTimeZone: 'Asia/Tokyo' });
  };
  const nine = utc('2026-11-18T09:00:00Z') / HOUR;
  const one = (time_zone: string, people: number | string = 3) => ({ profile_id: '', time_zone, hour: nine, people });
  const peak = async (rows: object[]) =>
    (await population(rows))?.byHour.reduce((best, share, hour, all) => (share > (all[best] ?? 0) ? hour : best), 0);
  expect(await peak([one('Europe/Paris')])).toBe(10);
  expect(await peak([one('')])).toBe(18);
  expect(await peak([{ ...one('Europe/Paris'), hour: String(nine), people: '3' }])).toBe(10);
  expect(await peak([one('Europe/Paris', 3), one('America/New_York', 9)])).toBe(4);
  // Recipients are none of it.
  expect(
    await population([{ profile_id: 'ada', time_zone: 'Europe/Paris', hour: null, people: null }]),
  ).toBeUndefined();
});
