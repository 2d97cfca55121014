import { describe, expect, test } from 'vitest';
import { nobodyYet } from '../../../../core/strategy/journey/enter.ts';
import { enteringBySchedule, entryRun, outcomeOf } from '../../../../core/strategy/journey/entry-outcome.ts';
import type { Entering, JourneySeries } from '../../../../core/strategy/journey/journey-series.ts';
import type { LiveDecision } from '../../../../core/strategy/journey/live-decisions.ts';
import type { LiveJourney } from '../../../../core/strategy/journey/live-journey.ts';
import type { Participant } from '../../../../core/strategy/journey/participant.ts';
import {
  chainStep,
  membersKnown,
  membersTold,
  timeFailed,
} from '../../../../core/strategy/journey/series-decisions.ts';

const last: Entering = { dueMs: 1_000, beginMs: 1_000, attempt: 1 };
const series: JourneySeries = {
  ...{ schedule: { at: '1970-01-01T00:00:01Z' }, chain: 3, sinceMs: 0, times: 1, skipped: 0, last },
};
const live: LiveJourney = {
  ...{ id: 'j', version: 5, name: 'Weekly', state: 'live', sinceMs: 0, current: 'h', inside: 'finish' },
  ...{ versions: [], maxLatenessMs: 1, patterns: {}, series },
};
const changed = (decision: LiveDecision): LiveJourney => {
  if (decision.kind !== 'change') throw new Error(decision.kind);
  return decision.live;
};

describe('what the chain notes', () => {
  test('the members, then that all were told; each once', () => {
    const known = changed(membersKnown(live, 3, 's3://m'));
    expect(known).toMatchObject({ version: 6, series: { last: { manifest: 's3://m' } } });
    expect(membersKnown(known, 3, 's3://other')).toEqual({ kind: 'same', live: known });
    const done = changed(membersTold(known, 3, 7));
    expect(done.series?.last).toEqual({ ...last, manifest: 's3://m', people: 7, isDone: true });
    for (const decide of [membersTold, timeFailed] as const) {
      expect(decide(done, 3, 9 as never)).toEqual({ kind: 'same', live: done });
    }
  });

  test('why it failed, and then it is over', () => {
    const failed = changed(timeFailed(live, 3, 'Athena: no'));
    expect(failed.series?.last).toEqual({ ...last, problem: 'Athena: no', isDone: true });
    expect(chainStep(failed, 3, 2_000)).toEqual({ do: 'nothing' });
  });

  test.each<[string, Partial<LiveJourney>, number]>([
    ['while it is paused', { state: 'paused' }, 3],
    ['once it was stopped', { state: 'stopped' }, 3],
    ['by another chain', {}, 2],
  ])('nothing %s', (_, change, chain) => {
    const other = { ...live, ...change };
    expect(chainStep(other, chain, 2_000)).toEqual({ do: 'nothing' });
    expect(membersKnown(other, chain, 's3://m')).toEqual({ kind: 'same', live: other });
    expect(membersTold(other, chain, 1)).toEqual({ kind: 'same', live: other });
    expect(timeFailed(other, chain, 'no')).toEqual({ kind: 'same', live: other });
  });
});

describe('what became of somebody at the door', () => {
  const stimulus = enteringBySchedule('j', last);
  if (stimulus.kind !== 'enter') throw new Error(stimulus.kind);
  const { event } = stimulus;
  const entered: Participant = { ...nobodyYet('h'), entry: 1, event };

  test('the event has the name of the time, so that it lets in once', () => {
    expect(event).toMatchObject({ id: 'j-1000', timeMs: 1_000, receivedMs: 1_000 });
    expect(enteringBySchedule('j', { ...last, attempt: 2, manifest: '' })).toEqual(stimulus);
    expect(entryRun('j', last)).not.toBe(entryRun('j', { ...last, attempt: 2 }));
  });

  test.each<[string, Participant | undefined, Parameters<typeof outcomeOf>[2], string]>([
    ['they are let in', undefined, { participant: entered }, 'entered'],
    ['they are held out', undefined, { participant: nobodyYet('h') }, 'held-out'],
    ['they are held out as before', nobodyYet('h'), { refused: 'held-out' }, 'held-out'],
    ['they are told again', entered, { refused: 'inside' }, 'entered'],
    ['another event has let them in', { ...entered, event: { ...event, id: 'x' } }, { refused: 'inside' }, 'inside'],
    [
      'another source has such an event',
      { ...entered, event: { ...event, source: 'shop' } },
      { refused: 'inside' },
      'inside',
    ],
    ['it is paused', undefined, { refused: 'paused' }, 'paused'],
  ])('%s', (_, before, advanced, outcome) => expect(outcomeOf(before, event, advanced)).toBe(outcome));
});
