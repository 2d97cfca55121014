import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { parseApiKey } from '../../core/access/source.ts';
import { DETAIL_TYPE_MANY, DETAIL_TYPE_ONE, type EventRow } from '../../core/event/event.ts';
import type { Window } from '../../core/event/trigger.ts';
import { bootShared, type LocalHerald, localTest } from './boot.ts';
import { addPerson } from './people.ts';

// Event time and intake time, events that come late, early or several times.

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

/** An active trigger that sends an SMS. */
const activate = async (
  { api, as, cloud, own }: LocalHerald,
  text: string,
  more: { window?: Window; maxLatenessSeconds?: number } = {},
) => {
  const template = { name: text, channels: { sms: { text } } };
  const { id: templateId } = await api.must<{ id: string }>('POST /v1/templates', await as('marketer-mia', template));
  const trigger = {
    ...{
      name: text,
      eventType: own('order'),
      templateId,
      channelPolicy: ['sms'],
      topic: 'orders',
      lane: 'transactional',
    },
    ...more,
  };
  const { id, version } = await api.must<{ id: string; version: number }>(
    'POST /v1/triggers',
    await as('marketer-mia', trigger),
  );
  await api.must(`POST /v1/triggers/${id}/activate`, await as('approver-ada', { version }));
  await cloud.clock.advance(10 * SECOND);
};

/** A shop that speaks by HTTP and by the bus, as one source. Times are told as how long ago. */
const shopOf = async ({ api, cloud, connectSource, own }: LocalHerald) => {
  const apiKey = await connectSource('Shop');
  const source = parseApiKey(apiKey)?.sourceId ?? '';
  const order = (id: string, agoMs?: number) => ({
    ...{ id, type: own('order'), profileId: own('ada') },
    ...(agoMs !== undefined && { time: new Date(cloud.clock.now() - agoMs).toISOString() }),
  });
  type Result = { status: string; reason?: string; path?: string };
  return {
    source,
    order,
    async post(...events: object[]) {
      const { results } = await api.must<{ results: Result[] }>('POST /v1/events', { apiKey, body: { events } });
      await cloud.clock.idle();
      return results;
    },
    async put(detailType: string, detail: object) {
      await cloud.putOnBus({ source, detailType, detail });
      await cloud.clock.idle();
    },
  };
};

const texts = ({ cloud }: LocalHerald) =>
  cloud.inbox
    .list()
    .map(({ body }) => body)
    .sort();

/** How many people did it so often, by the lake. */
const countOf = async ({ api, as, cloud, own }: LocalHerald, count: object) => {
  cloud.flushLake();
  const segment = { event: own('order'), count };
  return (await api.must<{ size: number }>('POST /v1/segments/preview', await as('viewer-vera', { segment }))).size;
};

/** All rows of the lake table `events` about this test's orders, repeats included. */
const rowsOf = ({ cloud, own }: LocalHerald): EventRow[] => {
  cloud.flushLake();
  const buckets = cloud.resources.filter(({ type }) => type === 'AWS::S3::Bucket').map(({ ref }) => ref);
  const files = buckets.flatMap((bucket) =>
    cloud.services.s3.keys(bucket, 'events/').map((key) => cloud.services.s3.get(bucket, key) ?? Buffer.alloc(0)),
  );
  const lines = files.flatMap((file) => gunzipSync(file).toString().trim().split('\n'));
  return lines.map((line) => JSON.parse(line) as EventRow).filter(({ type }) => type === own('order'));
};

localTest(
  'the bus of the emulator knows no source of the API',
  'the same event by HTTP, by HTTP again and by the bus, alone and in an envelope: each trigger acts once',
  async () => {
    const herald = await bootShared();
    await addPerson(herald, 'ada', { phone: '+12025550001' });
    await activate(herald, 'Thank you');
    await activate(herald, 'Welcome');
    await activate(herald, 'Second order', { window: { count: true, within: { days: 1 }, reaches: 2 } });
    const shop = await shopOf(herald);
    const order = shop.order('o-1', 0);
    expect(await shop.post(order, order)).toEqual([
      { index: 0, id: 'o-1', status: 'accepted' },
      { index: 1, id: 'o-1', status: 'accepted', reason: 'duplicate' },
    ]);
    await shop.post(order);
    await shop.put(DETAIL_TYPE_ONE, order);
    await shop.put(DETAIL_TYPE_MANY, { events: [order, order] });
    await herald.cloud.clock.advance(10 * 60 * SECOND);
    await shop.post(order);
    expect(texts(herald)).toEqual(['Thank you', 'Welcome']);
    expect([await countOf(herald, { equals: 1 }), await countOf(herald, { atLeast: 2 })]).toEqual([1, 0]);

    // The same id of another source is another event.
    const other = await shopOf(herald);
    await other.post(order);
    expect(texts(herald)).toEqual(['Second order', 'Thank you', 'Thank you', 'Welcome', 'Welcome']);
    expect(await countOf(herald, { equals: 2 })).toBe(1);
  },
);

localTest(
  'it needs the exact time',
  'an event that is an hour and a second late sends nothing, but counts in a window and in a segment',
  async () => {
    const herald = await bootShared();
    await addPerson(herald, 'ada', { phone: '+12025550001' });
    await activate(herald, 'Thank you');
    await activate(herald, 'Patient thanks', { maxLatenessSeconds: 7_200 });
    await activate(herald, 'Two orders', { window: { count: true, within: { hours: 6 }, reaches: 2 } });
    const shop = await shopOf(herald);
    expect(await shop.post(shop.order('late', HOUR + SECOND))).toMatchObject([{ status: 'accepted' }]);
    expect(texts(herald)).toEqual(['Patient thanks']);
    expect(await countOf(herald, { equals: 1 })).toBe(1);

    await shop.post(shop.order('in time', HOUR - SECOND));
    expect(texts(herald)).toEqual(['Patient thanks', 'Patient thanks', 'Thank you', 'Two orders']);
    expect(await countOf(herald, { equals: 2 })).toBe(1);
  },
);

localTest(
  'it needs the exact time',
  'two events that are both too late fire no window, and the next one in time fires it',
  async () => {
    const herald = await bootShared();
    await addPerson(herald, 'ada', { phone: '+12025550001' });
    await activate(herald, 'Two orders', { window: { count: true, within: { hours: 6 }, reaches: 2 } });
    const shop = await shopOf(herald);
    await shop.post(shop.order('a', 2 * HOUR), shop.order('b', 2 * HOUR));
    expect(texts(herald)).toEqual([]);
    await shop.post(shop.order('c'));
    expect(texts(herald)).toEqual(['Two orders']);
  },
);

localTest(
  'it needs the exact time',
  'an event that is a day ahead is taken, one that is more is refused, by HTTP with its reason and on the bus with a log line',
  async () => {
    const herald = await bootShared();
    await addPerson(herald, 'ada', { phone: '+12025550001' });
    await activate(herald, 'Thank you');
    const shop = await shopOf(herald);
    expect(await shop.post(shop.order('ahead', -DAY), shop.order('too far', -DAY - 1))).toEqual([
      { index: 0, id: 'ahead', status: 'accepted' },
      { index: 1, id: 'too far', status: 'refused', reason: 'time-in-future', path: 'time' },
    ]);
    expect(texts(herald)).toEqual(['Thank you']);
    await shop.put(DETAIL_TYPE_ONE, shop.order('too far', -DAY - 1));
    const refused = herald.cloud
      .logs('accept-bus-events')
      .filter((line) => line.includes('time-in-future') && line.includes(shop.source));
    expect(refused).toHaveLength(1);
    expect(rowsOf(herald).map(({ id }) => id)).toEqual(['ahead']);
    // What has not happened yet counts for nobody.
    expect(await countOf(herald, { atLeast: 1 })).toBe(0);
    await herald.cloud.clock.advance(DAY);
    expect(await countOf(herald, { atLeast: 1 })).toBe(1);
  },
);

localTest('it reads the files of the lake', 'the lake keeps when an event happened and when it came', async () => {
  const herald = await bootShared();
  const shop = await shopOf(herald);
  const nowMs = herald.cloud.clock.now();
  await shop.post(shop.order('now'), shop.order('before', 5 * HOUR), shop.order('ahead', -HOUR));
  await shop.put(DETAIL_TYPE_ONE, shop.order('year', 365 * DAY));
  const times = rowsOf(herald).map(({ id, source, time_ms, received_ms }) => [
    id,
    source,
    time_ms - nowMs,
    received_ms - nowMs,
  ]);
  expect(times.sort()).toEqual([
    ['ahead', shop.source, HOUR, 0],
    ['before', shop.source, -5 * HOUR, 0],
    ['now', shop.source, 0, 0],
    ['year', shop.source, -365 * DAY, 0],
  ]);
});
