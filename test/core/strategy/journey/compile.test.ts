import * as liquidjs from 'liquidjs';
import { describe, expect, test } from 'vitest';
import { compileJourney, leftSegment, patternIdOf } from '../../../../core/strategy/journey/compile.ts';
import type { JourneyInput } from '../../../../core/strategy/journey/journey-input.ts';
import { renderer } from '../../../../core/strategy/render.ts';
import { onboarding } from './journeys.ts';
import { exit, journeyOf, message } from './traveller.ts';

const render = renderer(liquidjs);
const sms = (text: string) => ({ name: 't', channels: { sms: { text } } });
const compiled = (input: JourneyInput, text = 'Hi') =>
  compileJourney(
    {
      ...{ journeyId: 'j', input },
      templates: { hello: sms(text), offer: sms(text), thanks: sms(text), t: sms(text) },
      ...('audience' in input.entry && { audience: { list: 'frozen' } }),
    },
    render,
  );
const order = { eventType: 'order.placed' };

test('the same journey is the same version; another word of a message is another', () => {
  const { version } = compiled(onboarding);
  expect(compiled(structuredClone(onboarding)).version).toEqual(version);
  expect(compiled(onboarding, 'Hello').version.hash).not.toBe(version.hash);
  expect(version.hash).toMatch(/^[0-9a-f]{32}$/);
});

test('a pattern has one id, wherever it stands', () => {
  const { patterns, goals, nodes } = compiled(onboarding).version;
  expect(nodes['first-order']).toMatchObject({ events: [{ pattern: goals[0]?.pattern }], withinMs: 259_200_000 });
  expect(Object.values(patterns).map(({ eventType }) => eventType)).toEqual(
    ['order.placed', 'order.placed', 'user.deleted', 'user.registered'].filter(
      (type, n, all) => all.indexOf(type) === n,
    ),
  );
  expect(patternIdOf({ ...order, where: [] })).toBe(patternIdOf(order));
  expect(patternIdOf({ ...order, where: [{ property: 'a', equals: 1 }] })).not.toBe(patternIdOf(order));
});

test('each node that sends has a plan version of its own', () => {
  const { version, plans } = compiled(
    journeyOf({
      m: {
        kind: 'message',
        templateId: 't',
        channelPolicy: ['sms'],
        topic: 'offers',
        priority: 'high',
        budget: 1,
        next: 'w',
      },
      w: { kind: 'webhook', endpointId: 'crm', fields: { who: '{{ profile.profileId }}' }, next: 'e' },
      e: exit,
    }),
  );
  expect(plans).toMatchObject([
    {
      ...{
        planKind: 'journey',
        planId: 'j',
        node: 'm',
        topic: 'offers',
        lane: 'promotional',
        priority: 'high',
        budget: 1,
      },
      ...{ channelPolicy: ['sms'], template: sms('Hi'), deadline: { hours: 24 } },
    },
    {
      ...{
        planKind: 'journey',
        planId: 'j',
        node: 'w',
        topic: 'news',
        lane: 'transactional',
        channelPolicy: ['webhook'],
      },
      template: { channels: { webhook: { endpointId: 'crm', fields: { who: '{{ profile.profileId }}' } } } },
    },
  ]);
  expect(version.nodes).toMatchObject({ m: { plan: plans[0]?.hash }, w: { plan: plans[1]?.hash } });
});

describe('what is kept of the entry event', () => {
  const branch = journeyOf({
    b: {
      kind: 'branch',
      branches: [
        {
          name: 'dear',
          when: [
            { property: 'cart.total', atLeast: 100 },
            { reference: 'shops', by: 'shop.id', column: 'open', equals: true },
          ],
          next: 'm',
        },
      ],
      otherwise: 'm',
    },
    m: message('e'),
    e: exit,
  });
  test.each([
    ['nothing of it in messages', 'Hi', ['cart', 'shop']],
    ['by name', '{{ event.properties.items[0].name }} {{ event.id }}', ['cart', 'items', 'shop']],
    ['whole', '{% for one in event.properties %}{{ one }}{% endfor %}', 'all'],
    ['by a computed name', '{{ event.properties[profile.locale] }}', 'all'],
  ])('%s', (_, text, expected) => expect(compiled(branch, text).version.properties).toEqual(expected));
});

test('what is asked on the way to the next rest, by whichever way', () => {
  const { needs } = compiled(
    journeyOf({
      wait: { kind: 'wait', for: { days: 1 }, next: 'b' },
      b: {
        kind: 'branch',
        branches: [
          { name: '1', when: [{ in: { segment: 's' } }, { consent: 'sms', equals: true }], next: 'until' },
          { name: '2', when: [{ not: { in: { list: 'l' } } }], next: 'event' },
        ],
        otherwise: 'wait',
      },
      until: { kind: 'wait-until', at: { time: '09:00' }, next: 'x' },
      event: {
        kind: 'wait-for-event',
        events: [{ event: order, next: 'x' }],
        within: { days: 1 },
        onTimeout: 'late',
      },
      late: {
        kind: 'branch',
        branches: [{ name: '3', when: [{ attribute: 'a', exists: true }], next: 'e' }],
        otherwise: 'e',
      },
      x: {
        kind: 'experiment',
        arms: [{ name: 'a', percent: 100, next: 'e' }],
        ...{ goal: 'g', method: 'fixed', minimumSample: 1, minimumDays: 1, default: 'a' },
      },
      e: exit,
    }),
  ).version;
  const nothing = { profile: false, contact: false, references: [], segments: [], lists: [], experiments: [] };
  expect(needs.e).toEqual(nothing);
  expect(needs.x).toEqual({ ...nothing, experiments: ['x'] });
  expect(needs.until).toEqual({ ...nothing, profile: true, experiments: ['x'] });
  // Its time out is another rest's way: but whoever rests here may leave by it.
  expect(needs.event).toEqual({ ...nothing, profile: true, experiments: ['x'] });
  expect(needs.b).toEqual({
    ...nothing,
    profile: true,
    contact: true,
    segments: ['s'],
    lists: ['l'],
    experiments: ['x'],
  });
  expect(needs.wait).toEqual(needs.b);
});

describe('what may come before its entry is handled', () => {
  const waitingAfter = (nodes: JourneyInput['nodes']): JourneyInput =>
    journeyOf({
      ...nodes,
      event: {
        kind: 'wait-for-event',
        events: [{ event: order, next: 'e' }],
        within: { minutes: 2 },
        onTimeout: 'second',
      },
      second: {
        kind: 'wait-for-event',
        events: [{ event: { eventType: 'b' }, next: 'e' }],
        within: { days: 2 },
        onTimeout: 'e',
      },
      e: exit,
    });
  const ids = (...types: string[]) => types.map((eventType) => patternIdOf({ eventType })).sort();
  test.each<[string, JourneyInput, string[]]>([
    ['at once', waitingAfter({ a: message('event') }), ids('order.placed', 'b')],
    [
      'after four minutes',
      waitingAfter({ a: { kind: 'wait', for: { minutes: 4 }, next: 'event' } }),
      ids('order.placed'),
    ],
    ['after five minutes', waitingAfter({ a: { kind: 'wait', for: { minutes: 5 }, next: 'event' } }), []],
    [
      'at nine',
      waitingAfter({ a: { kind: 'wait-until', at: { time: '09:00' }, next: 'event' } }),
      ids('order.placed', 'b'),
    ],
    [
      'goals and exits always',
      {
        ...journeyOf({ a: { kind: 'wait', for: { days: 1 }, next: 'e' }, e: exit }),
        goals: [{ name: 'g', event: order }],
        exits: [{ leavesSegment: 's' }],
      },
      [patternIdOf(order), patternIdOf(leftSegment('s'))].sort(),
    ],
  ])('%s', (_, input, expected) => expect(compiled(input).version.early).toEqual(expected));
});

test.each<[JourneyInput['entry'], object]>([
  [
    { event: order, maxLatenessSeconds: 60 },
    { by: 'event', maxLatenessMs: 60_000, pattern: patternIdOf(order) },
  ],
  [{ event: order }, { by: 'event', maxLatenessMs: 3_600_000 }],
  [{ segment: 's' }, { by: 'segment', segment: 's', includeMembers: false, maxLatenessMs: 86_400_000 }],
  [{ api: true }, { by: 'api', maxLatenessMs: 86_400_000 }],
  [
    { api: true, sources: ['shop'] },
    { by: 'api', sources: ['shop'], maxLatenessMs: 86_400_000 },
  ],
  [
    { schedule: { at: '2026-12-01T00:00:00Z' }, audience: { listId: 'l' } },
    {
      by: 'schedule',
      schedule: { at: '2026-12-01T00:00:00Z' },
      audience: { list: 'frozen' },
      maxLatenessMs: 86_400_000,
    },
  ],
])('entry %j', (entry, expected) => {
  const { version } = compiled({ ...onboarding, entry });
  expect(version.entry).toMatchObject(expected);
  if ('pattern' in version.entry) expect(version.patterns).toHaveProperty([version.entry.pattern]);
});
