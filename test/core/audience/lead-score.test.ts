import { describe, expect, test } from 'vitest';
import { LEAD_LATENESS_MS, type LeadState, MAX_KEPT } from '../../../core/audience/lead.ts';
import { observeLead } from '../../../core/audience/lead-decisions.ts';
import type { LeadRule } from '../../../core/audience/lead-model.ts';
import { decayed, scoreAt, sharesAt } from '../../../core/audience/lead-score.ts';
import { afterEvents, DAY, event, looked, model, NOW, pricing, view } from './lead-world.ts';

const HOUR = DAY / 24;
const scoreOf = (state: LeadState | undefined, atMs: number) => scoreAt(state as LeadState, atMs);

describe('points fade by half with each half-life', () => {
  test.each([
    [16, 0, 10, 16],
    [16, 10, 10, 8],
    [16, 20, 10, 4],
    [-16, 10, 10, -8],
    [16, 5, 10, 16 * 2 ** -0.5],
    // An event of the future has not faded yet.
    [16, -5, 10, 16],
  ])('%d points after %d days with a half-life of %d are %d', (points, days, halfLife, left) => {
    expect(decayed(points, days * DAY, halfLife * DAY)).toBeCloseTo(left, 10);
  });

  test('a rule may have a half-life of its own', () => {
    const slow: LeadRule = { ...pricing, halfLifeDays: 20 };
    const state = afterEvents(model({ rules: [view, slow] }), [
      { event: event(NOW), rules: [view] },
      { event: event(NOW), rules: [slow] },
    ]);
    expect(scoreOf(state, NOW + 20 * DAY)).toBeCloseTo(2 / 4 + 20 / 2, 10);
  });
});

describe('an event', () => {
  const scoring = model();

  test('counts for every rule that it matches, once', () => {
    const both = event(NOW);
    const state = afterEvents(scoring, [
      { event: both, rules: [view, pricing] },
      { event: both, rules: [view, pricing] },
    ]);
    expect(scoreOf(state, NOW)).toBe(22);
    expect(observeLead(scoring, state, { ...looked, event: both, rules: [pricing] }, NOW)).toEqual({});
  });

  test('of the same id from another source is another event', () => {
    const one = event(NOW);
    const state = afterEvents(scoring, [
      { event: one, rules: [view] },
      { event: { ...one, source: 'app' }, rules: [view] },
    ]);
    expect(scoreOf(state, NOW)).toBe(4);
  });

  test('that comes late counts as of when it happened, up to seven days', () => {
    const at = (timeMs: number) => afterEvents(scoring, [{ event: event(timeMs), rules: [view], atMs: NOW }]);
    expect(scoreOf(at(NOW - 5 * DAY), NOW)).toBeCloseTo(2 * 2 ** -0.5, 10);
    expect(scoreOf(at(NOW - LEAD_LATENESS_MS), NOW)).toBeGreaterThan(0);
    expect(at(NOW - LEAD_LATENESS_MS - 1)).toBeUndefined();
  });

  test('of the future counts as of its arrival', () => {
    const state = afterEvents(scoring, [{ event: event(NOW + DAY, { receivedMs: NOW }), rules: [view] }]);
    expect(scoreOf(state, NOW + 10 * DAY)).toBeCloseTo(1, 10);
  });
});

describe('caps', () => {
  const daily: LeadRule = { ...view, capPerDay: 2 };
  const once: LeadRule = { ...pricing, maxTimes: 1 };
  const scoring = model({ rules: [daily, once], halfLifeDays: 3_650 });
  const score = (state: LeadState | undefined) => Math.round(scoreOf(state, NOW + DAY));

  test('of a day count the earliest events, whatever the order of arrival', () => {
    const times = [5, 1, 3, 4].map((hours) => NOW + hours * HOUR);
    const state = afterEvents(
      scoring,
      times.map((timeMs) => ({ event: event(timeMs), rules: [daily], atMs: NOW + 6 * HOUR })),
    );
    expect(score(state)).toBe(4);
    expect(sharesAt(state as LeadState, NOW + DAY)[0]).toMatchObject({ times: 2, lastMs: NOW + 3 * HOUR });
  });

  test('each day (UTC) begins anew', () => {
    const times = [-2, -1, -0.5, 0, 1, 2].map((hours) => NOW + hours * HOUR);
    const state = afterEvents(
      scoring,
      times.map((timeMs) => ({ event: event(timeMs), rules: [daily] })),
    );
    expect(score(state)).toBe(8);
  });

  test('some count once and for all, also when they are folded by then', () => {
    const first = afterEvents(scoring, [{ event: event(NOW - 30 * DAY), rules: [once] }]);
    const state = afterEvents(scoring, [{ event: event(NOW), rules: [once, daily] }], first);
    expect(state?.kept.map(([, , key]) => state.rules[key]?.label)).toEqual(['Asked for the price', 'Looked']);
    expect(score(state)).toBe(22);
  });

  test('a day that is folded half way goes on being counted', () => {
    const day = NOW - LEAD_LATENESS_MS;
    const at = (hours: number) => ({ event: event(day + hours * HOUR), rules: [daily] });
    const state = afterEvents(scoring, [at(1), at(2)]);
    // A later event folds what is older than seven days: the first of the two.
    const folded = afterEvents(scoring, [{ event: event(NOW + 1.5 * HOUR), rules: [once] }], state);
    expect(folded?.kept).toHaveLength(2);
    const more = afterEvents(scoring, [{ ...at(3), atMs: NOW + 1.5 * HOUR }], folded);
    expect(sharesAt(more as LeadState, NOW).find(({ label }) => label === 'Looked')?.times).toBe(2);
  });
});

describe('a changed model', () => {
  test('a changed rule counts from then on, and what the old one gave stays and fades', () => {
    const before = afterEvents(model(), [{ event: event(NOW), rules: [view] }]);
    const dearer: LeadRule = { ...view, points: 5 };
    const state = afterEvents(model({ rules: [dearer] }), [{ event: event(NOW), rules: [dearer] }], before);
    expect(scoreOf(state, NOW)).toBe(7);
    expect(scoreOf(state, NOW + 10 * DAY)).toBeCloseTo(3.5, 10);
  });

  test('the count of its cap begins at nothing', () => {
    const once: LeadRule = { ...view, maxTimes: 1 };
    const changed: LeadRule = { ...once, points: 3 };
    const before = afterEvents(
      model({ rules: [once] }),
      [1, 2].map((n) => ({ event: event(NOW + n), rules: [once] })),
    );
    const state = afterEvents(
      model({ rules: [changed] }),
      [3, 4].map((n) => ({ event: event(NOW + n), rules: [changed] })),
      before,
    );
    expect(Math.round(scoreOf(state, NOW + 4))).toBe(5);
  });

  test('what is left of a rule that is no more is forgotten when it is nothing', () => {
    const before = afterEvents(model(), [{ event: event(NOW), rules: [view] }]);
    const rest = afterEvents(model({ rules: [pricing] }), [{ event: event(NOW + 30 * DAY), rules: [pricing] }], before);
    expect(Object.values(rest?.rules ?? {}).map(({ label }) => label)).toEqual(['Looked', 'Asked for the price']);
    const much = afterEvents(model({ rules: [pricing] }), [{ event: event(NOW + 300 * DAY), rules: [pricing] }], rest);
    expect(Object.values(much?.rules ?? {}).map(({ label }) => label)).toEqual(['Asked for the price']);
  });
});

describe('an explanation', () => {
  test('its shares are the score', () => {
    const state = afterEvents(model(), [
      ...[1, 2, 3].map((n) => ({ event: event(NOW - 12 * DAY + n), rules: [view] })),
      { event: event(NOW), rules: [pricing] },
    ]) as LeadState;
    const fit = [{ label: 'Large company', points: 10 }];
    const shares = sharesAt({ ...state, fit }, NOW + DAY);
    expect(shares.map(({ label }) => label)).toEqual(['Asked for the price', 'Large company', 'Looked']);
    expect(shares.reduce((sum, { points }) => sum + points, 0)).toBeCloseTo(scoreAt({ ...state, fit }, NOW + DAY), 1);
    expect(shares[2]).toMatchObject({ times: 3, lastMs: NOW - 12 * DAY + 3 });
  });
});

test('of somebody busy the newest are kept one by one; the score is right, and repeats of what is folded do not count', () => {
  const plain = model({ rules: [view], halfLifeDays: 30 });
  const many = Array.from({ length: MAX_KEPT + 50 }, (_, n) => ({ event: event(NOW + n * 60_000), rules: [view] }));
  const state = afterEvents(plain, many) as LeadState;
  expect(state.kept).toHaveLength(MAX_KEPT);
  const exact = many.reduce((sum, { event: { timeMs } }) => sum + decayed(2, NOW + DAY - timeMs, 30 * DAY), 0);
  expect(scoreAt(state, NOW + DAY)).toBeCloseTo(exact, 6);
  for (const one of many) {
    expect(observeLead(plain, state, { ...looked, ...one }, NOW + DAY)).toEqual({});
  }
});
