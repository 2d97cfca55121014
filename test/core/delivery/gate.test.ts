import { describe, expect, test } from 'vitest';
import type { Lane } from '../../../core/delivery/channel.ts';
import { type ContactState, emptyContact, type Touch } from '../../../core/delivery/contact-state.ts';
import { type GateDecision, type GateInput, gate } from '../../../core/delivery/gate.ts';
import { aboutOf, contentCode } from '../../../core/delivery/touch.ts';

const NOW = 1_800_000_000_000;
const HOUR = 3_600;
const at = (hoursAgo: number): number => NOW / 1_000 - hoursAgo * HOUR;

const decide = (contact: Partial<ContactState>, lane: Lane = 'promotional'): GateDecision =>
  gate({
    contact: { ...emptyContact('ada'), ...contact },
    channel: 'sms',
    topic: 'offers',
    lane,
    settings: { frequencyCap: { touches: 2, hours: 24 } },
    nowMs: NOW,
    messageKey: 'mine',
  });

const send = { decision: 'send', reserve: true };
const free = { decision: 'send', reserve: false };
const next = (reason: string) => ({ decision: 'next-channel', reason });
const suppressed = { sms: { reason: 'opted-out' as const, atMs: 1 } };

describe('consent', () => {
  test.each<[Record<string, boolean>, object, object]>([
    [{}, next('no-consent'), free],
    [{ sms: true }, send, free],
    [{ sms: false }, next('no-consent'), free],
    [{ 'sms/offers': true }, send, free],
    [{ 'sms/offers': false }, next('no-consent'), next('no-consent')],
    [{ sms: true, 'sms/offers': false }, next('no-consent'), next('no-consent')],
    [{ sms: false, 'sms/offers': true }, send, free],
    [{ sms: true, 'sms/news': false }, send, free],
    [{ push: true, 'email/offers': true }, next('no-consent'), free],
  ])('%j: promotional %j, transactional %j', (consents, promotional, transactional) => {
    expect(decide({ consents })).toEqual(promotional);
    expect(decide({ consents }, 'transactional')).toEqual(transactional);
  });
});

test.each(['promotional', 'transactional'] as const)('suppression stops the channel: %s', (lane) => {
  expect(decide({ consents: { sms: true }, suppressed }, lane)).toEqual(next('suppressed'));
  expect(decide({ consents: { sms: true }, suppressed: { push: suppressed.sms } }, lane)).toEqual(
    lane === 'promotional' ? send : free,
  );
});

describe('frequency cap of 2 in 24 hours', () => {
  const capped = { decision: 'skip', reason: 'frequency-cap' };
  test.each<[string, [number, string][], object]>([
    ['none', [], send],
    ['one', [[at(1), 'a']], send],
    [
      'two',
      [
        [at(1), 'b'],
        [at(2), 'a'],
      ],
      capped,
    ],
    [
      'two, one of them 24 hours ago',
      [
        [at(1), 'b'],
        [at(24), 'a'],
      ],
      send,
    ],
    [
      'two, one of them nearly 24 hours ago',
      [
        [at(1), 'b'],
        [at(23.99), 'a'],
      ],
      capped,
    ],
    [
      'two, of another clock that is ahead',
      [
        [at(-2), 'b'],
        [at(-1), 'a'],
      ],
      capped,
    ],
    [
      'two, one of them mine',
      [
        [at(1), 'mine'],
        [at(2), 'a'],
      ],
      free,
    ],
    [
      'three, one of them mine',
      [
        [at(1), 'mine'],
        [at(2), 'b'],
        [at(3), 'a'],
      ],
      free,
    ],
  ])('touches: %s', (_, sends, expected) => {
    const touches = sends.map(([seconds, key]): Touch => [seconds, key, '']);
    expect(decide({ consents: { sms: true }, touches })).toEqual(expected);
    expect(decide({ consents: { sms: true }, touches }, 'transactional')).toEqual(free);
  });
});

/** A touch of so many hours ago. */
const touch = (hoursAgo: number, channel = 'sms', topic = 'offers', says?: string): Touch => [
  at(hoursAgo),
  `${channel}-${topic}-${hoursAgo}`,
  aboutOf({ channel, topic, ...(says && { content: contentCode(says) }) }),
];
const mine = (channel: string): Touch => [at(1), 'mine', aboutOf({ channel, topic: 'offers' })];
const room = { frequencyCap: { touches: 10, hours: 1 } };
const ask = (touches: Touch[], over: Partial<GateInput>): GateDecision =>
  gate({
    ...{ channel: 'sms', topic: 'offers', lane: 'promotional', nowMs: NOW, messageKey: 'mine', settings: room },
    ...over,
    contact: { ...emptyContact('ada'), consents: { sms: true, email: true }, touches },
  });
const skip = (reason: string) => ({ decision: 'skip', reason });

// 2027-01-15 was a Friday; NOW is 08:00 in London, 21:00 in Auckland.
describe('more caps', () => {
  const day = { caps: [{ touches: 2, within: { calendar: 'day' as const } }] };
  test.each<[string, Touch[], Partial<GateInput>, object]>([
    [
      'a day of London: eight hours old',
      [touch(7.9), touch(7.95)],
      { timeZone: 'Europe/London' },
      skip('frequency-cap'),
    ],
    ['a day of London: yesterday', [touch(7.9), touch(8.1)], { timeZone: 'Europe/London' }, send],
    [
      'a day of Auckland is the same day still',
      [touch(7.9), touch(8.1)],
      { timeZone: 'Pacific/Auckland' },
      skip('frequency-cap'),
    ],
    ['nobody knows the zone: UTC', [touch(7.9), touch(8.1)], {}, send],
    [
      'nobody knows the zone: the fallback',
      [touch(7.9), touch(8.1)],
      { settings: { ...room, ...day, fallbackTimeZone: 'Pacific/Auckland' } },
      skip('frequency-cap'),
    ],
  ])('two a calendar day; %s', (_, touches, over, expected) => {
    expect(ask(touches, { settings: { ...room, ...day }, ...over })).toEqual(expected);
  });

  const caps = (cap: object) =>
    ({ settings: { ...room, caps: [{ within: { hours: 48 }, ...cap }] } }) as Partial<GateInput>;
  test.each<[string, Touch[], Partial<GateInput>, object]>([
    ['a week from Monday on', [touch(103)], caps({ touches: 1, within: { calendar: 'week' } }), skip('frequency-cap')],
    ['a week: the Sunday before', [touch(105)], caps({ touches: 1, within: { calendar: 'week' } }), send],
    ['a month', [touch(24 * 14)], caps({ touches: 1, within: { calendar: 'month' } }), skip('frequency-cap')],
    ['a month: the one before', [touch(24 * 15)], caps({ touches: 1, within: { calendar: 'month' } }), send],
    ['one by sms: none', [touch(2, 'email')], caps({ touches: 1, channel: 'sms' }), send],
    ['one by sms: one', [touch(2)], caps({ touches: 1, channel: 'sms' }), next('channel-cap')],
    ['one by email does not concern sms', [touch(2, 'email')], caps({ touches: 1, channel: 'email' }), send],
    [
      'one about offers, whatever the channel',
      [touch(2, 'email')],
      caps({ touches: 1, topic: 'offers' }),
      skip('frequency-cap'),
    ],
    ['one about news does not concern offers', [touch(2, 'sms', 'news')], caps({ touches: 1, topic: 'news' }), send],
    ['one by sms about offers', [touch(2, 'sms', 'news')], caps({ touches: 1, topic: 'offers', channel: 'sms' }), send],
    [
      'held from email, sms is full',
      [mine('email'), touch(2)],
      caps({ touches: 1, channel: 'sms' }),
      next('channel-cap'),
    ],
    ['held from email, sms has room', [mine('email')], caps({ touches: 1, channel: 'sms' }), send],
    ['held from sms', [mine('sms'), touch(2)], caps({ touches: 1, channel: 'sms' }), free],
    ['held, and full over all', [mine('email'), touch(2)], caps({ touches: 1 }), free],
    ['of three one is reserved', [touch(2), touch(3)], caps({ touches: 3, reserved: 1 }), skip('frequency-cap')],
    [
      'of three one is reserved, for this plan',
      [touch(2), touch(3)],
      { ...caps({ touches: 3, reserved: 1 }), priority: 'high' },
      send,
    ],
    [
      'three of three',
      [touch(2), touch(3), touch(4)],
      { ...caps({ touches: 3, reserved: 1 }), priority: 'high' },
      skip('frequency-cap'),
    ],
  ])('%s', (_, touches, over, expected) => {
    expect(ask(touches, over)).toEqual(expected);
    expect(ask(touches, { ...over, lane: 'transactional' })).toEqual(free);
  });
});

describe('an hour between two messages', () => {
  const settings = { ...room, minimumGap: { minutes: 60 } };
  test.each<[Touch[], object]>([
    [[touch(0.99, 'email', 'news')], skip('minimum-gap')],
    [[touch(1)], send],
    [[touch(-0.5)], skip('minimum-gap')],
    [[mine('sms')], free],
  ])('%j', (touches, expected) => {
    expect(ask(touches, { settings })).toEqual(expected);
  });
});

describe('no content twice in two days', () => {
  const settings = { ...room, noDuplicatesWithin: { hours: 48 } };
  const content = contentCode('Hello Ada');
  test.each<[string, Touch[], Partial<GateInput>, object]>([
    ['the same', [touch(2, 'sms', 'news', 'Hello Ada')], { content }, skip('duplicate')],
    ['another', [touch(2, 'sms', 'offers', 'Hello Bo')], { content }, send],
    ['the same, three days ago', [touch(72, 'sms', 'offers', 'Hello Ada')], { content }, send],
    ['not rendered yet', [touch(2, 'sms', 'offers', 'Hello Ada')], {}, send],
    ['of nobody knows what', [touch(2)], { content }, send],
    ['its own', [mine('email')], { content }, send],
  ])('%s', (_, touches, over, expected) => {
    expect(ask(touches, { settings, ...over })).toEqual(expected);
  });
});
