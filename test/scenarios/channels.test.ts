import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { bootShared, type Herald, localTest } from './boot.ts';
import { addPerson, approve, type CampaignView, submit } from './people.ts';

const NEEDS = 'the receivers are on this machine';

/** Somebody else's system; it keeps the bodies that are posted to it. */
const otherSystem = async () => {
  const bodies: { type: string; data: Record<string, unknown> }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    bodies.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { bodies, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/calls` };
};

const template = async ({ api, as }: Herald, channels: Record<string, object>): Promise<string> =>
  (await api.must<{ id: string }>('POST /v1/templates', await as('marketer-mia', { name: 'Notice', channels }))).id;

/** A transactional message on this channel for each `order.placed`. */
const trigger = async (herald: Herald, channelPolicy: string[], templateId: string) => {
  const { api, as, cloud, own } = herald;
  const base = { name: 'Order', eventType: own('order.placed'), where: [], topic: 'orders', lane: 'transactional' };
  const { id, version } = await api.must<{ id: string; version: number }>(
    'POST /v1/triggers',
    await as('marketer-mia', { ...base, templateId, channelPolicy }),
  );
  await api.must(`POST /v1/triggers/${id}/activate`, await as('approver-ada', { version }));
  await cloud.clock.advance(10_000);
};

const order = async ({ api, cloud, own }: Herald, apiKey: string, id: string) => {
  const event = { id, type: own('order.placed'), profileId: own('ada'), properties: { total: 59.9 } };
  await api.must('POST /v1/events', { apiKey, body: { events: [event] } });
  await cloud.clock.idle();
};

const runCampaign = async (herald: Herald, templateId: string, channelPolicy: string[]) => {
  const { api, as, cloud, own } = herald;
  const segment = { attribute: 'city', equals: own('Paris') };
  const { id: segmentId } = await api.must<{ id: string }>(
    'POST /v1/segments',
    await as('marketer-mia', { name: 'Paris', segment }),
  );
  const campaign = await api.must<CampaignView>(
    'POST /v1/campaigns',
    await as('marketer-mia', { name: 'News', audience: { segmentId }, templateId, channelPolicy, topic: 'news' }),
  );
  await cloud.clock.advance(120_000);
  await submit(herald, campaign);
  await approve(herald, campaign);
  await cloud.clock.advance(600_000);
  type Report = { byChannel: Record<string, number>; skipped: Record<string, number> };
  return api.must<Report>(`GET /v1/campaigns/${campaign.id}/report`, await as('viewer-vera'));
};

localTest(NEEDS, 'a message waits in the inbox of its person until the app shows it, and is then read', async () => {
  const herald = await bootShared();
  const { api, cloud, own } = herald;
  const ada = own('ada');
  const inPerson = { attributes: { city: 'Paris' } };
  await addPerson(herald, 'ada', inPerson, { inapp: true });
  await addPerson(herald, 'bob', { ...inPerson, email: 'bob@example.com' }, { inapp: false, email: true });
  await addPerson(herald, 'cyd', inPerson, {});
  const templateId = await template(herald, {
    inapp: { title: 'Hello {{ profile.profileId }}', body: 'News', url: 'https://example.com/{{ profile.profileId }}' },
    email: { subject: 'Hello', html: 'News' },
  });
  expect(await runCampaign(herald, templateId, ['inapp', 'email'])).toMatchObject({
    byChannel: { inapp: 1, email: 1 },
    skipped: { 'no-consent': 1 },
  });
  expect(cloud.inbox.list().map(({ to }) => to)).toEqual(['bob@example.com']);

  const apiKey = await herald.connectSource('App');
  const unread = () =>
    api.must<{ items: { messageId: string; title: string; url: string }[] }>(
      `GET /v1/inbox/${ada}/messages?unread=true`,
      {
        apiKey,
      },
    );
  const { items } = await unread();
  expect(items).toMatchObject([{ title: `Hello ${ada}`, url: `https://example.com/${ada}` }]);
  await api.must(`POST /v1/inbox/${ada}/messages/${items[0]?.messageId}/read`, { apiKey, body: {} });
  expect((await unread()).items).toEqual([]);
});

localTest(NEEDS, 'another system is told what to say to whom, and once', async () => {
  const herald = await bootShared();
  const { api, as } = herald;
  const { bodies, url } = await otherSystem();
  const endpoint = await api.must<{ id: string }>(
    'POST /v1/webhook-endpoints',
    await as('admin-amir', { name: 'Calls', url }),
  );
  await addPerson(herald, 'ada', { phone: '+12025550001' });
  const fields = { text: 'Thank you for ${{ event.properties.total }}', phone: '{{ profile.phone }}' };
  await trigger(herald, ['webhook'], await template(herald, { webhook: { endpointId: endpoint.id, fields } }));
  const apiKey = await herald.connectSource('Shop');
  await order(herald, apiKey, 'o-1');
  await order(herald, apiKey, 'o-1');
  expect(bodies).toMatchObject([
    {
      type: 'message',
      data: { profileId: herald.own('ada'), fields: { text: 'Thank you for $59.9', phone: '+12025550001' } },
    },
  ]);
});

localTest(
  NEEDS,
  'a push goes to each device; a dead one goes by itself, and a device goes with whoever signs in',
  async () => {
    const herald = await bootShared();
    const { api, as, cloud, own } = herald;
    await addPerson(herald, 'ada', {});
    await addPerson(herald, 'bob', {});
    const apiKey = await herald.connectSource('App');
    const register = (name: string, token: string) =>
      api.must('POST /v1/devices', { apiKey, body: { profileId: own(name), token, platform: 'fcm' } });
    for (const token of ['phone', 'dead-tablet', 'denied-watch', 'renew-laptop']) await register('ada', token);
    await trigger(herald, ['push'], await template(herald, { push: { title: 'Thank you', body: 'for your order' } }));

    await order(herald, apiKey, 'o-1');
    const pushed = () =>
      cloud.inbox
        .list()
        .map(({ to }) => to)
        .sort();
    expect(pushed()).toEqual(['phone', 'renew-laptop']);
    const devicesOf = async (name: string) => {
      const { devices = [] } = await api.must<{ devices?: object[] }>(
        `GET /v1/profiles/${own(name)}`,
        await as('viewer-vera'),
      );
      return devices.length;
    };
    // Of the watch nobody knows whether its token or our credentials are wrong.
    expect(await devicesOf('ada')).toBe(3);

    await register('bob', 'phone');
    expect([await devicesOf('ada'), await devicesOf('bob')]).toEqual([2, 1]);
    await order(herald, apiKey, 'o-2');
    expect(pushed()).toEqual(['phone', 'renew-laptop', 'renewed-laptop']);
  },
);

localTest(NEEDS, 'WeChat first, WhatsApp for whoever does not follow the account', async () => {
  const herald = await bootShared();
  const { api, as, cloud, own } = herald;
  const inParis = { attributes: { city: 'Paris', points: 12 } };
  const everywhere = { wechat: true, whatsapp: true };
  const people = {
    ann: { wechatOpenId: 'open-ann', phone: '+12025550001' },
    bob: { wechatOpenId: 'nofollow-bob', phone: '+12025550002' },
    cyd: { phone: '+12025550003' },
    dan: {},
  };
  for (const [name, addresses] of Object.entries(people)) {
    await addPerson(herald, name, { ...inParis, ...addresses } as never, everywhere);
  }
  const templateId = await template(herald, {
    wechat: {
      templateId: 'points',
      data: { thing1: '{{ profile.profileId }}', number2: '{{ profile.attributes.points }}' },
    },
    whatsapp: { template: 'points', language: 'en', parameters: ['{{ profile.profileId }}'] },
  });
  const preview = await api.must<{ rendered: object[] }>(
    `POST /v1/templates/${templateId}/preview`,
    await as('marketer-mia', { profileId: own('ann') }),
  );
  expect(preview.rendered).toEqual([
    { channel: 'whatsapp', template: 'points', language: 'en', parameters: [own('ann')], notes: [] },
    { channel: 'wechat', templateId: 'points', data: { thing1: own('ann'), number2: '12' }, notes: [] },
  ]);
  expect(await runCampaign(herald, templateId, ['wechat', 'whatsapp'])).toMatchObject({
    byChannel: { wechat: 1, whatsapp: 2 },
    skipped: { 'no-address': 1 },
  });
  const inbox = cloud.inbox.list().map(({ channel, to, title, body }) => [channel, to, title, body]);
  expect(inbox.sort()).toEqual([
    ['wechat', 'open-ann', 'points', `thing1: ${own('ann')}\nnumber2: 12`],
    ['whatsapp', '+12025550002', 'points (en)', own('bob')],
    ['whatsapp', '+12025550003', 'points (en)', own('cyd')],
  ]);
});
