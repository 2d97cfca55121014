import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LeadState, MAX_HISTORY } from '../../../core/audience/lead.ts';
import {
  type LeadDecision,
  lookAtLead,
  mergeLead,
  observeLead,
  releaseStage,
  setStage,
} from '../../../core/audience/lead-decisions.ts';
import { scoreAt } from '../../../core/audience/lead-score.ts';
import { afterEvents, DAY, event, looked, model, NOW, pricing, refusal, view } from './lead-world.ts';

const scoring = model();
const seen = (timeMs: number, rules = [pricing], profileId = 'ada') => ({
  ...looked,
  profileId,
  event: event(timeMs, { profileId }),
  rules,
});
const observe = (state: LeadState | undefined, timeMs: number, rules = [pricing]) =>
  observeLead(scoring, state, seen(timeMs, rules), timeMs);
/** A lead in the stage `qualified`, at 40 points. */
const qualified = () => observe(observe(undefined, NOW).state, NOW) as LeadDecision & { state: LeadState };

describe('a stage', () => {
  test('is reached by points, and the change says who, where from, how many and why', () => {
    const first = observe(undefined, NOW);
    expect(first.state).toMatchObject({ stage: 'engaged', sinceMs: NOW, changes: 1 });
    expect(first.change).toEqual({
      ...{
        id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
        profileId: 'ada',
        modelId: 'lead',
        modelName: 'Interest',
      },
      ...{ number: 1, from: 'subscriber', stage: 'engaged', score: 20, atMs: NOW, cause: 'score', handOver: [] },
      why: [{ label: 'Asked for the price', points: 20, times: 1, lastMs: NOW }],
    });
    expect(qualified().change).toMatchObject({ number: 2, from: 'engaged', stage: 'qualified', handOver: ['sales'] });
  });

  test('that is jumped over hands over as well', () => {
    const rules = [{ ...pricing, points: 100 }];
    const jumping = model({
      rules,
      stages: [...scoring.stages.slice(0, 3), { name: 'hot', from: 90, fallsBelow: 80 }],
    });
    expect(observeLead(jumping, undefined, seen(NOW, rules), NOW).change).toMatchObject({
      stage: 'hot',
      handOver: ['sales'],
    });
  });

  test('is fallen out of by deductions, without any hand-over', () => {
    const fallen = observe(qualified().state, NOW + 1, [refusal]);
    expect(fallen.change).toMatchObject({ from: 'qualified', stage: 'engaged', cause: 'score', handOver: [] });
  });

  test('the same change has the same id, whoever decides it again; another one has another', () => {
    const state = observe(undefined, NOW).state;
    const again = seen(NOW + 5);
    const [a, b] = [observeLead(scoring, state, again, NOW + 5), observeLead(scoring, state, again, NOW + 5)];
    expect(a).toEqual(b);
    expect(observeLead(scoring, state, again, NOW + 6).change?.id).not.toBe(a.change?.id);
  });

  test('the history is bounded, the newest stay', () => {
    let state = observe(undefined, NOW).state;
    for (let n = 1; n <= MAX_HISTORY + 5; n += 1) {
      state = setStage(scoring, state, looked, n % 2 ? 'customer' : 'engaged', { by: 'sal', atMs: NOW + n }).state;
    }
    expect(state?.history).toHaveLength(MAX_HISTORY);
    expect(state?.history.at(-1)).toMatchObject({ atMs: NOW + MAX_HISTORY + 5, cause: 'person', by: 'sal' });
    expect(state?.changes).toBe(MAX_HISTORY + 6);
  });

  test('that the model does not have any more counts as the first', () => {
    const renamed = model({ stages: [{ name: 'new' }, { name: 'keen', from: 30, fallsBelow: 20 }] });
    const state = observe(undefined, NOW).state;
    const next = observeLead(renamed, state, seen(NOW + 1, [view]), NOW + 1);
    expect(next.change).toMatchObject({ from: 'engaged', stage: 'new' });
  });
});

describe('points of the profile', () => {
  test('count beside those of events, and do not fade', () => {
    const fit = [{ label: 'Large company', points: 15 }];
    const first = observeLead(scoring, undefined, { ...seen(NOW, [view]), fit }, NOW);
    expect(first.change).toMatchObject({ stage: 'engaged', score: 17 });
    expect(first.timer).toBeUndefined();
    expect(scoreAt(first.state as LeadState, NOW + 1_000 * DAY)).toBeCloseTo(15, 6);
  });

  test('are looked at anew each time', () => {
    const fit = [{ label: 'Large company', points: 15 }];
    const first = observeLead(scoring, undefined, { ...seen(NOW, [view]), fit }, NOW);
    const next = observeLead(scoring, first.state, seen(NOW + 1, [view]), NOW + 1);
    expect(next.change).toMatchObject({ from: 'engaged', stage: 'subscriber' });
  });
});

describe('fading', () => {
  /** 40 points of 10 days: less than 20 after 10 days. */
  const dueMs = NOW + 10 * DAY;
  const ring = (state: LeadState, atMs: number, timerMs = state.timerMs ?? 0) =>
    lookAtLead(scoring, state, { ...looked, dueMs: timerMs }, atMs);

  test('a timer is set for when the score falls out of its stage', () => {
    const { state, timer } = qualified();
    expect(timer?.dueMs).toBe(state.timerMs);
    // Until 19.99 is shown, which takes some minutes more than 20.00.
    expect((timer?.dueMs ?? 0) - dueMs).toBeGreaterThan(0);
    expect((timer?.dueMs ?? 0) - dueMs).toBeLessThan(10 * 60_000);
  });

  test('at its time the lead falls a stage, and the next timer is set', () => {
    const { state } = qualified();
    const fallen = ring(state, state.timerMs ?? 0);
    expect(fallen.change).toMatchObject({ from: 'qualified', stage: 'engaged', cause: 'decay', score: 19.99 });
    expect(fallen.timer?.dueMs).toBeGreaterThan(dueMs);
    const base = ring(fallen.state as LeadState, fallen.timer?.dueMs ?? 0);
    expect(base.change).toMatchObject({ from: 'engaged', stage: 'subscriber', cause: 'decay' });
    expect(base.timer).toBeUndefined();
    expect(base.state?.timerMs).toBeUndefined();
  });

  test('a timer that rings twice finds nothing to do the second time', () => {
    const { state } = qualified();
    const timerMs = state.timerMs ?? 0;
    const fallen = ring(state, timerMs).state as LeadState;
    expect(ring(fallen, timerMs + 1, timerMs)).toEqual({});
  });

  test('one that rings too early is set again, and changes nothing', () => {
    const { state } = qualified();
    expect(ring(state, NOW + 1)).toEqual({ timer: { dueMs: state.timerMs } });
    expect(ring(state, NOW + 1, dueMs + 99)).toEqual({});
  });

  test('events in between set no other timer: the first one rings, and sets the next', () => {
    const { state } = qualified();
    const more = observe(state, NOW + DAY);
    expect(more.timer).toBeUndefined();
    const rung = ring(more.state as LeadState, state.timerMs ?? 0);
    expect(rung.change).toBeUndefined();
    expect(rung.timer?.dueMs).toBeGreaterThan(dueMs + DAY);
  });

  test('an earlier fall sets an earlier timer', () => {
    const { state } = qualified();
    const less = observe(state, NOW + 1, [{ ...refusal, points: -15 }]);
    expect(less.timer?.dueMs).toBeLessThan(dueMs - DAY);
  });

  test('somebody who is gone has nothing to look at', () => {
    expect(lookAtLead(scoring, undefined, { ...looked, dueMs }, dueMs)).toEqual({});
  });

  test('left to its timers a lead ends in the first stage, whatever the points, in a few steps', () => {
    const points = fc.array(
      fc.integer({ min: -100, max: 100 }).filter((n) => n !== 0),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(points, (all) => {
        let { state } = all.reduce<LeadDecision>((last, n, at) => {
          const rules = [{ ...pricing, label: `${n}`, points: n, halfLifeDays: 1 + (Math.abs(n) % 30) }];
          return observeLead(scoring, last.state, seen(NOW + at, rules), NOW + at);
        }, {});
        for (let step = 0; state?.timerMs !== undefined; step += 1) {
          expect(step).toBeLessThan(200);
          state = ring(state, Math.max(state.timerMs, NOW + 100 + step)).state;
        }
        expect(state?.stage).toBe('subscriber');
      }),
      { numRuns: 100 },
    );
  });
});

describe('a person who sets a stage', () => {
  const pin = { by: 'sal', atMs: NOW + 5, note: 'Met at the fair' };

  test('is named in the change, which hands over as any other', () => {
    const { state, change } = setStage(scoring, observe(undefined, NOW).state, looked, 'customer', pin);
    expect(change).toMatchObject({ cause: 'person', by: 'sal', note: 'Met at the fair', handOver: ['sales'] });
    expect(state).toMatchObject({ stage: 'customer', pin });
  });

  test('is not overruled by points or by fading, and no timer is set', () => {
    const { state } = setStage(scoring, qualified().state, looked, 'qualified', pin);
    const events = observe(state, NOW + 6, [refusal]);
    expect(events.change).toBeUndefined();
    expect(events.state).toMatchObject({ stage: 'qualified', pin });
    const rung = lookAtLead(scoring, state, { ...looked, dueMs: state?.timerMs ?? 0 }, NOW + 100 * DAY);
    expect(rung.change).toBeUndefined();
    expect(rung.state?.stage).toBe('qualified');
    expect(rung.timer).toBeUndefined();
  });

  test('may do so for somebody who has done nothing yet', () => {
    expect(setStage(scoring, undefined, looked, 'engaged', pin).change).toMatchObject({
      number: 1,
      from: 'subscriber',
      score: 0,
    });
  });

  test('setting the stage that it has only pins it', () => {
    const { state, change } = setStage(scoring, qualified().state, looked, 'qualified', pin);
    expect(change).toBeUndefined();
    expect(state?.pin).toEqual(pin);
  });

  test('lets go of it, and the score decides at once', () => {
    const pinned = setStage(scoring, qualified().state, looked, 'customer', pin).state as LeadState;
    const { state, change, timer } = releaseStage(scoring, pinned, looked, NOW + 10);
    expect(change).toMatchObject({ from: 'customer', stage: 'qualified', cause: 'score' });
    expect(state?.pin).toBeUndefined();
    expect(state?.timerMs).toBeDefined();
    expect(timer ?? { dueMs: state?.timerMs }).toEqual({ dueMs: state?.timerMs });
  });
});

describe('somebody who is not known yet', () => {
  const anonymous = (timeMs: number) => {
    const seenBy = seen(timeMs, [pricing], 'anonymous:phone');
    return observeLead(scoring, undefined, seenBy, timeMs);
  };

  test('has points and no stage to speak of', () => {
    const { state, change, timer } = observeLead(
      scoring,
      anonymous(NOW).state,
      seen(NOW + 1, [pricing], 'anonymous:phone'),
      NOW + 1,
    );
    expect([state?.stage, change, timer]).toEqual(['subscriber', undefined, undefined]);
    expect(scoreAt(state as LeadState, NOW + 1)).toBeCloseTo(40, 4);
  });

  test('brings the points along when it is told who it is, and the stage follows', () => {
    const own = observe(undefined, NOW).state;
    const merged = mergeLead(
      scoring,
      own,
      anonymous(NOW).state as LeadState,
      { alias: 'phone', profileId: 'ada' },
      NOW + 1,
    );
    expect(merged.change).toMatchObject({ profileId: 'ada', from: 'engaged', stage: 'qualified', cause: 'merge' });
    const fresh = mergeLead(
      scoring,
      undefined,
      anonymous(NOW).state as LeadState,
      { alias: 'phone', profileId: 'bo' },
      NOW + 1,
    );
    expect(fresh.change).toMatchObject({ profileId: 'bo', stage: 'engaged' });
  });

  test.each(['draft', 'paused'] as const)('moves nobody while the model is %s, and loses no points', (state) => {
    const own = observe(undefined, NOW).state;
    const link = { alias: 'phone', profileId: 'ada' };
    const merged = mergeLead({ ...scoring, state }, own, anonymous(NOW).state as LeadState, link, NOW + 1);
    expect([merged.change, merged.timer, merged.state?.stage]).toEqual([undefined, undefined, 'engaged']);
    expect(merged.state?.timerMs).toBe(own?.timerMs);
    expect(scoreAt(merged.state as LeadState, NOW + 1)).toBeCloseTo(40, 4);
    const active = lookAtLead(scoring, merged.state, { ...looked, dueMs: 0 }, own?.timerMs ?? 0);
    expect(active.state).toBeDefined();
    expect(mergeLead(scoring, merged.state, anonymous(NOW).state as LeadState, link, NOW + 2)).toEqual({});
  });

  test('moves nobody whose stage a person has set', () => {
    const pinned = setStage(scoring, undefined, looked, 'engaged', { by: 'sal', atMs: NOW }).state;
    const merged = mergeLead(
      scoring,
      pinned,
      anonymous(NOW).state as LeadState,
      { alias: 'x', profileId: 'ada' },
      NOW + 1,
    );
    expect([merged.change, merged.state?.stage]).toEqual([undefined, 'engaged']);
  });
});

test('an event that is delivered again asks for nothing', () => {
  const again = seen(NOW);
  const { state } = observeLead(scoring, undefined, again, NOW);
  expect(observeLead(scoring, state, again, NOW + 5 * DAY)).toEqual({});
  expect(observeLead(scoring, state, again, NOW + 50 * DAY)).toEqual({});
  expect(afterEvents(scoring, [again, again])).toEqual({ ...state, version: 1 });
});
