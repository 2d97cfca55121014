import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Trigger } from '../../../core/event/trigger.ts';
import type { Windows } from '../../../lambdas/adapters/windows.ts';
import { messagesOfEvent } from '../../../lambdas/intake/messages-of-event.ts';
import { startAws } from './aws.ts';

let windows: Windows;
let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startAws({ windows: ['profileId', 'triggerId'] });
  windows = (await import('../../../lambdas/adapters/windows.ts')).windows('windows');
});
afterAll(() => stop());

const NOW = 1_800_000_000_000;
const trigger: Trigger = {
  id: 't1',
  version: 2,
  state: 'active',
  author: 'mia',
  editors: [],
  createdMs: 1,
  hash: 'h1',
  name: 'Reward',
  eventType: 'purchase',
  window: { sum: 'amount', since: '2026-01-01T00:00:00Z', reaches: 999 },
  templateId: 'x',
  channelPolicy: ['sms'],
  topic: 'rewards',
  lane: 'transactional',
};
const purchase = (id: string, profileId: string, amount: number, timeMs = NOW) => ({
  id,
  type: 'purchase',
  profileId,
  source: 'shop',
  timeMs,
  receivedMs: NOW,
  properties: { amount },
});

test('of a state, one write wins', async () => {
  const key = { profileId: 'ada', triggerId: 't0' };
  expect(await windows.get(key)).toBeUndefined();
  const state = { version: 0, definition: 'd', sum: 1, seen: ['a'] };
  expect(await windows.save(key, state)).toBe(true);
  expect(await windows.save(key, { ...state, sum: 2 })).toBe(false);
  expect(await windows.get(key)).toEqual({ ...state, version: 1 });
  expect(await windows.save(key, { ...state, version: 1, sum: 3 })).toBe(true);
});

test('purchases of one person at several workers at once: the sum is right, and one of them fires', async () => {
  const events = Array.from({ length: 6 }, (_, n) => purchase(`e${n}`, 'bo', 200));
  const found = await Promise.all(events.map((event) => messagesOfEvent([trigger], windows, event, NOW)));
  const messages = found.flat().map(({ message }) => message);
  expect(messages).toHaveLength(1);
  expect(messages[0]).toMatchObject({
    kind: 'direct',
    plan: { kind: 'trigger', id: 't1', hash: 'h1' },
    profileId: 'bo',
    window: { value: 1_000 },
    step: 0,
    deadlineMs: NOW + 3_600_000,
  });
});

test('without a window each timely event sends, a late one nothing', async () => {
  const { window: _, ...plain } = trigger;
  expect(await messagesOfEvent([plain], windows, purchase('e1', 'cy', 5), NOW)).toHaveLength(1);
  expect(await messagesOfEvent([plain], windows, purchase('e2', 'cy', 5, NOW - 3_600_001), NOW)).toEqual([]);
  expect(await windows.get({ profileId: 'cy', triggerId: 't1' })).toBeUndefined();
});
