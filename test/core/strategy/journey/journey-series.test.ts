import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  hasTimes,
  type JourneySeries,
  nextSeriesStep,
  resumedSeries,
  seriesOf,
} from '../../../../core/strategy/journey/journey-series.ts';
import type { VersionEntry } from '../../../../core/strategy/journey/journey-version.ts';
import type { Schedule } from '../../../../core/strategy/schedule.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2026-12-01T00:00Z');
const NINE = START + 9 * HOUR;
const daily: Schedule = { every: 'day', time: '09:00', timeZone: 'UTC', from: '2026-12-01' };
const once: Schedule = { at: '2026-12-01T09:00:00Z' };
const entryOf = (schedule: Schedule, more: object = {}): VersionEntry => ({
  ...{ by: 'schedule', schedule, audience: { list: 'l' }, maxLatenessMs: DAY },
  ...more,
});
const begin = (schedule: Schedule, more: object = {}): JourneySeries =>
  seriesOf(entryOf(schedule, more), undefined, 1, START)!;

/** Saves until there is nothing to save: what the chain does between two waits. */
const settle = (series: JourneySeries, nowMs: number) => {
  const actions: string[] = [];
  for (let current = series; actions.length < 10; ) {
    const step = nextSeriesStep(current, nowMs);
    if (step.do !== 'save') return { series: current, actions, step };
    actions.push(step.action);
    current = step.series;
  }
  throw new Error('a circle');
};
const told = (series: JourneySeries): JourneySeries => ({
  ...series,
  last: { ...series.last!, manifest: 's3://m', people: 2, isDone: true },
});

describe('the chain of times', () => {
  test('before the first time it sleeps until then; one that is further away than an execution lives, in steps', () => {
    expect(settle(begin(daily), START)).toMatchObject({ actions: [], step: { do: 'wake', atMs: NINE } });
    const far = begin({ at: '2028-12-01T09:00:00Z' });
    expect(settle(far, START).step).toEqual({ do: 'wake', atMs: START + 300 * DAY });
  });

  test('who wakes a moment early waits on, and begins nothing', () => {
    expect(settle(begin(daily), NINE - 9_500)).toMatchObject({ actions: [], step: { do: 'wait', seconds: 10 } });
  });

  test('woken by a clock that is ahead by minutes: it waits itself, for the next one has the name of this one', () => {
    expect(settle(begin(daily), NINE - 10 * 60_000)).toMatchObject({ actions: [], step: { do: 'wait', seconds: 600 } });
  });

  test('at its time it begins, is told until that is done, and then sleeps until the next one', () => {
    const { series, actions, step } = settle(begin(daily), NINE);
    const last = { dueMs: NINE, beginMs: NINE, attempt: 1 };
    expect(actions).toEqual(['begin-time']);
    expect(step).toEqual({ do: 'enter', last });
    expect(series).toMatchObject({ last, times: 1, skipped: 0, next: { number: 2 } });
    expect(settle(series, NINE + HOUR).step).toEqual({ do: 'enter', last });
    expect(settle(told(series), NINE + HOUR).step).toEqual({ do: 'wake', atMs: NINE + DAY });
  });

  test('the only time of a schedule, and the last one of many, are followed by nothing', () => {
    for (const schedule of [once, { ...daily, occurrences: 1 }]) {
      const { series } = settle(begin(schedule), NINE);
      expect(settle(told(series), NINE).step).toEqual({ do: 'nothing' });
    }
  });

  test.each<[object, string[], number | undefined]>([
    [{}, ['begin-time'], NINE + 6 * HOUR],
    [{ ifLate: { do: 'send-now' } }, ['begin-time'], NINE + 6 * HOUR],
    [{ ifLate: { do: 'next-day' } }, ['begin-time'], NINE + DAY],
    [{ ifLate: { do: 'skip' } }, ['skip-time'], undefined],
    [{ ifLate: { do: 'skip', toleranceMinutes: 400 } }, ['begin-time'], NINE + 6 * HOUR],
  ])('found six hours late, with %j', (more, actions, beginMs) => {
    for (const schedule of [daily, once]) {
      const late = settle(begin(schedule, more), NINE + 6 * HOUR);
      expect([late.actions, late.series.last?.beginMs]).toEqual([actions, beginMs]);
    }
  });

  test('what begins later is waited for', () => {
    const { step } = settle(begin(daily, { ifLate: { do: 'next-day' } }), NINE + 6 * HOUR);
    expect(step).toEqual({ do: 'wake', atMs: NINE + DAY });
  });

  test('what begins on the next day takes the place of the time that comes then: nobody is told twice at once', () => {
    const { series } = settle(begin(daily, { ifLate: { do: 'next-day' } }), NINE + 6 * HOUR);
    expect(series).toMatchObject({ times: 1, skipped: 1, last: { beginMs: NINE + DAY }, next: { number: 3 } });
    const other = settle(begin({ ...daily, every: 'week' }, { ifLate: { do: 'next-day' } }), NINE + 6 * HOUR);
    expect(other.series).toMatchObject({ skipped: 0, next: { number: 2 } });
    // A pause in between changes nothing about that.
    expect(resumedSeries(series, 5, NINE + 7 * HOUR).next?.number).toBe(3);
  });

  test('of times that passed while nobody woke one is made up for, the others are counted', () => {
    const { series } = settle(begin(daily), NINE + 3 * DAY + HOUR);
    expect(series).toMatchObject({ times: 1, skipped: 3, last: { dueMs: NINE }, next: { number: 5 } });
  });
});

describe('another version', () => {
  const { series: entering } = settle(begin(daily), NINE);

  test('with the same schedule goes on in the same chain', () => {
    expect(seriesOf(entryOf({ ...daily }), entering, 7, NINE + 1)).toBe(entering);
  });

  test('with another schedule has a chain of its own, which first ends what has begun', () => {
    const weekly: Schedule = { ...daily, every: 'week' };
    const next = seriesOf(entryOf(weekly), entering, 7, NINE + 1)!;
    expect(next).toMatchObject({ chain: 7, times: 1, last: { dueMs: NINE, attempt: 2 }, next: { number: 2 } });
    expect(nextSeriesStep(next, NINE + 1).do).toBe('enter');
    expect(seriesOf(entryOf(weekly), told(entering), 7, NINE + 1)?.last).toEqual(told(entering).last);
  });

  test('whose entry is none by schedule has none', () => {
    expect(seriesOf({ by: 'api', maxLatenessMs: DAY }, entering, 7, NINE)).toBeUndefined();
  });

  test('is refused when all times have passed, unless its schedule is the one that runs', () => {
    const late = NINE + 1;
    expect(hasTimes({ schedule: once }, undefined, late)).toBe(false);
    expect(hasTimes({ schedule: once }, undefined, NINE)).toBe(true);
    expect(hasTimes({ schedule: once }, begin(once), late)).toBe(true);
    expect(hasTimes({ schedule: once, ifLate: { do: 'skip' } }, begin(once), late)).toBe(false);
  });
});

describe('the end of a pause', () => {
  test('times that come again are not made up for', () => {
    const resumed = resumedSeries(begin(daily), 5, NINE + 2 * DAY + HOUR);
    expect(resumed).toMatchObject({ chain: 5, times: 0, next: { number: 4 } });
  });

  test('the only time is, as ifLate says', () => {
    const nowMs = NINE + 2 * DAY;
    expect(settle(resumedSeries(begin(once), 5, nowMs), nowMs).series.last).toMatchObject({ beginMs: nowMs });
    const skipping = begin(once, { ifLate: { do: 'skip' } });
    expect(settle(resumedSeries(skipping, 5, nowMs), nowMs)).toMatchObject({
      ...{ actions: ['skip-time'], step: { do: 'nothing' } },
    });
  });

  const { series: entering } = settle(begin(daily), NINE);
  test.each<[string, JourneySeries, number, object, string]>([
    ['was under way', entering, HOUR, { attempt: 2 }, 'enter'],
    ['was told lately', told(entering), HOUR, { attempt: 2, manifest: 's3://m' }, 'enter'],
    [
      'was told long ago',
      told(entering),
      25 * HOUR,
      { attempt: 1, manifest: 's3://m', isDone: true, people: 2 },
      'wake',
    ],
    ['is too late now', entering, 25 * HOUR, { attempt: 1, isDone: true, problem: expect.any(String) }, 'wake'],
  ])('whom the newest time lets in, if it %s', (_, before, afterMs, last, step) => {
    const resumed = resumedSeries(before, 5, NINE + afterMs);
    expect(resumed.last).toEqual({ dueMs: NINE, beginMs: NINE, ...last });
    expect(nextSeriesStep(resumed, NINE + afterMs).do).toBe(step);
  });

  test('at the moment of a time, by a clock that is behind the one by which it has begun: it does not come twice', () => {
    expect(resumedSeries(told(entering), 5, NINE - 5_000).next?.number).toBe(2);
    expect(seriesOf(entryOf({ ...daily, every: 'week' }), told(entering), 5, NINE - 5_000)?.next?.number).toBe(2);
  });

  test('what failed is not tried again', () => {
    const failed = { ...entering, last: { ...entering.last!, isDone: true as const, problem: 'no' } };
    expect(resumedSeries(failed, 5, NINE + HOUR).last).toBe(failed.last);
  });
});

test('against a twin: whatever is paused, resumed and published, each time while it is live begins once, and no other', () => {
  const act = fc.record({
    afterHours: fc.integer({ min: 1, max: 60 }),
    kind: fc.constantFrom('toggle', 'same', 'other'),
  });
  const clocks: Schedule[] = [daily, { ...daily, time: '15:30' }];
  fc.assert(
    fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
      let series = begin(daily);
      const state = { isLive: true, which: 0, chain: 1 };
      const begun: number[] = [];
      const wanted: number[] = [];
      let nowMs = START;
      // Every half hour, in which the chain is asked before anything else happens.
      const until = (toMs: number) => {
        for (; nowMs < toMs; nowMs += HOUR / 2) {
          if (!state.isLive) continue;
          const time = state.which === 0 ? 9 * HOUR : 15.5 * HOUR;
          if ((nowMs - START) % DAY === time) wanted.push(nowMs);
          const settled = settle(series, nowMs);
          if (settled.actions.length > 0) begun.push(settled.series.last!.dueMs);
          series = settled.step.do === 'enter' ? told(settled.series) : settled.series;
        }
      };
      for (const { afterHours, kind } of acts) {
        until(nowMs + afterHours * HOUR);
        state.chain += 1;
        if (kind === 'toggle') {
          state.isLive = !state.isLive;
          if (state.isLive) series = resumedSeries(series, state.chain, nowMs);
        } else {
          if (kind === 'other') state.which = 1 - state.which;
          series = seriesOf(entryOf(clocks[state.which]!), series, state.chain, nowMs)!;
        }
      }
      until(nowMs + 2 * DAY);
      // A time at the very moment of a resumption or a publication counts.
      expect(begun).toEqual(wanted);
    }),
    { numRuns: 300 },
  );
});

test('clocks differ by minutes: the chain never breaks, and each time is begun once', () => {
  const skews = fc.array(fc.integer({ min: -600_000, max: 600_000 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(skews, fc.boolean(), (skews, isPaused) => {
      let series = begin({ ...daily, occurrences: 6 });
      const started = new Set<number>();
      const begun: number[] = [];
      // When executions wake, by the clock of Step Functions; that of the function is ahead or behind.
      let [wakeMs, looks, isOver] = [START, 0, false];
      while (!isOver && looks < 200) {
        const nowMs = wakeMs + (skews[looks % skews.length] ?? 0);
        looks += 1;
        const settled = settle(series, nowMs);
        series = settled.series;
        const { step } = settled;
        if (step.do === 'enter') {
          begun.push(step.last.dueMs);
          series = told(series);
          // A pause as short as that, by yet another clock: whoever was told of the newest time is told once more.
          if (isPaused && begun.length === 3) {
            series = resumedSeries(series, 2, nowMs + (skews[0] ?? 0));
            started.clear();
          }
        }
        if (step.do === 'wait') wakeMs += step.seconds * 1_000;
        isOver = step.do === 'nothing';
        if (step.do !== 'wake') continue;
        // An execution is named by when it wakes: there is one of a name.
        expect(started.has(step.atMs)).toBe(false);
        started.add(step.atMs);
        wakeMs = Math.max(wakeMs, step.atMs);
      }
      const days = [...new Set(begun)].map((dueMs) => (dueMs - NINE) / DAY);
      expect([isOver, days, begun.length]).toEqual([true, [0, 1, 2, 3, 4, 5], isPaused ? 7 : 6]);
    }),
    { numRuns: 300 },
  );
});
