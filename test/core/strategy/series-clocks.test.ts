import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import { goneOn } from '../../../core/strategy/campaign-schedule.ts';
import { missed, wasMissed } from '../../../core/strategy/series-run.ts';
import { DAY, HOUR, run, START, schedule, scheduled, settle } from './series-world.ts';

describe('a pause at the moment of a time', () => {
  const atMs = START + 9 * HOUR;
  const begun = settle(scheduled(), (it) => it.series?.last && run(it, 'sending'), atMs - 9_000).campaign;
  const resumed = (nowMs: number): Campaign => {
    const decision = goneOn({ ...begun, state: 'paused' }, nowMs, 'UTC');
    if (decision.kind !== 'change') throw new Error(decision.kind);
    return decision.campaign;
  };

  test('resumed before it by the clock, though its run has begun by another: it does not come twice', () => {
    expect(resumed(atMs - 5_000).series?.next?.number).toBe(2);
    expect(resumed(atMs + 5_000).series?.next?.number).toBe(2);
    expect(resumed(atMs + DAY + 1).series?.next?.number).toBe(3);
  });

  test.each([
    ['nothing has come between', begun, false],
    ['the pause was over before it', resumed(atMs - 5_000), false],
    ['the pause was over after it', resumed(atMs + DAY), true],
  ])('its run was never made, and %s', (_, campaign, expected) => {
    expect(wasMissed(campaign.series!)).toBe(expected);
  });

  test('a run that was missed is over, and never begins', () => {
    const run = missed(resumed(atMs + DAY), 'p'.repeat(32), atMs + DAY);
    expect(run).toMatchObject({ id: 'c-00001', state: 'cancelled', runOf: { number: 1 } });
    expect(run).not.toHaveProperty('due');
  });
});

test('clocks differ by minutes: the chain never breaks, and each time is begun once', () => {
  const skews = fc.array(fc.integer({ min: -600_000, max: 20_000 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(skews, (skews) => {
      let campaign = scheduled({ repeat: { schedule: { ...schedule, occurrences: 6 } } });
      const started = new Set<number>();
      const begun: number[] = [];
      // When the executions of the chain wake, by the clock of Step Functions; the function's own is ahead or behind.
      let [wakeMs, looks] = [START, 0];
      while (campaign.state === 'scheduled' && looks < 1_000) {
        const nowMs = wakeMs + (skews[looks % skews.length] ?? 0);
        looks += 1;
        const newest = (it: Campaign) => {
          const { last } = it.series ?? {};
          if (last && last.number !== begun.at(-1)) begun.push(last.number);
          return last && run(it, nowMs >= last.beginMs ? 'finished' : 'scheduled');
        };
        const { campaign: after, step } = settle(campaign, newest, nowMs);
        campaign = after;
        if (step?.do === 'wait') wakeMs += step.seconds * 1_000;
        if (step?.do !== 'wake') continue;
        // An execution is named by when it wakes: there is one of a name.
        expect(started.has(step.atMs)).toBe(false);
        started.add(step.atMs);
        wakeMs = Math.max(wakeMs, step.atMs);
      }
      expect([campaign.state, begun]).toEqual(['finished', [1, 2, 3, 4, 5, 6]]);
    }),
    { numRuns: 300 },
  );
});
