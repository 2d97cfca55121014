import { describe, expect, test } from 'vitest';
import type { Campaign } from '../../../../core/strategy/campaign.ts';
import { nextBeginning } from '../../../../core/strategy/campaign-schedule.ts';
import { nearCampaigns } from '../../../../core/strategy/pre-flight/conflicts.ts';
import { mayPreFlight, preFlightId } from '../../../../core/strategy/pre-flight/pre-flight-id.ts';

const HOUR = 3_600_000;
/** Noon of a Wednesday, UTC. */
const NOW = Date.UTC(2026, 10, 18, 12);
const iso = (atMs: number) => new Date(atMs).toISOString();
const campaign = (id: string, more: Partial<Campaign> = {}): Campaign =>
  ({
    ...{ id, version: 1, state: 'scheduled', author: 'mia', editors: [], createdMs: 0, name: id, topic: 'news' },
    ...{ audience: { segmentId: 's' }, templateId: 't', channelPolicy: ['push'] },
    ...more,
  }) as Campaign;
const own = campaign('own', { state: 'draft' });
const daily = (time: string) => ({
  schedule: { every: 'day' as const, time, timeZone: 'UTC', from: '2026-11-01' },
});
const near = (other: Campaign, atMs = NOW, me = own) =>
  nearCampaigns(me, [other], atMs, NOW).map(({ atMs: when }) => (when - NOW) / HOUR);

describe('what begins within twelve hours', () => {
  test.each<[string, Partial<Campaign>, number[]]>([
    ['it is due in that time', { due: { runId: 'r', atMs: NOW + 11 * HOUR } }, [11]],
    ['it is due later', { due: { runId: 'r', atMs: NOW + 13 * HOUR } }, []],
    ['in review, for that time', { state: 'in review', sendAt: iso(NOW + 2 * HOUR) }, [2]],
    ['in review, for as soon as it is approved', { state: 'in review' }, [0]],
    ['in review, for a time that has passed', { state: 'in review', sendAt: iso(NOW - 30 * HOUR) }, [0]],
    ['it sends now', { state: 'sending', run: { runId: 'r', startedMs: NOW - HOUR } }, [-1]],
    [
      'it has been sending since the day before',
      { state: 'sending', run: { runId: 'r', startedMs: NOW - 20 * HOUR } },
      [],
    ],
    ['a draft', { state: 'draft' }, []],
    ['paused', { state: 'paused' }, []],
    ['over', { state: 'finished', run: { runId: 'r', startedMs: NOW } }, []],
    ['deleted', { state: 'in review', deletedMs: 1 }, []],
    ['again and again: the next time', { repeat: daily('15:00') }, [3]],
  ])('%s', (_, more, expected) => {
    expect(near(campaign('other', more))).toEqual(expected);
  });

  test('of one that repeats the time that is near, not the next one', () => {
    expect(near(campaign('other', { repeat: daily('15:00') }), NOW + 72 * HOUR)).toEqual([75]);
    const weekly = { schedule: { ...daily('15:00').schedule, every: 'week' as const, weekdays: ['tue' as const] } };
    expect(near(campaign('other', { repeat: weekly }), NOW + 72 * HOUR)).toEqual([]);
  });

  test('neither itself, nor its runs, nor the series that it is a run of', () => {
    const run = campaign('own-00001', {
      runOf: { campaignId: 'own', number: 1, hash: 'h' },
      due: { runId: 'r', atMs: NOW },
    });
    expect(near(run)).toEqual([]);
    expect(near(campaign('own', { repeat: daily('12:00') }), NOW, run)).toEqual([]);
    expect(near(own)).toEqual([]);
  });

  test('of the same topic first, then who is nearest', () => {
    const at = (id: string, hours: number, topic = 'news') =>
      campaign(id, { topic, due: { runId: 'r', atMs: NOW + hours * HOUR } });
    const all = [at('a', 1, 'other'), at('b', 5), at('c', -3), at('d', 0, 'other')];
    expect(nearCampaigns(own, all, NOW, NOW).map(({ id, sameTopic }) => [id, sameTopic])).toEqual([
      ['c', true],
      ['b', true],
      ['d', false],
      ['a', false],
    ]);
  });
});

describe('when it would begin', () => {
  const hours = (one: Campaign) => {
    const found = nextBeginning(one, NOW, 'UTC');
    return found && [(found.plannedMs - NOW) / HOUR, found.atMs && (found.atMs - NOW) / HOUR];
  };
  test.each<[string, Partial<Campaign>, unknown]>([
    ['at once', {}, [0, 0]],
    ['at its time', { sendAt: iso(NOW + HOUR) }, [1, 1]],
    ['late, at once', { sendAt: iso(NOW - HOUR) }, [-1, 0]],
    ['late, the next day', { sendAt: iso(NOW - HOUR), ifLate: { do: 'next-day' } }, [-1, 23]],
    ['late, not at all', { sendAt: iso(NOW - HOUR), ifLate: { do: 'skip' } }, [-1, undefined]],
    ['again and again, the next time', { repeat: daily('13:00') }, [1, 1]],
    ['never again', { repeat: { schedule: { ...daily('13:00').schedule, until: '2026-11-02' } } }, undefined],
  ])('%s', (_, more, expected) => {
    expect(hours({ ...own, ...more })).toEqual(expected);
  });
});

test('each submission has one of its own, and the draft', () => {
  const approval = { submission: 7 } as Campaign['approval'];
  expect(preFlightId({ id: 'c', state: 'draft' })).toBe('c-0');
  expect(preFlightId({ id: 'c', state: 'in review', ...(approval && { approval }) })).toBe('c-7');
  // Expired: what is written now is another thing.
  expect(preFlightId({ id: 'c', state: 'draft', ...(approval && { approval }) })).toBe('c-0');
});

test.each<[Campaign['state'], boolean]>([
  ['draft', true],
  ['in review', true],
  ['approved', true],
  ['scheduled', true],
  ['paused', true],
  ['rejected', false],
  ['sending', false],
  ['finished', false],
])('one that is %s is asked: %s', (state, may) => {
  expect(mayPreFlight({ ...own, state })).toBe(may);
  expect(mayPreFlight({ ...own, state: 'paused', run: { runId: 'r', startedMs: 1 } })).toBe(false);
});
