import { describe, expect, test } from 'vitest';
import type { Lane } from '../../../core/delivery/channel.ts';
import { type ContactState, emptyContact } from '../../../core/delivery/contact-state.ts';
import { type GateDecision, gate } from '../../../core/delivery/gate.ts';

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
const suppressed = { sms: { reason: 'opted-out', atMs: 1 } };

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
  ])('touches: %s', (_, touches, expected) => {
    expect(decide({ consents: { sms: true }, touches })).toEqual(expected);
    expect(decide({ consents: { sms: true }, touches }, 'transactional')).toEqual(free);
  });
});
