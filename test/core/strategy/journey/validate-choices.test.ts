import { describe, expect, test } from 'vitest';
import type { Defect, JourneyReferences } from '../../../../core/strategy/journey/defect.ts';
import type { JourneyInput } from '../../../../core/strategy/journey/journey-input.ts';
import { namedIn } from '../../../../core/strategy/journey/journey-names.ts';
import type { JourneyNode } from '../../../../core/strategy/journey/journey-node.ts';
import { onboarding } from './journeys.ts';
import { branch, experiment, goals, judge, split, told, wait } from './judging.ts';
import { exit, journeyOf, message } from './traveller.ts';

/** Each defect, and the same journey without it. */
describe('every defect is named, and its repair is taken', () => {
  test.each<[string, JourneyInput, string[], JourneyInput]>([
    [
      'a branch that contradicts itself',
      journeyOf({
        b: branch([
          { attribute: 'age', atLeast: 18 },
          { attribute: 'age', lessThan: 12 },
        ]),
        w: wait,
        e: exit,
      }),
      ['nodes.b.branches.0.when (impossible-branch): “b0” can never hold: age is at least 18; age is less than 12'],
      journeyOf({
        b: branch([
          { attribute: 'age', atLeast: 12 },
          { attribute: 'age', lessThan: 18 },
        ]),
        w: wait,
        e: exit,
      }),
    ],
    [
      'a branch behind one that takes everybody',
      journeyOf({
        b: branch(
          {
            any: [
              { attribute: 'a', exists: true },
              { attribute: 'a', exists: false },
            ],
          },
          { attribute: 'a', equals: 1 },
        ),
        w: wait,
        e: exit,
      }),
      [
        'nodes.b.branches.1.when (hidden-branch): Nobody comes to “b1”: “b0” before it takes everybody',
        'nodes.b.otherwise (hidden-branch): Nobody comes to otherwise: “b0” takes everybody',
      ],
      journeyOf({ b: branch({ attribute: 'a', exists: true }, { attribute: 'b', equals: 1 }), w: wait, e: exit }),
    ],
    [
      'a branch that is there twice',
      journeyOf({ b: branch({ attribute: 'a', equals: 1 }, { equals: 1, attribute: 'a' }), w: wait, e: exit }),
      ['nodes.b.branches.1.when (hidden-branch): “b1” asks the same as “b0” before it'],
      journeyOf({ b: branch({ attribute: 'a', equals: 1 }, { attribute: 'a', equals: 2 }), w: wait, e: exit }),
    ],
    [
      'percents that are not all',
      journeyOf({ s: split(50, 40), e: exit }),
      ['nodes.s.arms (bad-percents): The arms add up to 90 %, not to 100 %'],
      journeyOf({ s: split(33.33, 33.33, 33.33), e: exit }),
    ],
    [
      'a split of one',
      journeyOf({ s: split(100), e: exit }),
      ['nodes.s.arms (one-arm): A split has two arms at least'],
      journeyOf({ s: split(99, 1), e: exit }),
    ],
    [
      'a goal that there is not',
      journeyOf({ x: experiment(), e: exit }),
      ['nodes.x.goal (unknown-goal): The journey has no goal “order”'],
      journeyOf({ x: experiment(), e: exit }, { goals }),
    ],
    [
      'an arm that there is not',
      journeyOf({ x: experiment({ default: 'c' }), e: exit }, { goals }),
      ['nodes.x.default (unknown-arm): It has no arm “c”'],
      journeyOf({ x: experiment(), e: exit }, { goals }),
    ],
    [
      'an experiment that is over before anybody could count',
      journeyOf({ x: experiment({ maximumDays: 1 }), e: exit }, { goals }),
      [
        'nodes.x.maximumDays (too-short-experiment): Before the end nobody counts, or nearly nobody: people have 1 day for the goal',
      ],
      journeyOf({ x: experiment({ maximumDays: 2 }), e: exit }, { goals }),
    ],
    [
      'one that is over before the goal’s time is',
      journeyOf({ x: experiment({ maximumDays: 7 }), e: exit }, { goals: [{ ...goals[0]!, within: { days: 7 } }] }),
      [
        'nodes.x.maximumDays (too-short-experiment): Before the end nobody counts, or nearly nobody: people have 7 days for the goal',
      ],
      journeyOf({ x: experiment({ maximumDays: 8 }), e: exit }, { goals: [{ ...goals[0]!, within: { days: 7 } }] }),
    ],
    [
      'waits that are longer than the journey',
      journeyOf(
        {
          w: { kind: 'wait', for: { days: 31 }, next: 'v' },
          v: {
            kind: 'wait-for-event',
            events: [{ event: goals[0]!.event, next: 'e' }],
            within: { days: 40 },
            onTimeout: 'e',
          },
          e: exit,
        },
        { longest: { days: 30 } },
      ),
      [
        'nodes.w.for (too-long-wait): It waits for 31 days, but nobody is inside for longer than 30 days',
        'nodes.v.within (too-long-wait): It waits for 40 days, but nobody is inside for longer than 30 days',
      ],
      journeyOf({ w: { kind: 'wait', for: { days: 31 }, next: 'e' }, e: exit }, { longest: { days: 31 } }),
    ],
    [
      'a segment that there is not, one that is not live, and a list',
      journeyOf(
        { b: branch({ in: { list: 'gone' } }), w: wait, e: exit },
        { entry: { segment: 'gone' }, exits: [{ leavesSegment: 'asleep' }] },
      ),
      [
        'entry.segment (no-segment): There is no segment gone',
        'exits.0.leavesSegment (segment-not-live): The segment asleep is not live: who is in it is not known at the moment',
        'nodes.b.branches.0.when.0.in (no-list): There is no list gone',
      ],
      journeyOf(
        { b: branch({ in: { list: 'staff' } }), w: wait, e: exit },
        { entry: { segment: 'regulars' }, exits: [{ leavesSegment: 'regulars' }] },
      ),
    ],
    [
      'a reference table that there is not, or that lacks the column',
      journeyOf(
        { b: branch({ not: { reference: 'shops', by: 'shop', column: 'size', atLeast: 1 } }), w: wait, e: exit },
        {
          exits: [{ event: { eventType: 'x', where: [{ reference: 'goods', by: 'sku', column: 'a', exists: true }] } }],
        },
      ),
      [
        'exits.0.event.where.0 (no-reference-table): There is no reference table goods',
        'nodes.b.branches.0.when.0.not (no-reference-table): The reference table shops has no column size',
      ],
      journeyOf({ b: branch({ reference: 'shops', by: 'shop', column: 'open', equals: true }), w: wait, e: exit }),
    ],
    [
      're-entry without end',
      journeyOf({ w: wait, e: exit }, { reentry: {} }),
      [
        'reentry (unbounded-reentry): Say how long after an entry somebody may enter again (after), or how often at most (atMost)',
      ],
      journeyOf({ w: wait, e: exit }, { reentry: { after: { days: 1 } } }),
    ],
    [
      'what moves people into the segment by which they enter',
      journeyOf(
        { u: { kind: 'update', set: { stage: 'new' }, next: 'e' }, e: exit },
        { entry: { segment: 'regulars' }, reentry: { after: { days: 1 } } },
      ),
      [
        'reentry (starts-itself): It may start itself again and again: “u” sets stage, by which people enter the segment regulars. Say how often at most (reentry.atMost)',
      ],
      journeyOf(
        { u: { kind: 'update', set: { stage: 'new' }, next: 'e' }, e: exit },
        { entry: { segment: 'regulars' }, reentry: { after: { days: 1 }, atMost: 3 } },
      ),
    ],
    [
      'what is started by any change of a profile, and changes it',
      journeyOf(
        { u: { kind: 'update', set: { stage: 'new' }, next: 'e' }, e: exit },
        { entry: { event: { eventType: 'herald.profile.changed' } }, reentry: { after: { seconds: 1 } } },
      ),
      [
        'reentry (starts-itself): It may start itself again and again: “u” changes the profile, and that starts it. Say how often at most (reentry.atMost)',
      ],
      journeyOf(
        { u: { kind: 'update', set: { stage: 'new' }, next: 'e' }, e: exit },
        { entry: { event: { eventType: 'herald.profile.changed' } } },
      ),
    ],
    [
      'a message that answers messages',
      journeyOf(
        { m: message('e'), e: exit },
        { entry: { event: { eventType: 'herald.message.opened' } }, reentry: { after: { days: 1 } } },
      ),
      [
        'reentry (starts-itself): It may start itself again and again: “m” sends a message, and what becomes of messages starts it. Say how often at most (reentry.atMost)',
      ],
      journeyOf(
        { m: message('e'), e: exit },
        { entry: { event: { eventType: 'herald.message.opened' } }, reentry: { atMost: 2 } },
      ),
    ],
  ])('%s', (_, broken, expected, repaired) => {
    expect(told(broken)).toEqual(expected);
    expect(told(repaired)).toEqual([]);
  });

  test('an audience that is gone', () => {
    const input = journeyOf(
      { e: exit },
      { entry: { schedule: { at: '2026-12-01T00:00:00Z' }, audience: { audienceId: 'a' } } },
    );
    expect(told(input, { hasAudience: false })).toEqual(['entry.audience (no-audience): There is no such audience']);
    expect(told(input, { hasTimes: false })).toEqual(['entry.schedule (no-time): All of its times have passed']);
    expect(told(input)).toEqual([]);
  });

  test('an app that is not connected', () => {
    const input = journeyOf({ e: exit }, { entry: { api: true, sources: ['shop', 'till'] } });
    expect(told(input)).toEqual(['entry.sources.1 (no-source): There is no source till, or it is revoked']);
    expect(told(input, { sources: new Set(['shop', 'till']) })).toEqual([]);
  });

  test('a policy that waits for opens that nobody notices', () => {
    const m = {
      ...message('e'),
      channelPolicy: [{ channel: 'email', ifNotOpenedWithin: { hours: 1 } }, 'push'],
    } as JourneyNode;
    const codes = (changes: Partial<JourneyReferences>, node: JourneyNode = m) =>
      judge(journeyOf({ m: node, e: exit }), changes).map(({ code }: Defect) => code);
    expect(codes({ tracking: { clicks: true, opens: false } })).toEqual(['bad-policy']);
    expect(codes({}, { ...m, tracking: { opens: false } } as JourneyNode)).toEqual(['bad-policy']);
    expect(codes({})).toEqual([]);
  });
});

test('several defects are told together', () => {
  const input = journeyOf(
    { m: { ...message('gone'), templateId: 'none' } as JourneyNode, s: split(10, 20) },
    { reentry: {} },
  );
  expect(judge(input).map(({ path, code }) => `${path} ${code}`)).toEqual([
    'nodes.m.next unknown-node',
    'nodes.s.arms.0.next unknown-node',
    'nodes.s.arms.1.next unknown-node',
    'nodes.s unreachable-node',
    'nodes.m.templateId no-template',
    'nodes.s.arms bad-percents',
    'reentry unbounded-reentry',
  ]);
});

test('what has to be read before it is judged', () => {
  expect(namedIn(onboarding)).toEqual({
    ...{
      templates: ['hello', 'offer', 'thanks'],
      segments: ['regulars'],
      lists: [],
      sources: [],
      endpoints: [],
      tables: [],
    },
  });
  const other = journeyOf(
    {
      h: { kind: 'webhook', endpointId: 'crm', fields: { a: '{{ 1 | catalogue: "prices" }}' }, next: 'b' },
      b: branch({ any: [{ in: { list: 'l' } }, { reference: 'shops', by: 'a', column: 'open', equals: true }] }),
      w: wait,
      e: exit,
    },
    {
      entry: { schedule: { at: '2026-12-01T00:00:00Z' }, audience: { listId: 'vip' } },
      exits: [{ leavesSegment: 's' }],
    },
  );
  expect(namedIn(other)).toEqual({
    ...{
      templates: [],
      sources: [],
      segments: ['s'],
      lists: ['l'],
      endpoints: ['crm'],
      tables: ['shops', 'prices'],
      audience: { listId: 'vip' },
    },
  });
});
