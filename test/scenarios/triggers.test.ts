import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { boot, bootLocal, type Herald, localTest } from './boot.ts';
import { addPerson } from './people.ts';

const writeTrigger = async (herald: Herald, trigger: Record<string, unknown>, text: string) => {
  const { id: templateId } = await herald.api.must<{ id: string }>(
    'POST /v1/templates',
    await herald.as('marketer-mia', { name: 'Notice', channels: { sms: { text } } }),
  );
  const base = { name: 'Notice', templateId, channelPolicy: ['sms'], topic: 'orders', lane: 'transactional' };
  return herald.api.must<{ id: string; version: number }>(
    'POST /v1/triggers',
    await herald.as('marketer-mia', { ...base, ...trigger }),
  );
};
const activate = async (herald: Herald, { id, version }: { id: string; version: number }) => {
  await herald.api.must(`POST /v1/triggers/${id}/activate`, await herald.as('approver-ada', { version }));
  await herald.cloud.clock.advance(10_000);
};
const send = async (herald: Herald, apiKey: string, events: object[]) => {
  await herald.api.must('POST /v1/events', { apiKey, body: { events } });
  await herald.cloud.clock.idle();
};

test('order placed → SMS at once, once, however often the event is sent, over HTTP and EventBridge', async () => {
  const herald = await boot();
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  const trigger = await writeTrigger(
    herald,
    { eventType: herald.own('order.placed'), where: [{ property: 'total', atLeast: 10 }] },
    'Thank you for ${{ event.properties.total }}',
  );
  await activate(herald, trigger);
  const apiKey = await herald.connectSource('Shop');
  const order = {
    id: 'o-1',
    type: herald.own('order.placed'),
    profileId: herald.own('ada'),
    properties: { total: 59.9 },
  };
  await send(herald, apiKey, [order, order, { ...order, id: 'o-2', properties: { total: 9 } }]);
  await send(herald, apiKey, [order]);
  expect((await herald.cloud.inbox.list()).map(({ body }) => body)).toEqual(['Thank you for $59.9']);

  await herald.cloud.putOnBus({
    source: herald.own('shop.orders'),
    detailType: 'Herald Event',
    detail: { ...order, id: 'o-3' },
  });
  await herald.cloud.putOnBus({
    source: herald.own('shop.orders'),
    detailType: 'Herald Events',
    detail: { events: [{ ...order, id: 'o-4' }, { nonsense: true }, { ...order, id: 'o-5', type: 'order.viewed' }] },
  });
  await herald.cloud.clock.advance(5_000);
  expect(await herald.cloud.inbox.count()).toBe(3);
});

test('spend since a date reaches 999 → one notice, whatever the order and repetition of events', async () => {
  const herald = await boot();
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  await addPerson(herald, 'bob', { phone: '+12025550002' });
  const startMs = herald.cloud.clock.now();
  const since = new Date(startMs).toISOString();
  await activate(
    herald,
    await writeTrigger(
      herald,
      { eventType: herald.own('purchase'), window: { sum: 'amount', since, reaches: 999 } },
      'You reached {{ window.value }}',
    ),
  );
  const apiKey = await herald.connectSource('Shop');
  const buy = (profileId: string, id: string, amount: number) => ({
    id,
    type: herald.own('purchase'),
    profileId: herald.own(profileId),
    properties: { amount },
  });
  await send(herald, apiKey, [buy('ada', '1', 400), buy('ada', '2', 400), buy('bob', '3', 998)]);
  await send(herald, apiKey, [buy('ada', '2', 400)]);
  expect(await herald.cloud.inbox.count()).toBe(0);
  const old = { ...buy('ada', '4', 5_000), time: new Date(startMs - 1_000).toISOString() };
  await send(herald, apiKey, [old]);
  expect(await herald.cloud.inbox.count()).toBe(0);
  await send(herald, apiKey, [buy('ada', '5', 200), buy('ada', '6', 200)]);
  await send(herald, apiKey, [buy('ada', '7', 900)]);
  expect((await herald.cloud.inbox.list()).map(({ to, body }) => `${to} ${body}`)).toEqual([
    '+12025550001 You reached 1000',
  ]);
});

test('its author cannot activate it, an edit needs a new activation, and a pause stops it', async () => {
  const herald = await boot();
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  const trigger = await writeTrigger(herald, { eventType: herald.own('ping') }, 'Pong');
  const self = await herald.cloud.tokens.issue({ sub: 'marketer-mia', groups: ['approver'] });
  const own = await herald.api.call(`POST /v1/triggers/${trigger.id}/activate`, {
    token: self,
    body: { version: trigger.version },
  });
  expect(own).toMatchObject({ status: 403, body: { type: '/problems/own-approval' } });
  const apiKey = await herald.connectSource('Shop');
  const ping = (id: string, time?: string) => ({
    id,
    type: herald.own('ping'),
    profileId: herald.own('ada'),
    ...(time && { time }),
  });
  await send(herald, apiKey, [ping('1')]);
  expect(await herald.cloud.inbox.count()).toBe(0);

  await activate(herald, trigger);
  await send(herald, apiKey, [ping('2'), ping('3', new Date(herald.cloud.clock.now() - 86_400_000).toISOString())]);
  expect(await herald.cloud.inbox.count()).toBe(1);
  await herald.api.must(`POST /v1/triggers/${trigger.id}/pause`, await herald.as('operator-oscar', {}));
  await herald.cloud.clock.advance(10_000);
  await send(herald, apiKey, [ping('4')]);
  expect(await herald.cloud.inbox.count()).toBe(1);
});

localTest(
  'it looks at the files of S3, and starts anew',
  'a changed trigger acts within ten seconds, also where the compiled triggers are older',
  async () => {
    const persist = mkdtempSync(join(tmpdir(), 'herald-triggers-'));
    onTestFinished(() => rmSync(persist, { recursive: true, force: true }));
    const compiled = () =>
      readdirSync(persist, { recursive: true, encoding: 'utf8' }).some((file) => file.endsWith('triggers/current.bin'));
    const write = (herald: Herald, city: string) =>
      writeTrigger(herald, { eventType: 'visit', where: [{ property: 'city', equals: city }] }, `Hello ${city}`);

    const before = await bootLocal({ persist });
    await addPerson(before, 'ada', { phone: '+12025550001' });
    const apiKey = await before.connectSource('Shop');
    const [paris, rome] = [await write(before, 'Paris'), await write(before, 'Rome')];
    await activate(before, paris);
    expect(compiled()).toBe(false);
    await before.cloud.clock.advance(120_000);
    expect(compiled()).toBe(true);
    const startMs = before.cloud.clock.now();
    await before.cloud.stop();

    // New environments: they load what was compiled, in which Rome is not.
    const after = await bootLocal({ persist, startMs });
    const visit = async (id: string, city: string) =>
      send(after, apiKey, [{ id, type: 'visit', profileId: 'ada', properties: { city } }]);
    await visit('v1', 'Paris');
    await visit('v2', 'Rome');
    const bodies = async () => (await after.cloud.inbox.list()).map(({ body }) => body).sort();
    expect(await bodies()).toEqual(['Hello Paris']);
    await activate(after, rome);
    await after.api.must(`POST /v1/triggers/${paris.id}/pause`, await after.as('operator-oscar', {}));
    await after.cloud.clock.advance(10_000);
    await visit('v3', 'Paris');
    await visit('v4', 'Rome');
    expect(await bodies()).toEqual(['Hello Paris', 'Hello Rome']);
  },
);
