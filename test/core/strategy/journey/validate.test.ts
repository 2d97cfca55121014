import { describe, expect, test } from 'vitest';
import type { JourneyInput } from '../../../../core/strategy/journey/journey-input.ts';
import type { JourneyNode } from '../../../../core/strategy/journey/journey-node.ts';
import { onboarding } from './journeys.ts';
import { birthday, branch, judge, told, wait } from './judging.ts';
import { exit, journeyOf, message } from './traveller.ts';

test('a sound journey has no defect', () => expect(judge(onboarding)).toEqual([]));

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
      'a reference table that a webhook asks, and none',
      journeyOf({
        h: {
          kind: 'webhook',
          ...{ endpointId: 'crm', next: 'e' },
          fields: { a: '{{ profile.email | catalogue: "gone" }}', b: '{{ profile.email | catalogue }}' },
        },
        e: exit,
      }),
      [
        'nodes.h.fields.a (no-reference-table): There is no reference table gone',
        'nodes.h.fields.b (no-reference-table): Name the table: catalogue: "products"',
      ],
      journeyOf({ h: { kind: 'webhook', endpointId: 'crm', fields: { a: 'gone' }, next: 'e' }, e: exit }),
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
  ])('%s', (_, broken, expected, repaired) => {
    expect(told(broken)).toEqual(expected);
    expect(told(repaired)).toEqual([]);
  });
});
