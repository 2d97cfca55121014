import { expect, test } from 'vitest';
import type { LiveJourney } from '../../../core/strategy/journey/live-journey.ts';
import { afterwards } from '../../../lambdas/strategy/change-live-journey.ts';

const live: LiveJourney = {
  ...{ id: 'j1', version: 3, name: 'Welcome', state: 'live', sinceMs: 1, current: 'h2', inside: 'finish' },
  ...{ versions: [], maxLatenessMs: 1, patterns: {} },
};
const pause = { number: 4, by: 'otto', atMs: 1, reason: 'why' };
const look = { effect: 'participants', message: { kind: 'everybody', journeyId: 'j1' } };
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
  ['a stop', live, { state: 'stopped' }, [look]],
  ['a stop of what is paused', { ...live, state: 'paused', pause }, { state: 'stopped' }, [release, look]],
])('%s', (_, before, change, effects) => {
  expect(afterwards(before, { ...live, ...change })).toEqual(effects);
});
