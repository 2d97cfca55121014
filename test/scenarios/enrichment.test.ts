import { expect, test } from 'vitest';
import { boot, bootShared, type Herald, localTest } from './boot.ts';
import { addPerson } from './people.ts';

/** A shop whose events say only which product was looked at: the margin stands in a reference table. */
const openShop = async (herald: Herald) => {
  const table = herald.own('products').toLowerCase();
  await herald.api.must(
    `PUT /v1/reference-tables/${table}`,
    await herald.as('marketer-mia', { name: 'Products', columns: { margin: 'number', brand: 'text' }, version: 0 }),
  );
  const writeRows = async (rows: object[]) =>
    herald.api.must(`POST /v1/reference-tables/${table}/rows`, await herald.as('marketer-mia', { rows }));
  await writeRows([
    { key: 'SHOE', values: { margin: 20, brand: 'Acme' } },
    { key: 'SOCK', values: { margin: 1 } },
  ]);
  const type = herald.own('product.viewed');
  const apiKey = await herald.connectSource('Shop');
  let views = 0;
  const view = async (name: string, properties: object) => {
    views += 1;
    const event = { id: `view-${views}`, type, profileId: herald.own(name), properties };
    await herald.api.must('POST /v1/events', { apiKey, body: { events: [event] } });
    await herald.cloud.clock.idle();
  };
  return { table, type, writeRows, view };
};

const activate = async (herald: Herald, eventType: string, where: object[]) => {
  const { id: templateId } = await herald.api.must<{ id: string }>(
    'POST /v1/templates',
    await herald.as('marketer-mia', { name: 'Offer', channels: { sms: { text: 'Still thinking about it?' } } }),
  );
  const trigger = { name: 'Offer', templateId, channelPolicy: ['sms'], topic: 'orders', lane: 'transactional' };
  const { id, version } = await herald.api.must<{ id: string; version: number }>(
    'POST /v1/triggers',
    await herald.as('marketer-mia', { ...trigger, eventType, where }),
  );
  await herald.api.must(`POST /v1/triggers/${id}/activate`, await herald.as('approver-ada', { version }));
  await herald.cloud.clock.advance(10_000);
};

const sentTo = async (herald: Herald) => (await herald.cloud.inbox.list()).map(({ to }) => to).sort();

test('a rule asks what the event does not carry: the person’s tier and consent, and the margin of the product', async () => {
  const herald = await boot();
  const gold = { attributes: { tier: 'gold' } };
  await addPerson(herald, 'ada', { phone: '+12025550001', ...gold });
  await addPerson(herald, 'bob', { phone: '+12025550002', attributes: { tier: 'silver' } });
  await addPerson(herald, 'cleo', { phone: '+12025550003', ...gold }, { sms: false });
  await addPerson(herald, 'dan', { phone: '+12025550004', ...gold });
  const { table, type, view } = await openShop(herald);
  await activate(herald, type, [
    { attribute: 'tier', equals: 'gold' },
    { consent: 'sms', equals: true },
    { reference: table, by: 'sku', column: 'margin', atLeast: 10 },
  ]);
  for (const name of ['ada', 'bob', 'cleo', 'nobody']) await view(name, { sku: 'SHOE' });
  await view('dan', { sku: 'SOCK' });
  await view('dan', { sku: 'UNKNOWN' });
  await view('dan', {});
  expect(await sentTo(herald)).toEqual(['+12025550001']);
});

localTest(
  'it waits a minute',
  'a changed row of a reference table acts within a minute, a removed one too',
  async () => {
    const herald = await bootShared();
    await addPerson(herald, 'ada', { phone: '+12025550001' });
    await addPerson(herald, 'dan', { phone: '+12025550004' });
    const { table, type, view, writeRows } = await openShop(herald);
    await activate(herald, type, [{ reference: table, by: 'sku', column: 'margin', atLeast: 10 }]);
    await view('ada', { sku: 'SHOE' });
    await view('dan', { sku: 'SOCK' });
    expect(await sentTo(herald)).toEqual(['+12025550001']);

    await writeRows([
      { key: 'SOCK', values: { margin: 12 } },
      { key: 'SHOE', remove: true },
    ]);
    await herald.cloud.clock.advance(60_000);
    await view('ada', { sku: 'SHOE' });
    await view('dan', { sku: 'SOCK' });
    expect(await sentTo(herald)).toEqual(['+12025550001', '+12025550004']);
  },
);

test('an event type that nobody has announced is in the catalogue, with its properties, without any release', async () => {
  const herald = await boot();
  const apiKey = await herald.connectSource('Shop');
  const type = herald.own('wish.added');
  const properties = { tier: 'gold', email: 'ada@example.com', lines: [{ sku: 'A-1', price: 9.5 }] };
  // A text is shown as an example once three people have sent it: until then it may be somebody's own.
  const events = ['ada', 'bob', 'cleo'].map((name) => ({
    ...{ id: `w-${name}`, type, profileId: herald.own(name) },
    properties: { ...properties, motto: name === 'ada' ? 'Carpe-diem' : 'none of yours' },
  }));
  await herald.api.must('POST /v1/events', { apiKey, body: { events } });
  await herald.cloud.clock.idle();

  type EventType = { type: string; sources: string[]; properties: { path: string; examples: unknown[] }[] };
  const found = await herald.api.must<EventType>(`GET /v1/event-types/${type}`, await herald.as('viewer-vera'));
  expect(found.properties.map(({ path, examples }) => [path, ...examples].join(' '))).toEqual([
    'email',
    'lines',
    'lines[]',
    'lines[].price 9.5',
    'lines[].sku',
    'motto',
    'tier gold',
  ]);
  expect(found.sources).toHaveLength(1);
  const asViewer = await herald.as('viewer-vera');
  const { items } = await herald.api.must<{ items: EventType[] }>('GET /v1/event-types?limit=100', asViewer);
  expect(items.map((item) => item.type)).toContain(type);
});
