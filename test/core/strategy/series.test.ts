import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import { goneOn, withBeginning } from '../../../core/strategy/campaign-schedule.ts';
import { freezePlan } from '../../../core/strategy/plan-hash.ts';
import { nextOccurrence } from '../../../core/strategy/schedule.ts';
import { MAX_FAILED_RUNS, runIdOf } from '../../../core/strategy/series.ts';
import { held, runCampaign, runPlans } from '../../../core/strategy/series-run.ts';
import { DAY, HOUR, run, START, schedule, scheduled, settle, written } from './series-world.ts';

describe('the chain of times', () => {
  test('before the first time it sleeps until then', () => {
    const { step, actions } = settle(scheduled(), () => undefined, START);
    expect([step, actions]).toEqual([{ do: 'wake', atMs: START + 9 * HOUR }, []]);
  });

  test('at its time a run begins, and the chain sleeps until the next one', () => {
    const atMs = START + 9 * HOUR;
    const { campaign, step, actions } = settle(scheduled(), (it) => it.series?.last && run(it, 'sending'), atMs);
    expect(actions).toEqual(['begin-run']);
    expect(step).toEqual({ do: 'wake', atMs: atMs + DAY });
    const last = { id: 'c-00001', number: 1, dueMs: atMs, beginMs: atMs };
    expect(campaign.series).toMatchObject({ last, runs: 1, skipped: 0, next: { number: 2, date: '2026-12-02' } });
    // Woken a moment early, by another clock, it is the same run, for the same time.
    expect(
      settle(scheduled(), (it) => it.series?.last && run(it, 'sending'), atMs - 9_000).campaign.series?.last,
    ).toEqual(last);
  });

  test.each<[string, Campaign['repeat'], string[], object]>([
    ['a time is left out', { schedule }, ['skip-run'], { do: 'wake', atMs: START + 2 * DAY + 9 * HOUR }],
    ['or waits for its end', { schedule, ifStillSending: 'queue' }, [], { do: 'wait', seconds: 3_600 }],
  ])('the run before is still under way: %s', (_, repeat, actions, step) => {
    const first = settle(
      scheduled({ repeat }),
      (it) => it.series?.last && run(it, 'sending'),
      START + 9 * HOUR,
    ).campaign;
    const second = settle(first, (it) => run(it, 'paused'), START + DAY + 9 * HOUR);
    expect([second.actions, second.step]).toEqual([actions, step]);
    expect(second.campaign.series?.skipped).toBe(actions.length);
  });

  test('what waited begins when the run before is over; times that passed meanwhile are one', () => {
    const repeat = { schedule, ifStillSending: 'queue' as const };
    const first = settle(
      scheduled({ repeat }),
      (it) => it.series?.last && run(it, 'sending'),
      START + 9 * HOUR,
    ).campaign;
    const nowMs = START + 3 * DAY + 10 * HOUR;
    const over = (it: Campaign) => run(it, it.series?.last?.number === 1 ? 'finished' : 'sending');
    const { campaign, actions } = settle(first, over, nowMs);
    expect(actions).toEqual(['note-run', 'begin-run']);
    expect(campaign.series).toMatchObject({
      last: { number: 2, beginMs: nowMs },
      next: { number: 5 },
      runs: 2,
      skipped: 2,
    });
  });

  test.each<[Campaign['ifLate'], string[], number | undefined]>([
    [undefined, ['begin-run'], START + 15 * HOUR],
    [{ do: 'next-day' }, ['begin-run'], START + DAY + 9 * HOUR],
    [{ do: 'skip' }, ['skip-run'], undefined],
  ])('found six hours late, with %j', (ifLate, actions, beginMs) => {
    const late = settle(
      scheduled(ifLate && { ifLate }),
      (it) => it.series?.last && run(it, 'sending'),
      START + 15 * HOUR,
    );
    expect(late.actions).toEqual(actions);
    expect(late.campaign.series?.last?.beginMs).toBe(beginMs);
  });

  test('after the last run has ended it is finished, not before', () => {
    const twice = scheduled({ repeat: { schedule: { ...schedule, occurrences: 2 } } });
    const first = settle(twice, (it) => it.series?.last && run(it, 'finished'), START + 9 * HOUR).campaign;
    const atMs = START + DAY + 9 * HOUR;
    const second = settle(first, (it) => run(it, it.series?.last?.number === 2 ? 'sending' : 'finished'), atMs);
    expect(second).toMatchObject({ step: { do: 'wait', seconds: 60 }, campaign: { state: 'scheduled' } });
    expect(settle(second.campaign, (it) => run(it, 'sending'), atMs + 2 * HOUR).step).toEqual({
      do: 'wait',
      seconds: 1_800,
    });
    const end = settle(second.campaign, (it) => run(it, 'cancelled'), atMs + 2 * HOUR);
    expect(end).toMatchObject({
      actions: ['note-run', 'finish'],
      campaign: { state: 'finished', series: { runs: 2 } },
    });
  });

  test('three runs in a row fail: it is paused, by Herald, with the reason of the last; resumed, it counts anew', () => {
    let campaign = scheduled();
    for (let day = 0; day < MAX_FAILED_RUNS + 1; day += 1) {
      campaign = settle(
        campaign,
        (it) => it.series?.last && run(it, 'failed', { reason: 'Athena: no' }),
        START + day * DAY + 9 * HOUR,
      ).campaign;
    }
    expect(campaign).toMatchObject({ state: 'paused', pause: { by: 'herald' }, series: { runs: 3, failedInARow: 3 } });
    expect(campaign.pause?.reason).toContain('Athena: no');
    const again = goneOn(campaign, START + 5 * DAY, 'UTC');
    expect(again).toMatchObject({ kind: 'change', action: 'reschedule' });
    if (again.kind === 'change') {
      expect(again.campaign).toMatchObject({
        state: 'scheduled',
        series: { failedInARow: 0, runs: 3, next: { number: 6 } },
      });
      expect(again.campaign.series?.chain).not.toBe(campaign.series?.chain);
      expect(again.campaign).not.toHaveProperty('pause');
    }
  });

  test('a failure between two that went well is none in a row', () => {
    const states = ['failed', 'failed', 'finished', 'failed', 'cancelled', 'failed'] as const;
    let campaign = scheduled();
    const newest = (it: Campaign) => it.series?.last && run(it, states[it.series.last.number - 1] ?? 'sending');
    for (let day = 0; day <= states.length; day += 1)
      campaign = settle(campaign, newest, START + day * DAY + 9 * HOUR).campaign;
    expect(campaign).toMatchObject({ state: 'scheduled', series: { runs: 7, failedInARow: 2 } });
  });

  test('a time that is more than a year ahead is waited for in two', () => {
    const repeat = { schedule: { ...schedule, every: 'month' as const, interval: 12 } };
    const { campaign, step } = settle(
      scheduled({ repeat }),
      (it) => it.series?.last && run(it, 'finished'),
      START + 9 * HOUR,
    );
    expect(campaign.series?.next?.atMs).toBe(START + 365 * DAY + 9 * HOUR);
    expect(step).toEqual({ do: 'wake', atMs: START + 300 * DAY + 9 * HOUR });
  });
});

test('all of its times had passed when it was approved', () => {
  const repeat = { schedule: { ...schedule, until: '2026-12-02' } };
  const campaign = written({ repeat, state: 'scheduled' });
  const decision = { kind: 'change' as const, action: 'schedule' as const, campaign, detail: '' };
  expect(withBeginning(decision, START + 5 * DAY, 'UTC')).toMatchObject({
    action: 'cancel',
    campaign: { state: 'cancelled' },
  });
});

describe('a run', () => {
  const campaign = settle(
    scheduled({ archived: true }),
    (it) => it.series?.last && run(it, 'sending'),
    START + 9 * HOUR,
  ).campaign;
  test('is a campaign of its own, scheduled, with the content that was approved and the speed of now', () => {
    const made = runCampaign(campaign, 'p'.repeat(32), START);
    expect(made).toMatchObject({
      ...{ id: 'c-00001', version: 1, state: 'scheduled', author: 'mia', editors: ['zoe'], speed: { perMinute: 9 } },
      runOf: { campaignId: 'c', number: 1, hash: 'p'.repeat(32) },
      due: { runId: `c-00001-${'p'.repeat(12)}`, atMs: START + 9 * HOUR },
    });
    for (const field of ['repeat', 'series', 'approval', 'archived']) expect(made).not.toHaveProperty(field);
  });

  test('sends the approved plan, under a name of its own', () => {
    const approved = { planKind: 'campaign', planId: 'c', hash: 'h', name: 'Daily', repeat: { schedule } } as never;
    const { plan, versions } = runPlans(approved, [], campaign.series!);
    expect(plan).toMatchObject({ planId: 'c-00001', name: 'Daily', sendAtMs: START + 9 * HOUR });
    expect(plan.hash).not.toBe('h');
    expect(plan).not.toHaveProperty('repeat');
    expect([versions, plan.variants]).toEqual([[], undefined]);
  });

  test('sends the variants that were approved, as versions of its own that no other run has', () => {
    const base = { planKind: 'campaign', planId: 'c', name: 'Daily', repeat: { schedule }, template: {} };
    const variants = ['plain', 'warm'].map((variant) => freezePlan({ ...base, variant } as never));
    const shares = variants.map(({ variant = '', hash }) => ({ name: variant, percent: 50, hash }));
    const approved = freezePlan({ ...base, variants: shares } as never);
    const { plan, versions } = runPlans(approved, variants, campaign.series!);
    expect(versions.map(({ planId, variant }) => [planId, variant])).toEqual([
      ['c-00001', 'plain'],
      ['c-00001', 'warm'],
    ]);
    expect(plan.variants).toEqual(shares.map((share, n) => ({ ...share, hash: versions[n]?.hash })));
    const last = { ...campaign.series!.last!, id: 'c-00002', number: 2 };
    const other = runPlans(approved, variants, { ...campaign.series!, last });
    expect(new Set([...versions, ...other.versions, ...variants].map(({ hash }) => hash)).size).toBe(6);
  });

  test.each<[Campaign['state'], Partial<Campaign>, string]>([
    ['sending', { state: 'paused' }, 'paused'],
    ['scheduled', { state: 'paused' }, 'paused'],
    ['paused', { state: 'paused' }, 'paused'],
    ['sending', { state: 'cancelled' }, 'cancelled'],
    ['finished', { state: 'cancelled' }, 'finished'],
    ['paused', {}, 'paused'],
  ])('that is %s, with a series that is %j: %s', (state, series, expected) => {
    const decision = held(run(campaign, state), { ...campaign, ...series }, START);
    expect(decision.kind === 'refuse' ? decision.detail : decision.campaign.state).toBe(expected);
  });
});

test('whatever runs do, each time is begun or left out, once, in order, and never two at once', () => {
  const days = fc.integer({ min: 0, max: 96 });
  const story = fc.record({
    takes: fc.array(days, { minLength: 1, maxLength: 8 }),
    occurrences: fc.integer({ min: 1, max: 12 }),
    ifStillSending: fc.constantFrom('skip', 'queue' as const),
    every: fc.constantFrom(1, 2, 3),
  });
  fc.assert(
    fc.property(story, ({ takes, occurrences, ifStillSending, every }) => {
      const repeat = { schedule: { ...schedule, interval: every, occurrences }, ifStillSending };
      let campaign = scheduled({ repeat });
      const begun: number[] = [];
      let nowMs = START;
      for (let wakes = 0; wakes < 5_000 && campaign.state === 'scheduled'; wakes += 1) {
        const newest = (it: Campaign) => {
          const { last } = it.series ?? {};
          if (!last) return undefined;
          if (last.number !== begun.at(-1)) begun.push(last.number);
          const end = last.beginMs + (takes[begun.length % takes.length] ?? 0) * HOUR;
          return run(it, nowMs >= end ? 'finished' : 'sending');
        };
        const { campaign: after, step } = settle(campaign, newest, nowMs);
        campaign = after;
        if (step) nowMs = step.do === 'wake' ? step.atMs : nowMs + (step.do === 'wait' ? step.seconds * 1_000 : 0);
      }
      expect(campaign.state).toBe('finished');
      const { runs, skipped } = campaign.series!;
      expect(runs).toBe(begun.length);
      expect([...begun].sort((a, b) => a - b)).toEqual(begun);
      expect(new Set(begun).size).toBe(begun.length);
      // Those after the last one that was begun or looked at have passed as well.
      expect(runs + skipped).toBeLessThanOrEqual(occurrences);
      if (ifStillSending === 'skip') {
        // The twin: walks from time to time, and begins when nothing is under way.
        const twin: number[] = [];
        let busyUntil = 0;
        for (let at = nextOccurrence(repeat.schedule, START - 1); at; at = nextOccurrence(repeat.schedule, at.atMs)) {
          if (at.atMs < busyUntil) continue;
          twin.push(at.number);
          busyUntil = at.atMs + (takes[twin.length % takes.length] ?? 0) * HOUR;
        }
        expect(begun).toEqual(twin);
        expect(runs + skipped).toBe(occurrences);
      }
    }),
    { numRuns: 200 },
  );
  expect(runIdOf('c', 7)).toBe('c-00007');
});
