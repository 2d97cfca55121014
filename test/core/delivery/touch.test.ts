import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ContactState, emptyContact, MAX_TOUCHES } from '../../../core/delivery/contact-state.ts';
import { gate } from '../../../core/delivery/gate.ts';
import { capReached, releaseTouch, reserveTouch, touchKey } from '../../../core/delivery/touch.ts';

const NOW = 1_800_000_000_000;
const settings = (touches: number, hours: number) => ({ frequencyCap: { touches, hours } });

describe('reservation', () => {
  const once = reserveTouch(emptyContact('ada'), NOW, 'a');

  test('repeated, it counts once', () => {
    expect(once.touches).toEqual([[NOW / 1_000, 'a']]);
    expect(reserveTouch(once, NOW + 1_000, 'a')).toEqual(once);
  });

  test('given back, it is gone; giving back what is not there changes nothing', () => {
    expect(releaseTouch(once, 'a').touches).toEqual([]);
    expect(releaseTouch(once, 'b')).toEqual(once);
  });

  test('the newest is first', () => {
    const later = reserveTouch(once, NOW + 25 * 3_600_000, 'b');
    expect(later.touches.map(([, key]) => key)).toEqual(['b', 'a']);
  });

  test('the item stays below 1 KB', () => {
    let contact: ContactState = emptyContact('x'.repeat(128));
    for (let n = 0; n < 50; n += 1) {
      contact = reserveTouch(contact, NOW + n, touchKey(`run${n}`));
    }
    expect(contact.touches).toHaveLength(MAX_TOUCHES);
    expect(JSON.stringify(contact.touches).length).toBeLessThan(700);
  });
});

test('keys are short, and differ with the message', () => {
  expect(touchKey('a')).toBe(touchKey('a'));
  expect(touchKey('a')).not.toBe(touchKey('b'));
  expect(touchKey('a')).toHaveLength(12);
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
      const cap = settings(touches, 3);
      let stored: ContactState = { ...emptyContact('ada'), consents: { sms: true } };
      let nowMs = NOW;
      const read = new Map<number, ContactState>();
      const messages = new Map<number, number>();
      let sends: { key: string; atMs: number }[] = [];
      const recent = () => sends.filter(({ atMs }) => atMs > nowMs - 3 * 3_600_000);
      for (const { worker, minutes, giveBack } of steps) {
        nowMs += minutes * 60_000;
        const contact = read.get(worker);
        if (!contact) {
          read.set(worker, stored);
          continue;
        }
        read.delete(worker);
        const key = `${worker}-${messages.get(worker) ?? 0}`;
        const base = { contact, channel: 'sms', topic: 'offers', lane: 'promotional' } as const;
        const decision = gate({ ...base, settings: cap, nowMs, messageKey: key });
        if (decision.decision === 'skip') {
          // Decided on an old read it may be wrong for being late, never for being early.
          if (contact.version === stored.version) expect(recent().length).toBeGreaterThanOrEqual(touches);
          continue;
        }
        if (contact.version !== stored.version) continue;
        stored = { ...reserveTouch(contact, nowMs, key), version: stored.version + 1 };
        sends.push({ key, atMs: nowMs });
        messages.set(worker, (messages.get(worker) ?? 0) + 1);
        expect(recent().length).toBeLessThanOrEqual(touches);
        if (giveBack) {
          stored = { ...releaseTouch(stored, key), version: stored.version + 1 };
          sends = sends.filter((send) => send.key !== key);
        }
        expect(capReached(stored, cap, nowMs)).toBe(recent().length >= touches);
      }
    }),
    { numRuns: 500 },
  );
});
