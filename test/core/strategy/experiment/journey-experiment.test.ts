import { describe, expect, test } from 'vitest';
import { experimentText, inForce, roundOf } from '../../../../core/strategy/experiment/experiment-words.ts';
import { experimentsIn, type JourneyExperiment } from '../../../../core/strategy/experiment/journey-experiment.ts';
import { begunExperiment, lookedAt, type VisitCount } from '../../../../core/strategy/experiment/look-at-experiment.ts';
import { seededBy } from '../../../../core/strategy/experiment/random.ts';
import { evidence } from '../../../../core/strategy/experiment/tests.ts';
import type { JourneyInput } from '../../../../core/strategy/journey/journey-input.ts';
import type { JourneyNode } from '../../../../core/strategy/journey/journey-node.ts';
import { simulate } from '../../../../core/strategy/journey/simulate.ts';
import { DAY, exit, journeyOf, message, T0, versionFrom } from '../journey/traveller.ts';

type Change = { node?: object; nodes?: Record<string, JourneyNode>; within?: number };
const journey = ({ node, nodes, within }: Change = {}): JourneyInput =>
  journeyOf(
    {
      hello: message('x'),
      x: {
        kind: 'experiment',
        arms: [
          { name: 'A', percent: 50, next: 'a' },
          { name: 'B', percent: 50, next: 'b' },
        ],
        ...{ goal: 'order', method: 'fixed', minimumSample: 100, minimumDays: 7, default: 'A' },
        ...node,
      } as JourneyNode,
      a: message('later'),
      b: message('later'),
      later: { kind: 'wait', for: { days: 1 }, next: 'e' },
      e: exit,
      ...nodes,
    },
    {
      goals: [
        { name: 'order', event: { eventType: 'order' }, ...(within !== undefined && { within: { days: within } }) },
      ],
    },
  );
const begun = (change: Change = {}) => {
  const version = versionFrom(journey(change));
  const [own] = experimentsIn(version);
  if (!own) throw new Error('There is no experiment');
  const experiment = begunExperiment('j', own, T0);
  const look = (counts: readonly VisitCount[], days: number, before: JourneyExperiment = experiment) =>
    lookedAt(before, version, own.node, counts, T0 + days * DAY);
  return { version, node: own.node, experiment, look };
};
/** People and successes of each arm; nobody's time goes on. */
const counts = (arms: Record<string, [people: number, successes: number]>, round = 0): VisitCount[] =>
  Object.entries(arms).flatMap(([arm, [people, successes]]): VisitCount[] => [
    { arm, round, fate: 'success', people: successes },
    { arm, round, fate: 'failure', people: people - successes },
  ]);
const clear = counts({ A: [4_000, 400], B: [4_000, 560] });
const close = counts({ A: [1_000, 100], B: [1_000, 115] });

describe('what an experiment is', () => {
  const keyOf = (change: Change = {}) => experimentsIn(versionFrom(journey(change)))[0]?.key;
  const arms = (percent: number) => [
    { name: 'A', percent, next: 'a' },
    { name: 'B', percent: 100 - percent, next: 'b' },
  ];
  test.each<[string, Change]>([
    ['its shares', { node: { arms: arms(40) } }],
    ['its rules', { node: { minimumSample: 99 } }],
    ['its goal', { within: 5 }],
    ['what one arm does', { nodes: { b: { kind: 'wait', for: { days: 2 }, next: 'later' } } }],
    ['something behind one arm', { nodes: { b: message('c'), c: message('later') } }],
  ])('another one, when %s are changed', (_, change) => {
    expect(keyOf(change)).not.toBe(keyOf());
  });
  test.each<[string, Change]>([
    ['before it', { nodes: { hello: { kind: 'wait', for: { days: 2 }, next: 'x' } } }],
    ['behind all arms alike', { nodes: { later: { kind: 'wait', for: { days: 2 }, next: 'e' } } }],
  ])('the same, when something %s is changed', (_, change) => {
    expect(keyOf(change)).toBe(keyOf());
  });
  test('of arms that come back to it what they do counts all the same', () => {
    const back = (days: number) => ({ a: message('x'), b: { kind: 'wait', for: { days }, next: 'x' } as const });
    expect(keyOf({ nodes: back(1) })).not.toBe(keyOf({ nodes: back(2) }));
  });
});

describe('fixed', () => {
  test.each<[string, VisitCount[], number, object | undefined]>([
    ['before its days are over nothing is decided', clear, 6.9, undefined],
    ['a winner', clear, 7, { arm: 'B', because: 'winner' }],
    ['too few of one arm', counts({ A: [99, 1], B: [99, 80] }), 7, undefined],
    ['not for sure', close, 90, undefined],
    ['not for sure, and the time is over', close, 97, { arm: 'A', because: 'no-winner' }],
    ['too few, and the time is over', counts({ A: [99, 1], B: [99, 80] }), 97, { arm: 'A', because: 'too-few-people' }],
    ['nobody at all, and the time is over', [], 97, { arm: 'A', because: 'too-few-people' }],
    ['a winner on the last day', clear, 97, { arm: 'B', because: 'winner' }],
    ['alike', counts({ A: [400_000, 40_000], B: [400_000, 39_900] }), 8, { arm: 'A', because: 'no-difference' }],
  ])('%s', (_, some, days, decision) => {
    const { experiment, look } = begun();
    const after = look(some, days);
    expect(after.decision).toEqual(decision && { ...decision, atMs: T0 + days * DAY });
    expect(after.countedMs).toBe(T0 + days * DAY);
    expect(after.rounds).toEqual(experiment.rounds);
    expect(look(some, days)).toEqual(after);
  });

  test('the time is what is written, or 90 days after the first could count', () => {
    expect(begun({ node: { maximumDays: 10 } }).look(close, 10).decision?.because).toBe('no-winner');
    const { look } = begun({ within: 30 });
    expect(look(close, 119.9).decision).toBeUndefined();
    expect(look(close, 120).decision?.because).toBe('no-winner');
  });

  test('people whose time goes on, or who had nothing left to reach, came, and do not count', () => {
    const { look } = begun();
    const open: VisitCount[] = [
      { arm: 'A', round: 0, fate: 'open', people: 30 },
      { arm: 'B', round: 0, fate: 'before', people: 40 },
    ];
    expect(look([...close, ...open], 8).arms).toMatchObject([
      { name: 'A', assigned: 1_030, people: 1_000, successes: 100, rate: 0.1 },
      { name: 'B', assigned: 1_040, people: 1_000, successes: 115 },
    ]);
  });

  test('what was decided stays, whatever is counted later', () => {
    const { look } = begun();
    const decided = look(clear, 8);
    expect(look(counts({ A: [4_000, 2_000], B: [4_000, 0] }), 9, decided)).toBe(decided);
  });

  test('2,000 times A/A, looked at on each of twenty days: the rule as it runs keeps the level', () => {
    const random = seededBy('journeys');
    const { look, experiment } = begun({ node: { minimumDays: 1 } });
    let named = 0;
    for (let run = 0; run < 2_000; run += 1) {
      const [a, b] = [
        { people: 0, successes: 0 },
        { people: 0, successes: 0 },
      ];
      for (let day = 1; day <= 20; day += 1) {
        for (let n = 0; n < 200; n += 1) {
          const arm = random() < 0.5 ? a : b;
          arm.people += 1;
          arm.successes += Number(random() < 0.1);
        }
        // Where the evidence is less, it names none: the test below. To draw 20,000 rates for each of these looks would take minutes.
        if (evidence(a.successes, b.successes, 0.5) < 20) continue;
        const both = counts({ A: [a.people, a.successes], B: [b.people, b.successes] });
        if (look(both, day, experiment).decision?.because !== 'winner') continue;
        named += 1;
        break;
      }
    }
    // 100 of 2,000, and three standard errors.
    expect(named).toBeLessThan(129);
    expect(named).toBeGreaterThan(0);
  });

  test('it names a winner only where the evidence is enough', () => {
    const random = seededBy('only where');
    const { look } = begun();
    for (let n = 0; n < 25; n += 1) {
      const [a, b] = [100 + Math.floor(random() * 60), 100 + Math.floor(random() * 60)];
      const { decision } = look(counts({ A: [1_000, a], B: [1_000, b] }), 8);
      if (decision?.because === 'winner') expect(evidence(a, b, 0.5)).toBeGreaterThanOrEqual(20);
    }
  });
});

describe('arms that have not got the people that their shares ask for', () => {
  const crooked = counts({ A: [5_000, 500], B: [4_000, 560] });
  test('no winner is named, and it says so; at the end the default is taken', () => {
    const { version, node, look } = begun();
    const after = look(crooked, 8);
    expect(after).toMatchObject({ sampleRatio: { isMismatch: true } });
    expect(after.decision).toBeUndefined();
    expect(experimentText(after, version, node)).toMatch(/^The arms have not got the people .*p < 0\.0001/);
    expect(look(crooked, 97).decision).toMatchObject({ arm: 'A', because: 'sample-ratio' });
    // It was an outage of the lake.
    expect(look(clear, 9, after).decision).toMatchObject({ arm: 'B', because: 'winner' });
  });
  test('shares that are not even ask for people that are not', () => {
    const arms = [
      { name: 'A', percent: 80, next: 'a' },
      { name: 'B', percent: 20, next: 'b' },
    ];
    const { look } = begun({ node: { arms } });
    expect(look(counts({ A: [8_000, 800], B: [2_000, 200] }), 8).sampleRatio?.isMismatch).toBe(false);
    expect(look(clear, 8).sampleRatio?.isMismatch).toBe(true);
  });
  test('of a bandit each round is compared with its own shares; a mismatch changes no shares', () => {
    const { look } = begun({ node: { method: 'bandit' } });
    const first = look(counts({ A: [500, 40], B: [500, 55] }), 1);
    const [a = 0, b = 0] = first.rounds.at(-1)?.percents ?? [];
    const drawn = (n: number) => counts({ A: [Math.round(n * a), 80 * a], B: [Math.round(n * b), 110 * b] }, 1);
    const second = look([...counts({ A: [500, 40], B: [500, 55] }), ...drawn(40)], 2, first);
    expect(second.sampleRatio?.isMismatch).toBe(false);
    const wrong = look(
      [...counts({ A: [500, 40], B: [500, 55] }), ...counts({ A: [3_000, 240], B: [1_000, 110] }, 1)],
      2,
      first,
    );
    expect(wrong.sampleRatio?.isMismatch).toBe(true);
    expect(wrong.rounds).toEqual(first.rounds);
  });
});

describe('a bandit', () => {
  const bandit = { node: { method: 'bandit' } };
  test('keeps the written shares until enough count, then gives the better arm more, and none less than the floor', () => {
    const { experiment, look } = begun(bandit);
    expect(look(counts({ A: [99, 5], B: [99, 50] }), 1).rounds).toEqual(experiment.rounds);
    const { rounds, decision } = look(counts({ A: [500, 40], B: [500, 55] }), 1);
    expect(decision).toBeUndefined();
    expect(rounds.map(({ number, sinceMs }) => [number, sinceMs])).toEqual([
      [0, T0],
      [1, T0 + DAY],
    ]);
    const [a = 0, b = 0] = rounds[1]?.percents ?? [];
    expect(b).toBeGreaterThan(a);
    expect(a).toBeGreaterThanOrEqual(5);
    expect(a + b).toBeCloseTo(100, 9);
  });
  test('shares that hardly differ begin no round', () => {
    const { look } = begun(bandit);
    const some = counts({ A: [500, 40], B: [500, 55] });
    const first = look(some, 1);
    const percents = first.rounds[1]?.percents.map((one, n) => one + (n ? -0.5 : 0.5)) ?? [];
    const like = { ...first, rounds: [...first.rounds.slice(0, 1), { ...first.rounds[1]!, percents }] };
    expect(look(some, 2, like).rounds.length).toBeLessThanOrEqual(3);
    const same = look(some, 2, { ...first, rounds: [{ ...first.rounds[1]!, number: 0 }] });
    expect(same.rounds).toHaveLength(1);
  });
  test('ends when nothing is to be gained, not before its days; the default is taken only if a time is written', () => {
    const { look } = begun(bandit);
    const sure = counts({ A: [5_000, 400], B: [5_000, 600] });
    expect(look(sure, 6).decision).toBeUndefined();
    expect(look(sure, 7).decision).toMatchObject({ arm: 'B', because: 'settled' });
    expect(look(close, 700).decision).toBeUndefined();
    const timed = begun({ node: { method: 'bandit', maximumDays: 20 } });
    expect(timed.look(close, 20).decision).toMatchObject({ arm: 'A', because: 'no-winner' });
  });
});

describe('who comes', () => {
  const walk = (facts: object, profileId: string, arms: Record<string, string> = {}) =>
    simulate(versionFrom(journey()), {
      ...{ profileId, enters: { atMs: T0, type: 'start', properties: {} }, events: [], untilMs: T0 + 9 * DAY },
      ...{ facts, arms },
    }).steps.find(({ node }) => node === 'x');

  test('takes the arm that was decided for, and it says why', () => {
    const { node, look } = begun();
    const shares = { x: inForce(look(clear, 8), node)! };
    for (let n = 0; n < 20; n += 1) expect(walk({ shares }, `p${n}`)?.way).toBe('B');
    expect(walk({ shares }, 'ada')?.why).toMatch(/by chance; arms of 0 %, 100 %: “B” was decided for at 2026-12-09/);
  });
  test('takes an arm by the shares of the round, whose number the reason tells', () => {
    const { node, look } = begun({ node: { method: 'bandit' } });
    const after = look(counts({ A: [500, 30], B: [500, 70] }), 1);
    const shares = { x: inForce(after, node)! };
    const steps = Array.from({ length: 300 }, (_, n) => walk({ shares }, `p${n}`));
    expect(steps.filter((step) => step?.way === 'B').length).toBeGreaterThan(250);
    expect(steps.map((step) => roundOf(step?.why ?? '')).every((round) => round === 1)).toBe(true);
    expect(roundOf(walk({}, 'ada')?.why ?? '')).toBe(0);
    expect(inForce(begun().experiment, node)).toBeUndefined();
  });
  test('keeps the arm that they have, here the one that somebody chose for the walk', () => {
    const { node, look } = begun();
    const shares = { x: inForce(look(clear, 8), node)! };
    expect(walk({ shares }, 'ada', { x: 'A' })).toMatchObject({ way: 'A', why: 'Was chosen for this walk' });
  });
});

test.each<[string, Change, VisitCount[], number, RegExp]>([
  [
    'too few',
    {},
    counts({ A: [99, 1], B: [120, 30] }),
    7,
    /^It goes on: of one arm 99 people count, and each needs 100\. Without a winner “A” is taken at 2027-03-08/,
  ],
  ['too early', {}, close, 1, /^It goes on until 2026-12-08 09:00:00 UTC at the earliest\./],
  ['not for sure', {}, close, 8, /^It goes on: no arm is better for sure\./],
  ['decided', {}, clear, 8, /^“B” was decided for at 2026-12-09 09:00:00 UTC: it is better than every other arm/],
  [
    'a bandit',
    { node: { method: 'bandit' } },
    close,
    8,
    /^It goes on: more can be gained\. Shares are A [\d.]+ %, B [\d.]+ %\.$/,
  ],
])('in words: %s', (_, change, some, days, words) => {
  const { version, node, look } = begun(change);
  expect(experimentText(look(some, days), version, node)).toMatch(words);
});

test('in words: before the first count', () => {
  const { version, node, experiment } = begun();
  expect(experimentText(experiment, version, node)).toBe('Nobody has been counted yet; it is done once a day.');
});
