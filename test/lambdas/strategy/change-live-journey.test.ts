import { expect, test } from 'vitest';
import type { Journey } from '../../../core/strategy/journey/journey.ts';
import type { LiveJourney } from '../../../core/strategy/journey/live-journey.ts';
import { afterwards } from '../../../lambdas/strategy/change-live-journey.ts';
import { journeyView } from '../../../lambdas/strategy/journey-view.ts';

const live: LiveJourney = {
  ...{ id: 'j1', version: 3, name: 'Welcome', state: 'live', sinceMs: 1, current: 'h2', inside: 'finish' },
  ...{ versions: [], maxLatenessMs: 1, patterns: {} },
};
const pause = { number: 4, by: 'otto', atMs: 1, reason: 'why' };
const look = { effect: 'participants', message: { kind: 'everybody', journeyId: 'j1' } };
const members = { segmentId: 's', asOfMs: 1 };
const enter = { effect: 'participants', message: { kind: 'enter-members', journeyId: 'j1', ...members } };
const series = { schedule: { at: '2026-12-01T09:00:00Z' }, chain: 3, sinceMs: 9, times: 0, skipped: 0 };
const chain = { effect: 'participants', message: { kind: 'begin-chain', journeyId: 'j1', chain: 3, atMs: 9 } };
const release = {
  ...{ effect: 'start-execution', machine: 'release-parked', name: 'j1-4' },
  input: { campaignId: 'j1', pause: 4 },
};

test.each<[string, LiveJourney | undefined, Partial<LiveJourney>, object[]]>([
  ['the first version', undefined, { inside: 'exit' }, []],
  ['a version that those inside finish theirs beside', live, { current: 'h3' }, []],
  ['a version for which they leave', live, { current: 'h3', inside: 'exit' }, [look]],
  ['the same version, for which they now leave', live, { inside: 'exit' }, [look]],
  [
    'a version for which they leave once it is resumed',
    { ...live, state: 'paused', pause },
    { inside: 'exit', state: 'paused', pause },
    [],
  ],
  ['a pause', live, { state: 'paused', pause }, []],
  ['the end of a pause', { ...live, state: 'paused', pause }, {}, [release, look]],
  ['a version that asks members in', live, { members }, [enter]],
  ['another version that does', { ...live, members }, { members, current: 'h3' }, []],
  [
    'one that asks them in while it is paused',
    { ...live, state: 'paused', pause },
    { state: 'paused', pause, members: { segmentId: 's' } },
    [],
  ],
  [
    'the end of that pause',
    { ...live, state: 'paused', pause, members: { segmentId: 's' } },
    { members },
    [release, look, enter],
  ],
  [
    'the end of a pause that may have refused some',
    { ...live, state: 'paused', pause, members },
    { members },
    [release, look, enter],
  ],
  [
    'a day later it lets nobody in',
    { ...live, state: 'paused', pause, members },
    { members, sinceMs: 86_400_002 },
    [release, look],
  ],
  ['a schedule', live, { series }, [chain]],
  ['the same schedule', { ...live, series }, { series, current: 'h3' }, []],
  ['a schedule of what is paused', { ...live, state: 'paused', pause }, { state: 'paused', pause, series }, []],
  [
    'a schedule that goes on',
    { ...live, state: 'paused', pause, series: { ...series, chain: 2 } },
    { series },
    [release, look, chain],
  ],
  ['a stop', live, { state: 'stopped' }, [look]],
  ['a stop of what is paused', { ...live, state: 'paused', pause }, { state: 'stopped' }, [release, look]],
])('%s', (_, before, change, effects) => {
  expect(afterwards(before, { ...live, ...change })).toEqual(effects);
});

test('what people read of it has neither what is listened to nor how long', () => {
  const versions = [{ hash: 'h2', sinceMs: 1, lastsMs: 7, patterns: ['p'] }];
  const view = journeyView({ id: 'j1' } as Journey, { ...live, versions, patterns: { p: { eventType: 'ordered' } } });
  expect(view).toEqual({
    id: 'j1',
    running: {
      ...{ state: 'live', current: 'h2', inside: 'finish', sinceMs: 1 },
      versions: [{ hash: 'h2', sinceMs: 1 }],
    },
  });
});
