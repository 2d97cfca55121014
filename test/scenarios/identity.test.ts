import { expect, test } from 'vitest';
import { boot, type Herald } from './boot.ts';
import { addPerson } from './people.ts';

const HOUR_MS = 3_600_000;

/** A thank-you to whoever orders within a day of looking at a product. */
const thankBuyers = async ({ api, as, own, cloud }: Herald) => {
  const { id: templateId } = await api.must<{ id: string }>(
    'POST /v1/templates',
    await as('marketer-mia', { name: 'Thanks', channels: { sms: { text: 'Thank you' } } }),
  );
  const { id, version } = await api.must<{ id: string; version: number }>(
    'POST /v1/triggers',
    await as('marketer-mia', {
      name: 'Looked, then bought',
      eventType: own('order.placed'),
      window: { after: { eventType: own('product.viewed') }, within: { hours: 24 } },
      templateId,
      channelPolicy: ['sms'],
      topic: 'orders',
      lane: 'transactional',
    }),
  );
  await api.must(`POST /v1/triggers/${id}/activate`, await as('approver-ada', { version }));
  await cloud.clock.advance(10_000);
};

/** What a shop's website sends. `person` names a profile, a device, or both. */
const shopOf = async ({ api, own, cloud, connectSource }: Herald) => {
  const apiKey = await connectSource('Shop');
  let count = 0;
  return async (type: string, { profileId, anonymousId }: { profileId?: string; anonymousId?: string }, agoMs = 0) => {
    count += 1;
    const event = {
      id: `e-${count}`,
      type: own(type),
      ...(profileId && { profileId: own(profileId) }),
      ...(anonymousId && { anonymousId: own(anonymousId) }),
      time: new Date(cloud.clock.now() - agoMs).toISOString(),
    };
    await api.must('POST /v1/events', { apiKey, body: { events: [event] } });
    await cloud.clock.idle();
  };
};

const textsOf = async ({ cloud }: Herald) => (await cloud.inbox.list()).map(({ to, body }) => `${to} ${body}`);

test('somebody browses, signs in and buys: the message that browsing and buying ask for comes, once', async () => {
  const herald = await boot();
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  await thankBuyers(herald);
  const send = await shopOf(herald);
  await send('product.viewed', { anonymousId: 'laptop' }, HOUR_MS);
  await send('session.started', { profileId: 'ada', anonymousId: 'laptop' });
  expect(await herald.cloud.inbox.count()).toBe(0);
  await send('order.placed', { profileId: 'ada' });
  await send('order.placed', { profileId: 'ada' });
  expect(await textsOf(herald)).toEqual(['+12025550001 Thank you']);

  // What the device sends without naming anybody is theirs from now on.
  await send('product.viewed', { anonymousId: 'laptop' });
  await send('order.placed', { anonymousId: 'laptop' });
  expect(await herald.cloud.inbox.count()).toBe(2);
});

test('a second person on the same device gets neither the link nor what the first one did', async () => {
  const herald = await boot();
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  await addPerson(herald, 'bob', { phone: '+12025550002' });
  await thankBuyers(herald);
  const send = await shopOf(herald);
  await send('product.viewed', { anonymousId: 'laptop' });
  await send('session.started', { profileId: 'ada', anonymousId: 'laptop' });
  await send('order.placed', { profileId: 'bob', anonymousId: 'laptop' });
  expect(await textsOf(herald)).toEqual([]);
  await send('order.placed', { profileId: 'ada' });
  expect(await textsOf(herald)).toEqual(['+12025550001 Thank you']);

  const { api, as, own } = herald;
  const alias = await api.must(`GET /v1/aliases/${own('laptop')}`, await as('viewer-vera'));
  expect(alias).toMatchObject({ profileId: own('ada') });
  const taken = await api.call(
    `POST /v1/profiles/${own('bob')}/aliases`,
    await as('marketer-mia', { alias: own('laptop') }),
  );
  expect(taken).toMatchObject({ status: 409, body: { type: '/problems/alias-taken' } });
});

test('a segment counts what somebody looked at before they were known, whether an event or a marketer says who it was', async () => {
  const herald = await boot();
  const { api, as, own, cloud } = herald;
  await addPerson(herald, 'ada', {});
  await addPerson(herald, 'bob', {});
  const send = await shopOf(herald);
  for (const anonymousId of ['laptop', 'laptop', 'tablet', 'tablet', 'nobody', 'nobody']) {
    await send('product.viewed', { anonymousId });
  }
  const lookers = async () => {
    // Firehose gathers rows for a minute.
    await cloud.clock.advance(70_000);
    const segment = { event: own('product.viewed'), count: { atLeast: 2 } };
    const { size } = await api.must<{ size: number }>(
      'POST /v1/segments/preview',
      await as('marketer-mia', { segment }),
    );
    return size;
  };
  expect(await lookers()).toBe(0);
  await send('session.started', { profileId: 'ada', anonymousId: 'laptop' });
  expect(await lookers()).toBe(1);
  await api.must(`POST /v1/profiles/${own('bob')}/aliases`, await as('marketer-mia', { alias: own('tablet') }));
  expect(await lookers()).toBe(2);
});

test('a marketer who links an alias by hand brings along what was seen; nothing is sent before the next event', async () => {
  const herald = await boot();
  const { api, as, own, cloud } = herald;
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  await thankBuyers(herald);
  const send = await shopOf(herald);
  await send('product.viewed', { anonymousId: 'kiosk' });
  await api.must(`POST /v1/profiles/${own('ada')}/aliases`, await as('marketer-mia', { alias: own('kiosk') }));
  await cloud.clock.idle();
  expect(await cloud.inbox.count()).toBe(0);
  await send('order.placed', { profileId: 'ada' });
  expect(await textsOf(herald)).toEqual(['+12025550001 Thank you']);
});

test('an event of nobody, and one whose id is one of Herald’s own, are refused with what to do', async () => {
  const herald = await boot();
  const apiKey = await herald.connectSource('Shop');
  const events = [
    { id: '1', type: 'visit' },
    { id: '2', type: 'visit', profileId: 'anonymous:laptop' },
    { id: '3', type: 'visit', anonymousId: 'laptop' },
  ];
  const { results } = await herald.api.must<{ results: object[] }>('POST /v1/events', { apiKey, body: { events } });
  expect(results).toMatchObject([
    { status: 'refused', reason: 'invalid-field', message: 'An event has a profileId, an anonymousId, or both' },
    { status: 'refused', reason: 'invalid-field', path: 'profileId' },
    { status: 'accepted' },
  ]);
});
