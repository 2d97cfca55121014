import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Window } from '../../core/event/trigger.ts';
import { boot, bootLocal, bootShared, type Herald, localTest } from './boot.ts';
import { addPerson } from './people.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const HOURS_PASS = 'hours pass';

/** An active trigger whose messages go by push and by SMS, whichever reaches the person. */
const activeTrigger = async (herald: Herald, eventType: string, window: Window | undefined, text: string) => {
  const channels = { push: { title: 'Shop', body: text }, sms: { text } };
  const { id: templateId } = await herald.api.must<{ id: string }>(
    'POST /v1/templates',
    await herald.as('marketer-mia', { name: 'Notice', channels }),
  );
  const { id, version } = await herald.api.must<{ id: string; version: number }>(
    'POST /v1/triggers',
    await herald.as('marketer-mia', {
      ...{ name: 'Notice', templateId, channelPolicy: ['push', 'sms'], topic: 'offers', lane: 'transactional' },
      ...{ eventType: herald.own(eventType), ...(window && { window }) },
    }),
  );
  const step = async (action: 'activate' | 'pause', as: string, from: number) => {
    const done = await herald.api.must<{ version: number }>(
      `POST /v1/triggers/${id}/${action}`,
      await herald.as(as, { version: from }),
    );
    await herald.cloud.clock.advance(10_000);
    return done.version;
  };
  const active = await step('activate', 'approver-ada', version);
  return {
    pause: () => step('pause', 'operator-oscar', active),
    resume: (from: number) => step('activate', 'approver-ada', from),
  };
};

/** A shop's app: events of a person, whose ids count up. `again` sends the last ones once more. */
const shopOf = async (herald: Herald) => {
  const apiKey = await herald.connectSource('Shop');
  let sent = 0;
  let last: object[] = [];
  const post = async () => {
    await herald.api.must('POST /v1/events', { apiKey, body: { events: last } });
    await herald.cloud.clock.idle();
  };
  return {
    tell: (type: string, name: string, properties: object = {}, agoMs?: number) => {
      sent += 1;
      const time = agoMs !== undefined && { time: new Date(herald.cloud.clock.now() - agoMs).toISOString() };
      const event = { id: `e${sent}`, type: herald.own(type), profileId: herald.own(name), properties, ...time };
      last = [event];
      return post();
    },
    again: post,
  };
};
const received = async (herald: Herald) =>
  (await herald.cloud.inbox.list()).map(({ to, body }) => `${to}: ${body}`).reverse();

localTest(
  HOURS_PASS,
  'favourite and cart within 24 h → coupon by push, in any order, once for each favourite',
  async () => {
    const herald = await bootShared({ days: true });
    await addPerson(herald, 'ada', { pushToken: 'ada-phone' });
    await addPerson(herald, 'bob', { pushToken: 'bob-phone' });
    await addPerson(herald, 'cem', { pushToken: 'cem-phone' });
    const after = { eventType: herald.own('favourite') };
    const window = { after, within: { hours: 24 }, inAnyOrder: true, same: 'sku' } as const;
    await activeTrigger(herald, 'cart', window, '10 % off {{ event.properties.name }}');
    const shop = await shopOf(herald);
    const tea = { sku: 7, name: 'tea' };

    await shop.tell('favourite', 'ada', tea);
    await shop.tell('favourite', 'bob', tea);
    await shop.tell('cart', 'cem', tea);
    await herald.cloud.clock.advance(23 * HOUR);
    await shop.tell('cart', 'ada', { sku: 8, name: 'cup' });
    expect(await received(herald)).toEqual([]);
    await shop.tell('cart', 'ada', tea);
    await shop.again();
    await shop.tell('cart', 'ada', tea);
    // The app of a favourite knows no name: the message is about the cart all the same.
    await shop.tell('favourite', 'cem', { sku: 7 });
    await shop.again();
    await herald.cloud.clock.advance(2 * HOUR);
    await shop.tell('cart', 'bob', tea);
    expect(await received(herald)).toEqual(['ada-phone: 10 % off tea', 'cem-phone: 10 % off tea']);
  },
);

localTest(
  HOURS_PASS,
  'coupon unused after 1 h → reminder; nothing runs before that, and nothing when none waits',
  async () => {
    const herald = await bootShared({ days: true });
    for (const [name, phone] of [
      ['ada', '+12025550001'],
      ['bob', '+12025550002'],
      ['cem', '+12025550003'],
    ] as const)
      await addPerson(herald, name, { phone });
    const without = { eventType: herald.own('coupon.used') };
    const window = { without, within: { hours: 1 }, same: 'code' } as const;
    await activeTrigger(herald, 'coupon.sent', window, 'Use {{ event.properties.code }}');
    const shop = await shopOf(herald);
    const rung = () =>
      Object.entries(herald.cloud.meter.snapshot()['scheduler-invocation'] ?? {})
        .filter(([name]) => name.includes('Timer'))
        .reduce((sum, [, { units }]) => sum + units, 0);
    const before = rung();

    await shop.tell('coupon.sent', 'ada', { code: 'A' });
    await shop.again();
    await shop.tell('coupon.sent', 'bob', { code: 'B' });
    // Of an app that was offline: used before Herald hears that it was sent.
    await shop.tell('coupon.used', 'cem', { code: 'C' }, MINUTE);
    await shop.tell('coupon.sent', 'cem', { code: 'C' }, 2 * MINUTE);
    await herald.cloud.clock.advance(30 * MINUTE);
    await shop.tell('coupon.used', 'bob', { code: 'B' });
    await shop.tell('coupon.used', 'ada', { code: 'another' });
    await herald.cloud.clock.advance(29 * MINUTE);
    expect(rung() - before).toBe(0);
    expect(await received(herald)).toEqual([]);
    await herald.cloud.clock.advance(3 * MINUTE);
    expect(await received(herald)).toEqual(['+12025550001: Use A']);
    expect(rung() - before).toBe(1);
    await herald.cloud.clock.advance(24 * HOUR);
    expect(rung() - before).toBe(1);
    expect(await herald.cloud.inbox.count()).toBe(1);
  },
);

localTest(HOURS_PASS, 'a coupon that waited while the trigger was paused is not reminded of', async () => {
  const herald = await bootShared({ days: true });
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  await addPerson(herald, 'bob', { phone: '+12025550002' });
  const window = { without: { eventType: herald.own('used') }, within: { hours: 1 } };
  const trigger = await activeTrigger(herald, 'sent', window, 'Still there?');
  const shop = await shopOf(herald);
  await shop.tell('sent', 'ada');
  const paused = await trigger.pause();
  // Nobody watches meanwhile, so nobody can say later that it was not used.
  await shop.tell('used', 'ada');
  await herald.cloud.clock.advance(10 * MINUTE);
  await trigger.resume(paused);
  await shop.tell('sent', 'bob');
  await herald.cloud.clock.advance(2 * HOUR);
  expect(await received(herald)).toEqual(['+12025550002: Still there?']);
});

localTest('the process is stopped', 'a timer that fell due while everything was down rings at the start', async () => {
  const persist = mkdtempSync(join(tmpdir(), 'herald-timers-'));
  onTestFinished(() => rmSync(persist, { recursive: true, force: true }));
  const before = await bootLocal({ persist });
  await addPerson(before, 'ada', { phone: '+12025550001' });
  const window = { without: { eventType: before.own('used') }, within: { hours: 1 } };
  await activeTrigger(before, 'sent', window, 'Still there?');
  await (await shopOf(before)).tell('sent', 'ada');
  const startMs = before.cloud.clock.now() + 90 * MINUTE;
  await before.cloud.stop();

  const after = await bootLocal({ persist, startMs });
  await after.cloud.clock.advance(MINUTE);
  expect(await received(after)).toEqual(['+12025550001: Still there?']);
});

test('spend in a campaign reaches 999 → reward notice, once, whatever comes before, after and twice', async () => {
  const herald = await boot({ days: true });
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  const startMs = herald.cloud.clock.now();
  const [since, until] = [0, 48 * HOUR].map((ms) => new Date(startMs + ms).toISOString()) as [string, string];
  await activeTrigger(
    herald,
    'purchase',
    { sum: 'amount', since, until, reaches: 999 },
    'You spent {{ window.value }}',
  );
  const shop = await shopOf(herald);
  await shop.tell('purchase', 'ada', { amount: 5_000 }, herald.cloud.clock.now() - startMs + MINUTE);
  await shop.tell('purchase', 'ada', { amount: 600.5 });
  await shop.again();
  expect(await received(herald)).toEqual([]);
  await shop.tell('purchase', 'ada', { amount: 398.5 });
  await shop.again();
  await shop.tell('purchase', 'ada', { amount: 1_000 });
  expect(await received(herald)).toEqual(['+12025550001: You spent 999']);
});

test('order placed → SMS at once', async () => {
  const herald = await boot({ days: true });
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  await activeTrigger(herald, 'order', undefined, 'Thank you for {{ event.properties.number }}');
  await (await shopOf(herald)).tell('order', 'ada', { number: 'N-1' });
  expect(await received(herald)).toEqual(['+12025550001: Thank you for N-1']);
});

localTest(HOURS_PASS, 'three views within ten minutes → a message, at most one in ten minutes', async () => {
  const herald = await bootShared({ days: true });
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  await activeTrigger(herald, 'view', { count: true, within: { minutes: 10 }, reaches: 3 }, '{{ window.value }} views');
  const shop = await shopOf(herald);
  for (let n = 0; n < 3; n += 1) {
    await shop.tell('view', 'ada');
    await herald.cloud.clock.advance(6 * MINUTE);
  }
  expect(await received(herald)).toEqual([]);
  for (let n = 0; n < 5; n += 1) await shop.tell('view', 'ada');
  await herald.cloud.clock.advance(10 * MINUTE);
  for (let n = 0; n < 3; n += 1) await shop.tell('view', 'ada');
  expect(await received(herald)).toEqual(['+12025550001: 3 views', '+12025550001: 3 views']);
});

localTest('faults are injected', 'under duplicated batches every unused coupon is reminded of once', async () => {
  const herald = await bootLocal({ faults: { seed: 3, duplicateBatch: 0.4 } });
  const names = Array.from({ length: 12 }, (_, n) => `p${n}`);
  for (const [n, name] of names.entries()) await addPerson(herald, name, { phone: `+1202555${1_000 + n}` });
  const window = { without: { eventType: herald.own('used') }, within: { minutes: 30 } };
  await activeTrigger(herald, 'sent', window, 'Still there?');
  const shop = await shopOf(herald);
  for (const name of names) {
    await shop.tell('sent', name);
    await shop.again();
  }
  await herald.cloud.clock.advance(MINUTE);
  for (const name of names.slice(0, 6)) await shop.tell('used', name);
  await herald.cloud.clock.advance(HOUR);
  expect((await received(herald)).sort()).toEqual(names.slice(6).map((_, n) => `+1202555${1_006 + n}: Still there?`));
});
