import { describe, expect, test } from 'vitest';
import { journeyInput } from '../../../../core/strategy/journey/journey-input.ts';
import { fieldErrors } from '../../../../lambdas/middleware/parse-request.ts';
import { onboarding } from './journeys.ts';

/** What the API would answer, or the journey as it was taken. */
const judge = (input: unknown) => {
  const parsed = journeyInput.safeParse(input);
  return parsed.success
    ? parsed.data
    : fieldErrors(parsed.error.issues).map(({ path, message }) => `${path}: ${message}`);
};
const withNode = (node: unknown) => ({ ...onboarding, nodes: { ...onboarding.nodes, odd: node } });

test('a whole journey is taken as it is', () => expect(judge(onboarding)).toEqual(onboarding));

describe('every kind of node is taken as it is', () => {
  test.each([
    [
      {
        kind: 'message',
        templateId: 'a',
        channelPolicy: [{ channel: 'email', ifNotOpenedWithin: { hours: 24 } }, 'sms'],
        budget: 0.5,
        topic: 'offers',
        lane: 'transactional',
        priority: 'high',
        deadline: { hours: 6 },
        tracking: { opens: false },
        next: 'b',
      },
    ],
    [{ kind: 'wait', for: { days: 366 }, next: 'b' }],
    [{ kind: 'wait', for: { seconds: 31_622_400 }, next: 'b' }],
    [{ kind: 'wait-until', at: { time: '23:59' }, next: 'b' }],
    [{ kind: 'wait-until', at: { attribute: 'born', yearly: true, offsetDays: -7, time: '09:00' }, next: 'b' }],
    [{ kind: 'wait-until', at: { attribute: 'due', time: '09:00' }, ifMissing: 'c', next: 'b' }],
    [
      {
        kind: 'wait-for-event',
        events: [{ event: { eventType: 'a', where: [{ property: 'b', equals: 1 }] }, next: 'b' }],
        within: { minutes: 1 },
        onTimeout: 'c',
      },
    ],
    [
      {
        kind: 'branch',
        branches: [
          {
            name: '1',
            when: [{ not: { any: [{ in: { list: 'staff' } }, { property: 'a.b', in: [1, 2] }] } }],
            next: 'b',
          },
        ],
        otherwise: 'c',
      },
    ],
    [
      {
        kind: 'split',
        arms: [
          { name: 'a', percent: 33.3, next: 'b' },
          { name: 'b', percent: 66.7, next: 'b' },
        ],
      },
    ],
    [
      {
        kind: 'experiment',
        arms: [
          { name: 'a', percent: 50, next: 'b' },
          { name: 'b', percent: 50, next: 'b' },
        ],
        goal: 'order',
        method: 'bandit',
        minimumSample: 100,
        minimumDays: 7,
        default: 'a',
      },
    ],
    [{ kind: 'holdout', percent: 10, next: 'b' }],
    [{ kind: 'update', set: { stage: 'new', score: 1, welcomed: true, old: null }, next: 'b' }],
    [{ kind: 'webhook', endpointId: 'crm', fields: { who: '{{ profile.profileId }}' }, next: 'b' }],
    [{ kind: 'throttle', perMinute: 100, next: 'b' }],
    [{ kind: 'jump', to: 'b' }],
    [{ kind: 'exit', reason: 'has bought' }],
  ])('%j', (node) => expect(judge(withNode(node))).toEqual(withNode(node)));
});

test.each([
  [{ segment: 'regulars', includeMembers: true }],
  [{ api: true }],
  [{ api: true, sources: [] }],
  [{ api: true, sources: ['01JD0000000000000000000000'] }],
  [{ schedule: { at: '2026-12-01T09:00:00+01:00' }, audience: { listId: 'vip' } }],
  [
    {
      schedule: { every: 'week', weekdays: ['mon'], time: '09:00', timeZone: 'Europe/Paris', from: '2026-12-01' },
      audience: { segmentId: 'regulars' },
    },
  ],
  [{ event: { eventType: 'a' }, maxLatenessSeconds: 604_800 }],
])('entry %j', (entry) => expect(judge({ ...onboarding, entry })).toEqual({ ...onboarding, entry }));

describe('a slip is told with its path', () => {
  test.each<[string, unknown, string[]]>([
    [
      'no topic',
      { ...onboarding, topic: 'A b' },
      ['topic: Invalid string: must match pattern /^[a-z0-9][a-z0-9-]{0,31}$/'],
    ],
    [
      'two entries',
      { ...onboarding, entry: { api: true, segment: 'a' } },
      ['entry: Exactly one of event, segment, schedule with audience, and api'],
    ],
    ['no node', { ...onboarding, nodes: {} }, ['nodes: A journey has 1 to 100 nodes']],
    [
      'a kind that does not exist',
      withNode({ kind: 'sleep', next: 'b' }),
      [
        'nodes.odd.kind: The kind of a node is message, wait, wait-until, wait-for-event, branch, split, experiment, holdout, update, webhook, throttle, jump or exit',
      ],
    ],
    ['a field of another kind', withNode({ kind: 'jump', to: 'b', next: 'b' }), ['nodes.odd.next: Unknown field']],
    [
      'an id with blanks',
      withNode({ kind: 'jump', to: 'The end' }),
      ['nodes.odd.to: A lower-case letter, then up to 31 lower-case letters, digits and -'],
    ],
    [
      'two units',
      withNode({ kind: 'wait', for: { days: 1, hours: 1 }, next: 'b' }),
      ['nodes.odd.for: Exactly one of seconds, minutes, hours, days'],
    ],
    [
      'more than a year',
      withNode({ kind: 'wait', for: { days: 367 }, next: 'b' }),
      ['nodes.odd.for.days: Too big: expected number to be <=366'],
    ],
    [
      'a day and a date at once',
      withNode({ kind: 'wait-until', at: { attribute: 'a', weekdays: ['mon'], time: '09:00' }, next: 'b' }),
      ['nodes.odd.at: Either time, maybe with weekdays, or attribute with time, maybe with yearly and offsetDays'],
    ],
    [
      'no time of day',
      withNode({ kind: 'wait-until', at: { time: '9:00' }, next: 'b' }),
      ['nodes.odd.at.time: A time of day, as 21:00'],
    ],
    [
      'a name twice',
      withNode({
        kind: 'split',
        arms: [
          { name: 'a', percent: 50, next: 'b' },
          { name: 'a', percent: 50, next: 'c' },
        ],
      }),
      ['nodes.odd.arms: A name is there twice'],
    ],
    [
      'a condition that is none',
      withNode({ kind: 'branch', branches: [{ name: 'a', when: [{ in: ['a'] }], next: 'b' }], otherwise: 'c' }),
      [
        'nodes.odd.branches.0.when.0: Either all, any or not, or a question as in a trigger, or in with a segment or list',
      ],
    ],
    ['nothing to set', withNode({ kind: 'update', set: {}, next: 'b' }), ['nodes.odd.set: 1 to 20 attributes']],
    [
      'more than an item holds',
      withNode({
        kind: 'webhook',
        endpointId: 'a',
        fields: Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`f${n}`, 'x'.repeat(5_000)])),
        next: 'b',
      }),
      [': A journey has at most 100000 bytes of JSON'],
    ],
  ])('%s', (_, input, expected) => expect(judge(input)).toEqual(expected));

  test('101 nodes', () => {
    const nodes = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`n${n}`, { kind: 'exit' }]));
    expect(judge({ ...onboarding, nodes })).toEqual(['nodes: A journey has 1 to 100 nodes']);
  });
});
