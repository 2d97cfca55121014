import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import type { Timer } from '../../../core/event/timer.ts';
import type { Window } from '../../../core/event/trigger.ts';
import type { Windows } from '../../../lambdas/adapters/windows.ts';
import type { Filled } from '../../../lambdas/intake/fill-window.ts';
import { startAws } from '../adapters/aws.ts';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
let stop: () => Promise<void>;
let windows: Windows;
let use: typeof import('../../../lambdas/intake/fill-window.ts');
beforeAll(async () => {
  stop = await startAws({ windows: ['profileId', 'triggerId'] });
  windows = (await import('../../../lambdas/adapters/windows.ts')).windows('windows');
  use = await import('../../../lambdas/intake/fill-window.ts');
});
afterAll(() => stop());

const triggerOf = (id: string, window: Window): Filled => ({
  ...{ id, version: 2, state: 'active', author: 'mia', editors: [], createdMs: 1, hash: 'h1', name: id },
  ...{
    eventType: 'purchase',
    window,
    templateId: 'x',
    channelPolicy: ['sms'],
    topic: 'rewards',
    lane: 'transactional',
  },
});
const reward = triggerOf('reward', { sum: 'amount', since: '2026-01-01T00:00:00Z', reaches: 999 });
const unused = triggerOf('unused', { without: { eventType: 'coupon.used' }, within: { hours: 1 } });

const eventOf = (id: string, profileId: string, change: Partial<AcceptedEvent> = {}): AcceptedEvent => ({
  ...{ id, type: 'purchase', profileId, source: 'shop', timeMs: NOW, receivedMs: NOW, properties: { amount: 200 } },
  ...change,
});
const portsOf = () => {
  const set: Timer[] = [];
  return { set, ports: { windows, timers: { set: async (timer: Timer) => void set.push(timer) } } };
};

describe('filling a window', () => {
  test('purchases of one person at several workers at once: the sum is right, and one of them fires', async () => {
    const { ports } = portsOf();
    const events = Array.from({ length: 6 }, (_, n) => eventOf(`e${n}`, 'bo'));
    const fired = (await Promise.all(events.map((event) => use.fillWindow(ports, reward, event, 0, NOW)))).filter(
      (fire) => fire !== undefined,
    );
    expect(fired).toHaveLength(1);
    expect(fired[0]).toMatchObject({ window: { value: 1_000 }, deadlineMs: NOW + HOUR });
  });

  test('the redelivery of the event that fired asks for the same again', async () => {
    const { ports } = portsOf();
    const event = eventOf('big', 'cy', { properties: { amount: 999 } });
    const first = await use.fillWindow(ports, reward, event, 0, NOW);
    expect(first?.window.value).toBe(999);
    expect(await use.fillWindow(ports, reward, event, 0, NOW)).toEqual(first);
  });

  test('the same event of two people, and of two triggers, are two', async () => {
    const { ports } = portsOf();
    const event = eventOf('e', 'di', { properties: { amount: 999 } });
    const other = { ...reward, id: 'other' };
    for (const [trigger, person] of [
      [reward, 'di'],
      [reward, 'ed'],
      [other, 'di'],
    ] as const)
      expect(await use.fillWindow(ports, trigger, { ...event, profileId: person }, 0, NOW)).toBeDefined();
  });

  test('a window that others change all the time is left to the queue', async () => {
    const { ports } = portsOf();
    const contested = { ...ports, windows: { ...windows, save: async () => false } };
    await expect(use.fillWindow(contested, reward, eventOf('e', 'fi'), 0, NOW)).rejects.toMatchObject({
      name: 'RetryLater',
      message: 'A window of reward was changed 10 times in a row',
    });
  });
});

describe('an absence', () => {
  test('sets a timer; when it rings and nothing has come, it fires; again when it rings again', async () => {
    const { ports, set } = portsOf();
    const event = eventOf('sent', 'gus');
    expect(await use.fillWindow(ports, unused, event, 0, NOW)).toBeUndefined();
    expect(set).toEqual([
      { triggerId: 'unused', version: 2, definition: expect.any(String), event, dueMs: NOW + HOUR },
    ]);
    const fire = await use.ringTimer(ports, unused, set[0]!, NOW + HOUR + 30_000);
    expect(fire).toMatchObject({ event, deadlineMs: NOW + 2 * HOUR + 150_000 });
    expect(await use.ringTimer(ports, unused, set[0]!, NOW + HOUR + 60_000)).toEqual(fire);
  });

  test('what came in between makes the timer ring for nothing', async () => {
    const { ports, set } = portsOf();
    await use.fillWindow(ports, unused, eventOf('sent', 'hal'), 0, NOW);
    await use.fillWindow(ports, unused, eventOf('used', 'hal', { timeMs: NOW + 1 }), 1, NOW + 1);
    expect(await use.ringTimer(ports, unused, set[0]!, NOW + HOUR)).toBeUndefined();
  });

  test('what came under the id that the person has by now counts', async () => {
    const { ports, set } = portsOf();
    await use.fillWindow(ports, unused, eventOf('sent', 'anonymous:x'), 0, NOW);
    await use.fillWindow(ports, unused, eventOf('used', 'ida', { timeMs: NOW + 1 }), 1, NOW + 1);
    const [timer] = set as [Timer];
    const known = { ...timer, event: { ...timer.event, profileId: 'ida' } };
    expect(await use.ringTimer(ports, unused, known, NOW + HOUR)).toBeUndefined();
  });

  test('of somebody who is not known yet rings to nobody, and for the profile when they have signed in', async () => {
    const { ports, set } = portsOf();
    await use.fillWindow(ports, unused, eventOf('sent', 'anonymous:y'), 0, NOW);
    const [timer] = set as [Timer];
    expect(await use.ringTimer(ports, unused, timer, NOW + HOUR)).toBeUndefined();
    const known = { ...timer, event: { ...timer.event, profileId: 'lea' } };
    expect(await use.ringTimer(ports, unused, known, NOW + HOUR)).toMatchObject({ event: { profileId: 'lea' } });
  });

  test('of an event that was sent again with a later time is answered by what came after the first', async () => {
    const { ports, set } = portsOf();
    await use.fillWindow(ports, unused, eventOf('sent', 'mo'), 0, NOW);
    await use.fillWindow(ports, unused, eventOf('used', 'mo', { timeMs: NOW + 1 }), 1, NOW + 1);
    await use.fillWindow(ports, unused, eventOf('sent', 'mo', { timeMs: NOW + 60_000 }), 0, NOW + 60_000);
    for (const timer of set) expect(await use.ringTimer(ports, unused, timer, NOW + 2 * HOUR)).toBeUndefined();
  });

  test('rung too early, it is set again', async () => {
    const { ports, set } = portsOf();
    await use.fillWindow(ports, unused, eventOf('sent', 'jo'), 0, NOW);
    expect(await use.ringTimer(ports, unused, set[0]!, NOW + HOUR - 1)).toBeUndefined();
    expect(set[1]).toEqual(set[0]);
  });

  test('a timer that cannot be set fails the event, so that it comes again', async () => {
    const timers = { set: () => Promise.reject(new Error('Scheduler: 429')) };
    const failing = use.fillWindow({ windows, timers }, unused, eventOf('sent', 'kim'), 0, NOW);
    await expect(failing).rejects.toThrow('Scheduler: 429');
  });
});
