import { describe, expect, test } from 'vitest';
import { messageEvent } from '../../../core/delivery/message-event.ts';
import { isByMessage } from '../../../core/delivery/messages.ts';
import type { Receipt } from '../../../core/delivery/receipt.ts';
import type { ReceiptRef } from '../../../core/delivery/receipt-ref.ts';

const ref: ReceiptRef = {
  ...{ planKind: 'trigger', planId: 't1', run: 't#t1', message: 'm1', unit: 'u', index: 0, channel: 'email' },
  ...{ address: 'a', waits: false, profileId: 'ada' },
} as const;
const receipt = (outcome: Receipt['outcome'], detail = ''): Receipt => ({
  ...{ ref: '', outcome, atMs: 1_000, messageId: 'p1', detail },
});
const about = { planKind: 'trigger', planId: 't1', channel: 'email' };

test.each([
  [receipt('delivered'), 'herald.message.delivered', about],
  [receipt('opened'), 'herald.message.opened', about],
  [
    receipt('clicked', '|https://shop.example/a|b'),
    'herald.message.clicked',
    { ...about, link: 'https://shop.example/a|b' },
  ],
  [receipt('bounced', 'hard'), 'herald.message.bounced', { ...about, reason: 'hard' }],
  [receipt('complained'), 'herald.message.complained', about],
  [receipt('failed', 'expired'), 'herald.message.failed', { ...about, reason: 'expired' }],
])('%j is an event of its person', (heard, type, properties) => {
  const event = messageEvent(heard, ref);
  expect(event).toMatchObject({ type, profileId: 'ada', source: 'herald', timeMs: 1_000, receivedMs: 1_000 });
  expect(event?.properties).toEqual(properties);
});

test('of a journey’s message it names the node', () => {
  const journey = { ...ref, planKind: 'journey', node: 'hello' } as const;
  expect(messageEvent(receipt('opened'), journey)?.properties).toMatchObject({ planKind: 'journey', node: 'hello' });
});

describe('there is none', () => {
  test('of a message that such an event has asked for: a trigger on it would go on for ever', () => {
    expect(messageEvent(receipt('failed'), { ...ref, quiet: true })).toBeUndefined();
  });
  test('of what becomes of a test of a template', () => {
    expect(messageEvent(receipt('opened'), { ...ref, planKind: 'test' })).toBeUndefined();
  });

  test.each(['apple', 'scanner'])('of what a machine does: %s', (machine) => {
    expect(messageEvent(receipt('opened', machine), ref)).toBeUndefined();
    expect(messageEvent(receipt('clicked', `${machine}|https://shop.example/`), ref)).toBeUndefined();
  });
  test('of the arrival of a campaign’s message, but of all else that happens to it', () => {
    const campaign = { ...ref, planKind: 'campaign' } as const;
    expect(messageEvent(receipt('delivered'), campaign)).toBeUndefined();
    expect(messageEvent(receipt('opened'), campaign)?.properties).toMatchObject({ planKind: 'campaign' });
  });
});

test('the same heard again is the same event; another link, message or outcome is another', () => {
  const id = (heard: Receipt, of = ref) => messageEvent(heard, of)?.id;
  const click = receipt('clicked', '|https://shop.example/');
  expect(id({ ...click, atMs: 9_000 })).toBe(id(click));
  const ids = [
    id(click),
    id(receipt('clicked', '|https://shop.example/2')),
    id(receipt('opened')),
    id(click, { ...ref, message: 'm2' }),
  ];
  expect(new Set(ids).size).toBe(4);
  for (const one of ids) expect(one).toMatch(/^[\w-]{43}$/);
});

test.each([
  ['trigger', 'herald.message.opened', true],
  ['trigger', 'herald.segment.entered', false],
  ['trigger', 'order.placed', false],
  ['journey', 'herald.message.opened', false],
] as const)('a message of a %s because of %s: %s', (kind, type, expected) => {
  const event = { id: 'e', type, profileId: 'ada', source: 's', timeMs: 1, receivedMs: 1, properties: {} };
  const plan = { kind, id: 'p', hash: 'h' };
  expect(isByMessage({ kind: 'direct', plan, profileId: 'ada', event, deadlineMs: 2, step: 0 })).toBe(expected);
});
