import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHANNELS } from '../../../core/delivery/channel.ts';
import {
  type ContactState,
  emptyContact,
  MAX_SCOPED_TOUCHES,
  MAX_TOUCHES,
} from '../../../core/delivery/contact-state.ts';
import { gate } from '../../../core/delivery/gate.ts';
import type { DeliverySettings } from '../../../core/delivery/settings.ts';
import {
  aboutOf,
  contentCode,
  isOnChannel,
  releaseTouch,
  reserveTouch,
  saysSame,
  touchKey,
} from '../../../core/delivery/touch.ts';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const settings = (touches: number, hours: number): DeliverySettings => ({ frequencyCap: { touches, hours } });
const reserve = (
  contact: ContactState,
  nowMs: number,
  messageKey: string,
  rest: { channel?: 'sms' | 'email'; settings?: DeliverySettings; content?: string } = {},
) =>
  reserveTouch({
    ...{ contact, channel: 'sms', topic: 'offers', lane: 'promotional', settings: settings(5, 24), nowMs, messageKey },
    ...rest,
  });

describe('reservation', () => {
  const once = reserve(emptyContact('ada'), NOW, 'a');

  test('repeated, it counts once', () => {
    expect(once.touches).toEqual([[NOW / 1_000, 'a', aboutOf({ channel: 'sms', topic: 'offers' })]]);
    expect(reserve(once, NOW + 1_000, 'a')).toEqual(once);
  });

  test('on another channel it is the same touch, at the same time, about that channel', () => {
    const about = aboutOf({ channel: 'email', topic: 'offers', content: 'abcdef' });
    const moved = reserve(once, NOW + HOUR, 'a', { channel: 'email', content: 'abcdef' });
    expect(moved.touches).toEqual([[NOW / 1_000, 'a', about]]);
  });

  test('given back, it is gone; giving back what is not there changes nothing', () => {
    expect(releaseTouch(once, 'a').touches).toEqual([]);
    expect(releaseTouch(once, 'b')).toEqual(once);
  });

  test('the newest is first', () => {
    const later = reserve(once, NOW + 25 * HOUR, 'b');
    expect(later.touches.map(([, key]) => key)).toEqual(['b', 'a']);
  });

  test('the newest ten stay, and of the others those that a cap on a channel counts', () => {
    const scoped: DeliverySettings = {
      ...settings(MAX_TOUCHES, 1),
      caps: [{ touches: 2, within: { hours: 720 }, channel: 'sms' }],
    };
    let contact: ContactState = emptyContact('x');
    for (let n = 0; n < 50; n += 1) {
      const channel = n < 5 ? 'sms' : 'email';
      contact = reserve(contact, NOW + n * HOUR, `m${n}`, { channel, settings: scoped, content: 'abcdef' });
    }
    const kept = contact.touches.slice(MAX_TOUCHES);
    expect(contact.touches).toHaveLength(MAX_TOUCHES + 2);
    expect(kept.map(([, key, about]) => [key, about.length])).toEqual([
      ['m4', 6],
      ['m3', 6],
    ]);
    const after = reserve(contact, NOW + 800 * HOUR, 'late', { channel: 'email', settings: scoped });
    expect(after.touches).toHaveLength(MAX_TOUCHES);
  });

  test('there are never more than fit into the item', () => {
    const caps = (['sms', 'email'] as const).map((channel) => ({ touches: 9, within: { hours: 900 }, channel }));
    let contact: ContactState = emptyContact('x');
    for (let n = 0; n < 90; n += 1) {
      const channel = Math.floor(n / 20) % 2 === 0 ? 'sms' : 'email';
      contact = reserve(contact, NOW + n, touchKey(`run${n}`), { channel, settings: { ...settings(10, 1), caps } });
      expect(contact.touches.length).toBeLessThanOrEqual(MAX_TOUCHES + MAX_SCOPED_TOUCHES);
    }
  });
});

test('keys are short, and differ with the message', () => {
  expect(touchKey('a')).toBe(touchKey('a'));
  expect(touchKey('a')).not.toBe(touchKey('b'));
  expect(touchKey('a')).toHaveLength(12);
});

test('a touch says which channel it was on and what it said, and no two channels look alike', () => {
  const touches = CHANNELS.map(
    (channel) => [1, 'k', aboutOf({ channel, topic: 't', content: contentCode({ channel }) })] as const,
  );
  for (const [n, channel] of CHANNELS.entries()) {
    expect(touches.map((touch) => isOnChannel([...touch], channel))).toEqual(CHANNELS.map((_, at) => at === n));
    expect(touches.map((touch) => saysSame([...touch], contentCode({ channel })))).toEqual(
      CHANNELS.map((_, at) => at === n),
    );
  }
});

/**
 * Many workers on one person: each step is one worker reading the contact, or writing what it decided on what it read
 * (which fails when somebody wrote in between, and then it reads again). The twin is the list of all sends with their
 * times: in no window may there be more than the cap.
 */
test('no interleaving of workers exceeds the cap, and nobody is refused while there is room', () => {
  const step = fc.record({ worker: fc.nat(5), minutes: fc.nat(90), giveBack: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 80 }), (touches, steps) => {
      let stored: ContactState = { ...emptyContact('ada'), consents: { sms: true } };
      let nowMs = NOW;
      const read = new Map<number, ContactState>();
      const messages = new Map<number, number>();
      let sends: { key: string; atMs: number }[] = [];
      const recent = () => sends.filter(({ atMs }) => atMs > nowMs - 3 * HOUR);
      for (const { worker, minutes, giveBack } of steps) {
        nowMs += minutes * 60_000;
        const contact = read.get(worker);
        if (!contact) {
          read.set(worker, stored);
          continue;
        }
        read.delete(worker);
        const messageKey = `${worker}-${messages.get(worker) ?? 0}`;
        const base = { contact, channel: 'sms', topic: 'offers', lane: 'promotional' } as const;
        const asked = { ...base, settings: settings(touches, 3), nowMs, messageKey };
        const decision = gate(asked);
        if (decision.decision === 'skip') {
          // Decided on an old read it may be wrong for being late, never for being early.
          if (contact.version === stored.version) expect(recent().length).toBeGreaterThanOrEqual(touches);
          continue;
        }
        if (contact.version !== stored.version) continue;
        stored = { ...reserveTouch(asked), version: stored.version + 1 };
        sends.push({ key: messageKey, atMs: nowMs });
        messages.set(worker, (messages.get(worker) ?? 0) + 1);
        expect(recent().length).toBeLessThanOrEqual(touches);
        if (giveBack) {
          stored = { ...releaseTouch(stored, messageKey), version: stored.version + 1 };
          sends = sends.filter((send) => send.key !== messageKey);
        }
        const another = gate({ ...asked, contact: stored, messageKey: 'another' });
        expect(another.decision).toBe(recent().length >= touches ? 'skip' : 'send');
      }
    }),
    { numRuns: 500 },
  );
});
