import { describe, expect, test } from 'vitest';
import type { JourneyVersion } from '../../../../core/strategy/journey/journey-version.ts';
import {
  type LiveDecision,
  pausedLive,
  published,
  resumedLive,
  stoppedLive,
} from '../../../../core/strategy/journey/live-decisions.ts';
import type { LiveJourney } from '../../../../core/strategy/journey/live-journey.ts';

const signedUp = { eventType: 'signed-up' };
const ordered = { eventType: 'ordered' };
const refunded = { eventType: 'refunded' };
const version = (hash: string, change: Partial<JourneyVersion> = {}): JourneyVersion => ({
  ...{
    journeyId: 'j1',
    hash,
    name: 'Welcome',
    topic: 'news',
    start: 'w',
    hold: 'pooled',
    longestMs: 1,
    early: [],
    needs: {},
  },
  entry: { by: 'event', pattern: 'in', maxLatenessMs: 60_000 },
  nodes: { w: { kind: 'wait-for-event', events: [{ pattern: 'a', next: 'w' }], withinMs: 1, onTimeout: 'w' } },
  ...{ goals: [], exits: [], properties: [], patterns: { in: signedUp, a: ordered } },
  ...change,
});
const changed = (decision: LiveDecision): LiveJourney => {
  if (decision.kind !== 'change') throw new Error(`It is ${decision.kind}`);
  return decision.live;
};
const first = changed(published(undefined, version('h1'), 'finish', 1_000));

describe('publishing', () => {
  test('begins with what lets people enter and what they wait for', () => {
    expect(first).toEqual({
      ...{ id: 'j1', version: 1, name: 'Welcome', state: 'live', sinceMs: 1_000, current: 'h1', inside: 'finish' },
      versions: [{ hash: 'h1', sinceMs: 1_000, lastsMs: 1, patterns: ['a'] }],
      ...{ entry: signedUp, maxLatenessMs: 60_000, patterns: { a: ordered } },
    });
  });

  test('a further version is entered from now on, and what the older one waits for is still listened to', () => {
    const goals = [{ name: 'g', pattern: 'b', exits: false }];
    const patterns = { in: ordered, b: refunded };
    const next = changed(published(first, version('h2', { goals, patterns, nodes: {} }), 'move', 2_000));
    expect(next).toMatchObject({ version: 2, current: 'h2', inside: 'move', sinceMs: 1_000, entry: ordered });
    expect(next.patterns).toEqual({ a: ordered, b: refunded });
    expect(next.versions.map(({ hash }) => hash)).toEqual(['h1', 'h2']);
  });

  test('what all versions listen to has an end, before which it can still be paused', () => {
    const where = [{ property: 'sku', in: Array.from({ length: 500 }, (_, n) => `stock-keeping-unit-${n}`) }];
    let live = first;
    for (let n = 0; n < 100; n += 1) {
      const patterns = { in: signedUp, [`a${n}`]: { eventType: 'ordered', where } };
      const goals = [{ name: 'g', pattern: `a${n}`, exits: false }];
      const decision = published(live, version(`v${n}`, { goals, patterns, nodes: {} }), 'finish', 2_000);
      if (decision.kind === 'refuse') {
        expect(decision.detail).toContain('more than fits');
        expect(n).toBeGreaterThan(5);
        expect(changed(pausedLive(live, 'otto', 'why', 3_000)).state).toBe('paused');
        return;
      }
      live = changed(decision);
    }
    throw new Error('It never ends');
  });

  test('an entry that is no event takes the place of one that was', () => {
    const api = version('h2', { entry: { by: 'api', maxLatenessMs: 1 } });
    expect(changed(published(first, api, 'finish', 2_000))).not.toHaveProperty('entry');
  });

  test('the same again changes nothing; with another choice for those inside it does', () => {
    expect(published(first, version('h1'), 'finish', 2_000)).toEqual({ kind: 'same', live: first });
    expect(changed(published(first, version('h1'), 'exit', 2_000))).toMatchObject({ version: 2, inside: 'exit' });
  });

  test('what is paused stays paused; what was stopped is refused', () => {
    const paused = changed(pausedLive(first, 'otto', 'why', 2_000));
    expect(changed(published(paused, version('h2'), 'finish', 3_000))).toMatchObject({
      state: 'paused',
      current: 'h2',
    });
    const stopped = changed(stoppedLive(first, 'why'));
    expect(published(stopped, version('h2'), 'finish', 3_000)).toMatchObject({
      kind: 'refuse',
      problem: 'state-conflict',
    });
  });
});

describe('whom the journey itself asks in', () => {
  const of = (segment: string, includeMembers = true): Partial<JourneyVersion> => ({
    entry: { by: 'segment', segment, pattern: 'in', includeMembers, maxLatenessMs: 1 },
  });
  const daily = { every: 'day' as const, time: '09:00', timeZone: 'UTC', from: '1970-01-01' };
  const bySchedule = (schedule = daily): Partial<JourneyVersion> => ({
    entry: { by: 'schedule', schedule, audience: { list: 'l' }, maxLatenessMs: 1 },
  });
  const publish = (before: LiveJourney | undefined, hash: string, change: Partial<JourneyVersion>, nowMs: number) =>
    changed(published(before, version(hash, change), 'finish', nowMs));

  test('members of a segment, as of the publication that asks for them first', () => {
    const asked = publish(undefined, 'h1', of('s'), 1_000);
    expect(asked.members).toEqual({ segmentId: 's', asOfMs: 1_000 });
    expect(publish(asked, 'h2', of('s'), 2_000).members).toEqual({ segmentId: 's', asOfMs: 1_000 });
    expect(publish(asked, 'h2', of('t'), 2_000).members).toEqual({ segmentId: 't', asOfMs: 2_000 });
    expect(publish(asked, 'h2', of('s', false), 2_000)).not.toHaveProperty('members');
  });

  test('members that are asked for in a pause, as of its end', () => {
    const paused = changed(pausedLive(first, 'otto', 'why', 2_000));
    const owed = publish(paused, 'h2', of('s'), 3_000);
    expect(owed.members).toEqual({ segmentId: 's' });
    const edited = publish(owed, 'h3', of('s'), 4_000);
    expect(changed(resumedLive(edited, 5_000)).members).toEqual({ segmentId: 's', asOfMs: 5_000 });
    const again = changed(pausedLive(changed(resumedLive(edited, 5_000)), 'otto', 'why', 6_000));
    expect(changed(resumedLive(again, 7_000)).members).toEqual({ segmentId: 's', asOfMs: 5_000 });
  });

  test('an audience on schedule: an edit goes on with the chain, another schedule and the end of a pause begin one', () => {
    const live = publish(undefined, 'h1', bySchedule(), 1_000);
    expect(live.series).toMatchObject({ chain: 1, sinceMs: 1_000, next: { atMs: 9 * 3_600_000 } });
    const edited = publish(live, 'h2', bySchedule(), 2_000);
    expect(edited.series).toEqual(live.series);
    expect(publish(edited, 'h3', bySchedule({ ...daily, time: '10:00' }), 3_000).series).toMatchObject({ chain: 3 });
    const paused = changed(pausedLive(edited, 'otto', 'why', 4_000));
    expect(paused.series).toEqual(live.series);
    expect(changed(resumedLive(paused, 5_000)).series).toMatchObject({ chain: 4, sinceMs: 5_000 });
    expect(publish(edited, 'h3', of('s'), 3_000)).not.toHaveProperty('series');
  });

  test('a schedule that is over when it was approved is refused; what runs by it may be edited', () => {
    const once = version('h1', {
      entry: { by: 'schedule', schedule: { at: '1970-01-01T00:00:02Z' }, audience: { list: 'l' }, maxLatenessMs: 1 },
    });
    expect(published(undefined, once, 'finish', 3_000)).toMatchObject({
      kind: 'refuse',
      detail: 'All of its times have passed',
    });
    const live = changed(published(undefined, once, 'finish', 1_000));
    expect(changed(published(live, { ...once, hash: 'h2' }, 'finish', 3_000)).series).toEqual(live.series);
  });
});

describe('a pause', () => {
  const paused = changed(pausedLive(first, 'otto', 'A wrong price', 2_000));

  test('has a number of its own, and who was first keeps it', () => {
    expect(paused).toMatchObject({ state: 'paused', pause: { number: 2, by: 'otto', atMs: 2_000 } });
    expect(pausedLive(paused, 'ada', 'too', 3_000)).toEqual({ kind: 'same', live: paused });
  });

  test('ends with a resume, from which on people enter, or with a stop', () => {
    const resumed = changed(resumedLive(paused, 5_000));
    expect(resumed).toMatchObject({ state: 'live', sinceMs: 5_000, version: 3 });
    expect(resumed).not.toHaveProperty('pause');
    expect(resumedLive(resumed, 6_000)).toEqual({ kind: 'same', live: resumed });
    const stopped = changed(stoppedLive(paused, 'over'));
    expect(stopped).not.toHaveProperty('pause');
    expect([pausedLive(stopped, 'x', 'y', 1), resumedLive(stopped, 1)]).toMatchObject([
      { kind: 'refuse' },
      { kind: 'refuse' },
    ]);
    expect(stoppedLive(stopped, 'again')).toEqual({ kind: 'same', live: stopped });
  });
});
