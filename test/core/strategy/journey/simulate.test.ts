import { describe, expect, test } from 'vitest';
import type { JourneyInput } from '../../../../core/strategy/journey/journey-input.ts';
import type { JourneyNode } from '../../../../core/strategy/journey/journey-node.ts';
import { type Sample, simulate } from '../../../../core/strategy/journey/simulate.ts';
import { onboarding } from './journeys.ts';
import { DAY, exit, HOUR, journeyOf, message, T0, versionFrom } from './traveller.ts';

const sample = (change: Partial<Sample> = {}): Sample => ({
  profileId: 'ada',
  enters: { atMs: T0, type: 'user.registered', properties: {} },
  events: [],
  facts: { profile: { attributes: {}, locale: 'zh-CN', timeZone: 'Asia/Shanghai' } },
  untilMs: T0 + 400 * DAY,
  ...change,
});
const run = (input: JourneyInput, change: Partial<Sample> = {}) => simulate(versionFrom(input), sample(change));
const texts = (input: JourneyInput, change: Partial<Sample> = {}) => run(input, change).steps.map(({ text }) => text);

test('each decision and why, to the end', () => {
  expect(texts(onboarding)).toEqual([
    '2026-12-01 09:00:00 UTC  entry: event. user.registered at 2026-12-01 09:00:00 UTC',
    '2026-12-01 09:00:00 UTC  hello (message): next. Message asked for',
    '2026-12-01 09:00:00 UTC  first-order (wait-for-event): waits. for order.placed, until 2026-12-04 09:00:00 UTC',
    '2026-12-04 09:00:00 UTC  first-order (wait-for-event): timeout. Nothing came by 2026-12-04 09:00:00 UTC',
    '2026-12-04 09:00:00 UTC  kind-of-person (branch): in China. locale is “zh-CN”',
    '2026-12-04 09:00:00 UTC  morning (wait-until): waits. 09:00 in Asia/Shanghai, until 2026-12-07 01:00:00 UTC',
    '2026-12-07 01:00:00 UTC  morning (wait-until): next. Was due at 2026-12-07 01:00:00 UTC',
    '2026-12-07 01:00:00 UTC  offer (message): next. Message asked for',
    '2026-12-07 01:00:00 UTC  later (wait): waits. 18 days, until 2026-12-25 01:00:00 UTC',
    '2026-12-25 01:00:00 UTC  later (wait): next. Was due at 2026-12-25 01:00:00 UTC',
    '2026-12-25 01:00:00 UTC  done (exit): exit. Came to an exit',
  ]);
  expect(run(onboarding).end).toMatchObject({ reason: 'exit' });
});

test('with the events that one thinks of, at the times that one thinks of', () => {
  const events = [
    { atMs: T0 + 2 * DAY, type: 'order.placed', properties: {} },
    { atMs: T0 + DAY, type: 'page.viewed', properties: {} },
  ];
  expect(texts(onboarding, { events }).slice(3)).toEqual([
    '2026-12-03 09:00:00 UTC  goal: order. order.placed at 2026-12-03 09:00:00 UTC',
    '2026-12-03 09:00:00 UTC  first-order (wait-for-event): order.placed. order.placed at 2026-12-03 09:00:00 UTC',
    '2026-12-03 09:00:00 UTC  thanks (message): next. Message asked for',
    '2026-12-03 09:00:00 UTC  done (exit): exit. Came to an exit',
  ]);
  const inTime = [{ atMs: T0 + 3 * DAY, type: 'order.placed', properties: {} }];
  expect(texts(onboarding, { events: inTime })).toHaveLength(7);
});

test('no further than one wants to look', () => {
  const { steps, rests, end } = run(onboarding, { untilMs: T0 + DAY });
  expect(steps).toHaveLength(3);
  expect(rests).toEqual({
    node: 'first-order',
    dueMs: T0 + 3 * DAY,
    why: 'for order.placed, until 2026-12-04 09:00:00 UTC',
  });
  expect(end).toBeUndefined();
});

describe('chance', () => {
  const input = journeyOf(
    {
      s: {
        kind: 'split',
        arms: [
          { name: 'a', percent: 50, next: 'x' },
          { name: 'b', percent: 50, next: 'e' },
        ],
      },
      x: message('e'),
      e: exit,
    },
    { holdout: { percent: 10 } },
  );
  const enters = { atMs: T0, type: 'start', properties: {} };
  test('is the person’s own, unless another arm is asked for', () => {
    const way = (change: Partial<Sample>) => run(input, { enters, ...change }).steps.find(({ node }) => node === 's');
    expect(way({})).toEqual(way({}));
    expect(way({ arms: { s: 'a' } })?.way).toBe('a');
    expect(way({ arms: { s: 'b' } })?.way).toBe('b');
    const ways = Array.from({ length: 200 }, (_, n) => way({ profileId: `p${n}` })?.way);
    expect([...new Set(ways)].sort()).toEqual(['a', 'b', undefined]);
  });
  test('holds out whom it holds out', () => {
    const people = Array.from({ length: 100 }, (_, n) => run(input, { enters, profileId: `p${n}` }));
    const heldOut = people.filter(({ end }) => end?.reason === 'held-out');
    expect(heldOut.length).toBeGreaterThan(2);
    expect(heldOut[0]?.steps[0]?.text).toMatch(
      /entry: held-out\. \d\.\d\d of 100 by chance; 10 % are held out of this journey$/,
    );
  });
});

test('what a node changes is seen from then on, after a wait, too', () => {
  const asks = (next: string): JourneyNode => ({
    kind: 'branch',
    branches: [{ name: 'gold', when: [{ attribute: 'level', equals: 'gold' }], next }],
    otherwise: 'e',
  });
  const input = journeyOf({
    u: { kind: 'update', set: { level: 'gold', old: null }, next: 'b' },
    b: asks('w'),
    w: { kind: 'wait', for: { hours: 1 }, next: 'c' },
    c: asks('t'),
    t: { kind: 'throttle', perMinute: 10, next: 'e' },
    e: exit,
  });
  const enters = { atMs: T0, type: 'start', properties: {} };
  const { steps } = run(input, { enters, facts: { profile: { attributes: { old: 1 } } } });
  expect(steps.map(({ node, way }) => `${node} ${way}`)).toEqual([
    ' event',
    'u next',
    'b gold',
    'w waits',
    'w next',
    'c gold',
    't next',
    'e exit',
  ]);
  expect(steps[2]?.why).toBe('level is “gold”');
  expect(steps.at(-1)?.atMs).toBe(T0 + HOUR);
});

test('why somebody would not enter', () => {
  expect(run(onboarding, { facts: { globalHoldout: { percent: 100, salt: 's' } } }).steps[0]?.way).toBe('held-out');
});

test('a circle is told for five hundred steps', () => {
  const input = journeyOf({ w: { kind: 'wait', for: { minutes: 10 }, next: 'm' }, m: message('w') });
  const { isCut, steps } = run(input, { enters: { atMs: T0, type: 'start', properties: {} } });
  expect(isCut).toBe(true);
  expect(steps.length).toBeGreaterThanOrEqual(500);
});
