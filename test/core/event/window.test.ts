import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import { triggerInput } from '../../../core/event/trigger.ts';
import { addToWindow, MAX_SEEN, type WindowState } from '../../../core/event/window.ts';

const SINCE = Date.parse('2026-11-01T00:00:00Z');
const NOW = Date.parse('2026-11-22T12:00:00Z');
const HOUR = 3_600_000;
const input = triggerInput.parse({
  name: 'Reward',
  eventType: 'purchase',
  window: { sum: 'amount', since: '2026-11-01T00:00:00Z', reaches: 999 },
  templateId: 't',
  channelPolicy: ['sms'],
  topic: 'rewards',
  lane: 'transactional',
});
const trigger = { ...input, window: input.window as NonNullable<typeof input.window> };

const purchase = (id: string, amount: unknown, timeMs = NOW): AcceptedEvent => ({
  id,
  type: 'purchase',
  profileId: 'ada',
  source: 'shop',
  timeMs,
  receivedMs: NOW,
  properties: { amount },
});

/** Feeds events one by one, as the adapter does: what is written becomes what is read. */
const feed = (events: readonly AcceptedEvent[]) => {
  let stored: WindowState | undefined;
  const fired: [string, number][] = [];
  for (const event of events) {
    const { state, fire } = addToWindow(trigger, stored, event, NOW);
    if (state) stored = { ...state, version: state.version + 1 };
    if (fire) fired.push([event.id, fire.value]);
  }
  return { stored, fired };
};

describe('fires once, with the event that reaches the limit', () => {
  test('999 exactly', () => {
    expect(feed([purchase('a', 500), purchase('b', 499)]).fired).toEqual([['b', 999]]);
  });

  test('cents add up', () => {
    const tenths = Array.from({ length: 9_990 }, (_, n) => purchase(`e${n}`, 0.1));
    // More events than are told apart, but each comes once.
    expect(feed(tenths).fired).toEqual([['e9989', 999]]);
  });

  test.each([
    ['a repeat does not count twice', [purchase('a', 500), purchase('a', 500)]],
    ['before the date does not count', [purchase('a', 2_000, SINCE - 1)]],
    ['no number does not count', [purchase('a', '2000'), purchase('b', null), purchase('c', undefined)]],
    ['a refund takes away', [purchase('a', 900), purchase('r', -200), purchase('b', 200)]],
  ])('%s', (_, events) => expect(feed(events).fired).toEqual([]));

  test('a redelivery of the firing event asks again for the same message, any other event does not', () => {
    const events = [
      purchase('a', 500),
      purchase('b', 600),
      purchase('b', 600),
      purchase('c', 5_000),
      purchase('a', 500),
    ];
    expect(feed(events).fired).toEqual([
      ['b', 1_100],
      ['b', 1_100],
    ]);
  });

  test('an event past its lateness counts, and the next one in time fires', () => {
    const { fired } = feed([purchase('late', 1_500, NOW - 2 * HOUR), purchase('now', 1)]);
    expect(fired).toEqual([['now', 1_501]]);
  });

  test('after firing nothing is kept of the events', () => {
    expect(feed([purchase('a', 500), purchase('b', 600)]).stored?.seen).toEqual([]);
  });

  test('another definition starts anew; another limit does not', () => {
    const { stored } = feed([purchase('a', 500)]);
    const later = { ...trigger, window: { ...trigger.window, since: '2026-11-10T00:00:00Z' } };
    expect(addToWindow(later, stored, purchase('b', 600), NOW).state).toMatchObject({ sum: 600, version: 1 });
    const lower = { ...trigger, window: { ...trigger.window, reaches: 600 } };
    expect(addToWindow(lower, stored, purchase('b', 100), NOW).fire).toEqual({ value: 600 });
  });

  test('what is remembered is bounded', () => {
    const many = Array.from({ length: MAX_SEEN + 50 }, (_, n) => purchase(`e${n}`, 0.01));
    expect(feed(many).stored?.seen).toHaveLength(MAX_SEEN);
  });
});

test('agrees with a plain sum over distinct events, under repeats and in any order', () => {
  const events = fc
    .array(fc.record({ id: fc.nat(15), cents: fc.integer({ min: 1, max: 40_000 }), old: fc.boolean() }), {
      maxLength: 40,
    })
    .map((drawn) =>
      drawn.map(({ id, cents, old }) => purchase(`e${id}`, cents / 100, old ? SINCE - 1 - id : NOW - id * 1_000)),
    );
  fc.assert(
    fc.property(events, (arrivals) => {
      const seen = new Set<string>();
      let cents = 0;
      const expected: [string, number][] = [];
      let firedBy: string | undefined;
      for (const event of arrivals) {
        if (firedBy === event.id) expected.push([event.id, cents / 100]);
        if (firedBy !== undefined || event.timeMs < SINCE || seen.has(event.id)) continue;
        seen.add(event.id);
        cents += Math.round(Number(event.properties.amount) * 100);
        if (cents < 99_900) continue;
        firedBy = event.id;
        expected.push([event.id, cents / 100]);
      }
      expect(feed(arrivals).fired).toEqual(expected);
    }),
  );
});
