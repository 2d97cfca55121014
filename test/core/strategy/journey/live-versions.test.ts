import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JourneyVersion } from '../../../../core/strategy/journey/journey-version.ts';
import { pausedLive, published, resumedLive } from '../../../../core/strategy/journey/live-decisions.ts';
import type { LiveJourney } from '../../../../core/strategy/journey/live-journey.ts';
import { DAY } from './traveller.ts';

const version = (name: string, longestDays: number, goalDays: number | undefined, waits: string[]): JourneyVersion => ({
  ...{ journeyId: 'j', hash: name, name: 'J', topic: 't', start: 'n0', hold: 'pooled', early: [], needs: {} },
  entry: { by: 'api', maxLatenessMs: 1 },
  nodes: Object.fromEntries(
    waits.map((pattern, n) => [
      `n${n}`,
      { kind: 'wait-for-event' as const, events: [{ pattern, next: 'n0' }], withinMs: 1, onTimeout: 'n0' },
    ]),
  ),
  goals: [
    { name: 'g', pattern: `goal-${name}`, exits: false, ...(goalDays !== undefined && { withinMs: goalDays * DAY }) },
  ],
  exits: [],
  longestMs: longestDays * DAY,
  patterns: Object.fromEntries([...waits, `goal-${name}`].map((id) => [id, { eventType: id }])),
  properties: [],
});
const publish = (live: LiveJourney | undefined, of: JourneyVersion, nowMs: number): LiveJourney => {
  const decision = published(live, of, 'finish', nowMs);
  if (decision.kind === 'refuse') throw new Error(decision.detail);
  return decision.live;
};
const hashes = ({ versions }: LiveJourney) => versions.map(({ hash }) => hash);

test('a version goes when nobody can be inside of it, with what no other one listens to', () => {
  const [first, second, third] = ['v1', 'v2', 'v3'].map((name) => version(name, 30, 10, ['both', `only-${name}`]));
  let live = publish(undefined, first!, 0);
  live = publish(live, second!, 100 * DAY);
  // Who entered v1 last did so on day 100, is out by day 130, or in the dead letters until day 145.
  expect(hashes(publish(live, third!, 145 * DAY))).toEqual(['v1', 'v2', 'v3']);
  live = publish(live, third!, 145 * DAY + 1);
  expect(hashes(live)).toEqual(['v2', 'v3']);
  expect(Object.keys(live.patterns).sort()).toEqual(['both', 'goal-v2', 'goal-v3', 'only-v2', 'only-v3']);
});

test('a goal that counts after the end keeps its version, and so does a pause', () => {
  const v1 = version('v1', 30, 90, ['a']);
  const before = publish(publish(undefined, v1, 0), version('v2', 30, 1, []), 10 * DAY);
  expect(hashes(publish(before, version('v3', 30, 1, []), 110 * DAY))).toEqual(['v1', 'v2', 'v3']);
  expect(hashes(publish(before, version('v3', 30, 1, []), 116 * DAY))).toEqual(['v2', 'v3']);

  const paused = pausedLive(before, 'otto', 'why', 20 * DAY);
  if (paused.kind !== 'change') throw new Error(paused.kind);
  expect(hashes(publish(paused.live, version('v3', 30, 1, []), 500 * DAY))).toHaveLength(3);
  const resumed = resumedLive(paused.live, 490 * DAY);
  if (resumed.kind !== 'change') throw new Error(resumed.kind);
  expect(hashes(publish(resumed.live, version('v3', 30, 1, []), 500 * DAY))).toHaveLength(3);
  expect(hashes(publish(resumed.live, version('v3', 30, 1, []), 506 * DAY))).toEqual(['v2', 'v3']);
});

test('one that is published again begins anew', () => {
  const [v1, v2] = [version('v1', 1, undefined, ['a']), version('v2', 1, undefined, ['b'])];
  let live = publish(publish(publish(undefined, v1, 0), v2, DAY), v1, 2 * DAY);
  expect(hashes(live)).toEqual(['v2', 'v1']);
  live = publish(live, version('v3', 1, undefined, []), 50 * DAY);
  expect(hashes(live)).toEqual(['v1', 'v3']);
});

/** What happens to a journey, each so many days after the one before; whoever is inside leaves up to 14 days late. */
const happening = fc.record({
  days: fc.integer({ min: 0, max: 40 }),
  what: fc.oneof(
    fc.record({ longest: fc.integer({ min: 1, max: 60 }), goal: fc.option(fc.integer({ min: 1, max: 90 })) }),
    fc.constantFrom('pause' as const, 'resume' as const, 'enter' as const, 'enter' as const),
  ),
  lateDays: fc.integer({ min: 0, max: 14 }),
  waits: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 }),
});

test('nobody who is inside, or may reach a goal, ever loses what they wait for; and nothing else is kept for long', () => {
  fc.assert(
    fc.property(fc.array(happening, { minLength: 1, maxLength: 25 }), (happenings) => {
      let nowMs = 0;
      let live = publish(undefined, version('v0', 20, 5, ['a']), 0);
      const versions = new Map([['v0', version('v0', 20, 5, ['a'])]]);
      const people: { hash: string; enteredMs: number; lateMs: number; hasLeft?: true }[] = [];
      let resumedMs = 0;
      for (const [n, { days, what, lateDays, waits }] of happenings.entries()) {
        nowMs += days * DAY;
        for (const one of people) {
          const dueMs = Math.max(one.enteredMs + versions.get(one.hash)!.longestMs, resumedMs);
          if (live.state === 'live' && nowMs > dueMs + one.lateMs) one.hasLeft = true;
        }
        if (what === 'enter') {
          if (live.state === 'live') people.push({ hash: live.current, enteredMs: nowMs, lateMs: lateDays * DAY });
        } else if (what === 'pause' || what === 'resume') {
          const decision = what === 'pause' ? pausedLive(live, 'o', 'w', nowMs) : resumedLive(live, nowMs);
          if (decision.kind === 'change' && what === 'resume') resumedMs = nowMs;
          if (decision.kind === 'change') live = decision.live;
        } else {
          const next = version(`v${n + 1}`, what.longest, what.goal ?? undefined, waits);
          versions.set(next.hash, next);
          live = publish(live, next, nowMs);
        }
        for (const { hash, enteredMs, hasLeft } of people) {
          const { patterns, goals } = versions.get(hash)!;
          if (!hasLeft) expect(live.patterns).toMatchObject(patterns);
          const within = goals[0]?.withinMs;
          if (within !== undefined && nowMs <= enteredMs + within) expect(live.patterns).toHaveProperty(`goal-${hash}`);
        }
        const named = new Set(live.versions.flatMap((one) => one.patterns));
        expect(Object.keys(live.patterns).sort()).toEqual([...named].sort());
      }
      // A year later, all of it live, only the last one and the one before are there.
      if (live.state === 'paused') return;
      live = publish(live, version('w1', 1, 1, []), nowMs + 365 * DAY);
      expect(live.versions.length).toBeLessThanOrEqual(2);
    }),
    { numRuns: 300 },
  );
});
