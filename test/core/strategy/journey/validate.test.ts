import * as liquidjs from 'liquidjs';
import { describe, expect, test } from 'vitest';
import type { Defect, JourneyReferences } from '../../../../core/strategy/journey/defect.ts';
import type { JourneyInput } from '../../../../core/strategy/journey/journey-input.ts';
import { namedIn } from '../../../../core/strategy/journey/journey-names.ts';
import type { JourneyNode } from '../../../../core/strategy/journey/journey-node.ts';
import { journeyDefects } from '../../../../core/strategy/journey/validate.ts';
import { renderer } from '../../../../core/strategy/render.ts';
import { onboarding } from './journeys.ts';
import { exit, journeyOf, message } from './traveller.ts';

const render = renderer(liquidjs);
const mail = (html: string) => ({
  name: 'Hello',
  channels: { email: { subject: 'Hi', html }, push: { title: 'Hi', body: 'Hi' } },
});
const plain = mail('Hi');
const references: JourneyReferences = {
  templates: {
    ...{ hello: plain, offer: plain, thanks: plain, t: plain },
    event: mail('{{ event.properties.total }}'),
    window: mail('{{ window.value }}'),
  },
  segments: { regulars: { isLive: true, attributes: ['stage', 'city'] }, asleep: { isLive: false, attributes: [] } },
  lists: new Set(['staff']),
  endpoints: new Set(['crm']),
  tables: { shops: { columns: { open: 'boolean' } } },
  hasAudience: true,
  tracking: { clicks: true, opens: true },
};
const judge = (input: JourneyInput, changes: Partial<JourneyReferences> = {}) =>
  journeyDefects(input, { ...references, ...changes }, render);
const told = (input: JourneyInput, changes: Partial<JourneyReferences> = {}): string[] =>
  judge(input, changes).map(({ path, code, message: text }) => `${path} (${code}): ${text}`);

test('a sound journey has no defect', () => expect(judge(onboarding)).toEqual([]));

const wait: JourneyNode = { kind: 'wait', for: { days: 1 }, next: 'e' };
const goals = [{ name: 'order', event: { eventType: 'order.placed' } }];
const experiment = (change: object = {}): JourneyNode =>
  ({
    kind: 'experiment',
    arms: [
      { name: 'a', percent: 50, next: 'e' },
      { name: 'b', percent: 50, next: 'e' },
    ],
    ...{ goal: 'order', method: 'fixed', minimumSample: 1, minimumDays: 1, default: 'a', ...change },
  }) as JourneyNode;
const split = (...percents: number[]): JourneyNode => ({
  kind: 'split',
  arms: percents.map((percent, n) => ({ name: `${n}`, percent, next: 'e' })),
});
const branch = (...whens: object[]): JourneyNode =>
  ({
    kind: 'branch',
    branches: whens.map((when, n) => ({ name: `b${n}`, when: [when].flat(), next: 'e' })),
    otherwise: 'w',
  }) as JourneyNode;
const birthday = (ifMissing?: string): JourneyNode => ({
  kind: 'wait-until',
  at: { attribute: 'born', yearly: true, time: '09:00' },
  ...(ifMissing && { ifMissing }),
  next: 'm',
});

/** Each defect, and the same journey without it. */
describe('every defect is named, and its repair is taken', () => {
  test.each<[string, JourneyInput, string[], JourneyInput]>([
    [
      'a start that there is not',
      journeyOf({ a: exit }, { start: 'b' }),
      [
        'start (unknown-node): There is no node “b” to start at',
        'nodes.a (unreachable-node): No way leads here from the start',
      ],
      journeyOf({ a: exit }),
    ],
    [
      'a way to nowhere',
      journeyOf({ m: message('nowhere') }),
      ['nodes.m.next (unknown-node): There is no node “nowhere” to go to'],
      journeyOf({ m: message('e'), e: exit }),
    ],
    [
      'a node that nobody comes to',
      journeyOf({ m: message('e'), e: exit, lost: message('e') }),
      ['nodes.lost (unreachable-node): No way leads here from the start'],
      journeyOf({ m: message('lost'), e: exit, lost: message('e') }),
    ],
    [
      'a circle without time',
      journeyOf({ m: message('b'), b: branch({ attribute: 'x', equals: 1 }), w: { kind: 'jump', to: 'm' }, e: exit }),
      [
        'nodes.m (endless-loop): It goes round without taking time: m → b → w → m; put a wait, or a wait for an event, between them',
      ],
      journeyOf({
        m: message('b'),
        b: branch({ attribute: 'x', equals: 1 }),
        w: { kind: 'wait', for: { days: 1 }, next: 'm' },
        e: exit,
      }),
    ],
    [
      'a throttle takes no time when its turn is free',
      journeyOf({ m: message('t'), t: { kind: 'throttle', perMinute: 1, next: 'm' } }),
      [
        'nodes.m (endless-loop): It goes round without taking time: m → t → m; put a wait, or a wait for an event, between them',
      ],
      journeyOf({
        m: message('t'),
        t: { kind: 'throttle', perMinute: 1, next: 'w' },
        w: { kind: 'wait', for: { days: 1 }, next: 'm' },
      }),
    ],
    [
      'a birthday that somebody does not have',
      journeyOf({ b: birthday(), m: message('b') }),
      [
        'nodes.b (endless-loop): It goes round without taking time: b → m → b; who has no such date goes on at once, so give ifMissing',
      ],
      journeyOf({ b: birthday('e'), m: message('b'), e: exit }),
    ],
    [
      'a jump to itself',
      journeyOf({ m: message('j'), j: { kind: 'jump', to: 'j' } }),
      ['nodes.j.to (jump-to-itself): It jumps to itself'],
      journeyOf({ m: message('j'), j: { kind: 'jump', to: 'e' }, e: exit }),
    ],
    [
      'a template that there is not',
      journeyOf({ m: { ...message('e'), templateId: 'gone' } as JourneyNode, e: exit }),
      ['nodes.m.templateId (no-template): There is no template gone'],
      journeyOf({ m: message('e'), e: exit }),
    ],
    [
      'a channel without content',
      journeyOf({ m: { ...message('e'), channelPolicy: ['email', 'sms'] } as JourneyNode, e: exit }),
      ['nodes.m.channelPolicy.1 (no-content): The template “Hello” has no content for sms'],
      journeyOf({ m: { ...message('e'), channelPolicy: ['email', 'push'] } as JourneyNode, e: exit }),
    ],
    [
      'a policy that waits for nothing',
      journeyOf({
        m: { ...message('e'), channelPolicy: [{ channel: 'email', ifNotOpenedWithin: { hours: 1 } }] } as JourneyNode,
        e: exit,
      }),
      ['nodes.m.channelPolicy.0 (bad-policy): After email there is no channel that could be waited for'],
      journeyOf({
        m: {
          ...message('e'),
          channelPolicy: [{ channel: 'email', ifNotOpenedWithin: { hours: 1 } }, 'push'],
        } as JourneyNode,
        e: exit,
      }),
    ],
    [
      'a message about an event that there is not',
      journeyOf(
        { m: { ...message('e'), templateId: 'event' } as JourneyNode, e: exit },
        { entry: { schedule: { at: '2026-12-01T00:00:00Z' }, audience: { segmentId: 'regulars' } } },
      ),
      ['nodes.m.templateId (no-event): It speaks of an event, but people enter on schedule, without one'],
      journeyOf({ m: { ...message('e'), templateId: 'event' } as JourneyNode, e: exit }),
    ],
    [
      'a message about a window',
      journeyOf({ m: { ...message('e'), templateId: 'window' } as JourneyNode, e: exit }),
      ['nodes.m.templateId (no-window): It speaks of a window, which only triggers have'],
      journeyOf({ m: message('e'), e: exit }),
    ],
    [
      'a branch about an event that there is not',
      journeyOf(
        { b: branch({ property: 'total', atLeast: 1 }), w: wait, e: exit },
        { entry: { schedule: { at: '2026-12-01T00:00:00Z' }, audience: { segmentId: 'regulars' } } },
      ),
      ['nodes.b.branches.0.when (no-event): It asks about the entry event, but people enter on schedule, without one'],
      journeyOf({ b: branch({ property: 'total', atLeast: 1 }), w: wait, e: exit }),
    ],
    [
      'an endpoint that there is not',
      journeyOf({ h: { kind: 'webhook', endpointId: 'gone', fields: {}, next: 'e' }, e: exit }),
      ['nodes.h.endpointId (no-endpoint): There is no webhook endpoint gone'],
      journeyOf({ h: { kind: 'webhook', endpointId: 'crm', fields: {}, next: 'e' }, e: exit }),
    ],
    [
      'Liquid that is none',
      journeyOf({ h: { kind: 'webhook', endpointId: 'crm', fields: { who: '{{ person.id }}' }, next: 'e' }, e: exit }),
      [
        'nodes.h.fields.who (bad-liquid): there is no variable person; there are profile, event, window, unsubscribe_url and preferences_url',
      ],
      journeyOf({
        h: { kind: 'webhook', endpointId: 'crm', fields: { who: '{{ profile.profileId }}' }, next: 'e' },
        e: exit,
      }),
    ],
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
    expect(told(input)).toEqual([]);
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
    ...{ templates: ['hello', 'offer', 'thanks'], segments: ['regulars'], lists: [], endpoints: [], tables: [] },
  });
  const other = journeyOf(
    {
      h: { kind: 'webhook', endpointId: 'crm', fields: {}, next: 'b' },
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
      segments: ['s'],
      lists: ['l'],
      endpoints: ['crm'],
      tables: ['shops'],
      audience: { listId: 'vip' },
    },
  });
});
