import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { chunkEvents, MAX_EVENT_BYTES } from '../../../core/event/chunk.ts';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import { groupOf } from '../../../core/event/group-of.ts';

const event = (n: number, size: number): AcceptedEvent => ({
  id: `e${n}`,
  type: 't',
  profileId: 'p',
  source: 'shop',
  timeMs: 0,
  receivedMs: 0,
  properties: { note: 'x'.repeat(size) },
});

test('keeps every event in order, and every message within 64 KB', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(MAX_EVENT_BYTES - 200), { maxLength: 30 }), (sizes) => {
      const events = sizes.map((size, n) => event(n, size));
      const messages = chunkEvents('shop', 1, events);
      expect(messages.flatMap((message) => message.events)).toEqual(events);
      for (const message of messages) {
        expect(message.events.length).toBeGreaterThan(0);
        expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(64 * 1024);
      }
    }),
  );
});

test('a hundred small events travel in one message', () => {
  expect(
    chunkEvents(
      'shop',
      1,
      Array.from({ length: 100 }, (_, n) => event(n, 100)),
    ),
  ).toHaveLength(1);
});

test.each([
  ['shop', 'shop'],
  ['com.example/shop 1', 'com.example/shop_1'],
  ['bücher', 'b_cher'],
  ['x'.repeat(200), 'x'.repeat(128)],
])('group of %j', (source, group) => expect(groupOf(source)).toBe(group));
