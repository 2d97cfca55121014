import { expect } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootShared, type LocalHerald, localTest, untilNext } from './boot.ts';
import { addPerson, approve, draftCampaign, stateOf, submit } from './people.ts';
import { putSettings } from './put-back.ts';

const HOUR = 3_600_000;
const NIGHT = { from: '21:00', to: '08:00', otherwise: 'defer', jitterMinutes: 0 };

type Night = LocalHerald & { midnightMs: number };
/** Herald with these rules on an evening: ten in Paris, one in the afternoon in Los Angeles. `midnightMs` is when that day began, UTC. */
const heraldWith = async (settings: object): Promise<Night> => {
  const herald = await bootShared({ days: true });
  await putSettings(herald, 'delivery', { frequencyCap: { touches: 5, hours: 168 }, ...settings });
  await untilNext(herald, { hour: 21 });
  return { ...herald, midnightMs: herald.cloud.clock.now() - 21 * HOUR };
};
const person = (herald: LocalHerald, name: string, timeZone: string | undefined, rest: object = {}) =>
  addPerson(herald, name, {
    ...{ email: `${name}@example.com`, attributes: { city: 'Paris' } },
    ...(timeZone && { timeZone }),
    ...rest,
  });
const start = async (herald: LocalHerald, options: object) => {
  await herald.cloud.clock.advance(120_000);
  const draft = await draftCampaign(herald, { city: 'Paris', policy: ['email'], ...options });
  await submit(herald, draft);
  await approve(herald, draft);
  return draft;
};
const report = async (herald: LocalHerald, { id }: { id: string }) =>
  herald.api.must<CampaignReport>(`GET /v1/campaigns/${id}/report`, await herald.as('viewer-vera'));
/** Days since that evening's, and the hour of UTC. */
const nightHour = ({ midnightMs }: Night, atMs: number) =>
  `${Math.floor((atMs - midnightMs) / (24 * HOUR))}T${new Date(atMs).toISOString().slice(11, 13)}`;
/** Who got something, and when. */
const got = async (night: Night) =>
  Object.fromEntries((await night.cloud.inbox.list({ limit: -1 })).map(({ to, atMs }) => [to, nightHour(night, atMs)]));

localTest(
  'a night of virtual time',
  'nobody is woken: each gets it in their own morning, and only then the campaign has finished',
  async () => {
    const herald = await heraldWith({ quietHours: NIGHT, fallbackTimeZone: 'Europe/London' });
    await person(herald, 'paris', 'Europe/Paris');
    await person(herald, 'angeles', 'America/Los_Angeles');
    await person(herald, 'tokyo', 'Asia/Tokyo');
    await person(herald, 'nowhere', undefined);
    const draft = await start(herald, {});
    await herald.cloud.clock.advance(HOUR);
    expect(Object.keys(await got(herald))).toEqual(['angeles@example.com']);
    expect(await stateOf(herald, draft)).toBe('sending');

    await herald.finished(draft.id);
    expect(await got(herald)).toEqual({
      'angeles@example.com': '0T21',
      'tokyo@example.com': '0T23',
      'paris@example.com': '1T07',
      'nowhere@example.com': '1T08',
    });
    expect(await report(herald, draft)).toMatchObject({
      recipients: 4,
      sent: 4,
      skipped: {},
      moved: { email: { 'quiet-hours': 3 } },
    });
  },
);

localTest('a night of virtual time', 'what is worth nothing in the morning is not sent then', async () => {
  const herald = await heraldWith({ quietHours: NIGHT });
  await person(herald, 'paris', 'Europe/Paris');
  await person(herald, 'tokyo', 'Asia/Tokyo');
  await person(herald, 'angeles', 'America/Los_Angeles');
  const draft = await start(herald, { deadline: { hours: 6 } });
  await herald.finished(draft.id);
  expect(Object.keys(await got(herald)).sort()).toEqual(['angeles@example.com', 'tokyo@example.com']);
  expect(await report(herald, draft)).toMatchObject({ sent: 2, skipped: { 'too-late': 1 } });
});

localTest(
  'a night of virtual time',
  'in the morning the gate decides again: who has unsubscribed in the night is left alone',
  async () => {
    const herald = await heraldWith({ quietHours: NIGHT });
    await person(herald, 'paris', 'Europe/Paris');
    await person(herald, 'berlin', 'Europe/Berlin');
    const draft = await start(herald, {});
    await herald.cloud.clock.advance(2 * HOUR);
    await herald.api.must(
      `PUT /v1/profiles/${herald.own('berlin')}/consents`,
      await herald.as('marketer-mia', { consents: { email: false } }),
    );
    await herald.finished(draft.id);
    expect(Object.keys(await got(herald))).toEqual(['paris@example.com']);
    expect(await report(herald, draft)).toMatchObject({ sent: 1, skipped: { 'no-consent': 1 } });
  },
);

localTest('a night of virtual time', 'cancelled in the night: nobody gets it in the morning', async () => {
  const herald = await heraldWith({ quietHours: NIGHT });
  await person(herald, 'paris', 'Europe/Paris');
  const draft = await start(herald, {});
  await herald.cloud.clock.advance(2 * HOUR);
  await herald.api.must(`POST /v1/campaigns/${draft.id}/cancel`, await herald.as('operator-oscar', { reason: 'No' }));
  await herald.cloud.clock.advance(12 * HOUR);
  expect(await got(herald)).toEqual({});
  expect(await report(herald, draft)).toMatchObject({ sent: 0, skipped: { 'plan-cancelled': 1 } });
});

localTest('a night of virtual time', 'quiet hours may drop instead, and only on some channels', async () => {
  const herald = await heraldWith({ quietHours: { ...NIGHT, otherwise: 'drop', channels: ['email'] } });
  await person(herald, 'paris', 'Europe/Paris');
  await person(herald, 'phone', 'Europe/Paris', { email: undefined, phone: '+33612345678' });
  const draft = await start(herald, { policy: ['email', 'sms'] });
  await herald.finished(draft.id);
  expect(Object.keys(await got(herald))).toEqual(['+33612345678']);
  expect(await report(herald, draft)).toMatchObject({ sent: 1, skipped: { 'quiet-hours': 1 } });
});

localTest(
  'a night of virtual time',
  'promotional SMS to the United States wait for eight in the morning where the phone is',
  async () => {
    const herald = await heraldWith({ usSmsWindow: true });
    // 21:02 UTC is 16:02 in New York; five hours later it is too late there, and not in Los Angeles.
    await herald.cloud.clock.advance(5 * HOUR);
    await person(herald, 'york', undefined, { phone: '+12125550101' });
    await person(herald, 'angeles', undefined, { phone: '+12135550102' });
    await person(herald, 'moved', 'America/Los_Angeles', { phone: '+12125550103' });
    await person(herald, 'paris', 'Europe/Paris', { phone: '+33612345678' });
    const draft = await start(herald, { policy: ['sms'] });
    await herald.finished(draft.id);
    expect(await got(herald)).toEqual({
      '+12125550101': '1T13',
      '+12135550102': '1T02',
      '+12125550103': '1T02',
      '+33612345678': '1T02',
    });
    expect(await report(herald, draft)).toMatchObject({ sent: 4, moved: { sms: { 'sms-window': 1 } } });
  },
);

localTest(
  'a night of virtual time',
  'a trigger asked for it in the night: it comes in the morning, unless its deadline is before',
  async () => {
    const herald = await heraldWith({ quietHours: NIGHT });
    await person(herald, 'paris', 'Europe/Paris');
    const trigger = async (eventType: string, deadline: object | undefined) => {
      const { id: templateId } = await herald.api.must<{ id: string }>(
        'POST /v1/templates',
        await herald.as('marketer-mia', {
          name: eventType,
          channels: { email: { subject: eventType, html: '<p>Hi</p>' } },
        }),
      );
      const body = {
        ...{
          name: eventType,
          eventType: herald.own(eventType),
          where: [],
          templateId,
          channelPolicy: ['email'],
          topic: 'news',
        },
        ...{ lane: 'promotional', ...(deadline && { deadline }) },
      };
      const { id, version } = await herald.api.must<{ id: string; version: number }>(
        'POST /v1/triggers',
        await herald.as('marketer-mia', body),
      );
      await herald.api.must(`POST /v1/triggers/${id}/activate`, await herald.as('approver-ada', { version }));
    };
    await trigger('cart.left', { hours: 24 });
    await trigger('flash.sale', undefined);
    await herald.cloud.clock.advance(10_000);
    const apiKey = await herald.connectSource('Shop');
    const events = ['cart.left', 'flash.sale'].map((type) => ({
      ...{ id: type, type: herald.own(type), profileId: herald.own('paris'), properties: {} },
    }));
    await herald.api.must('POST /v1/events', { apiKey, body: { events } });
    await herald.cloud.clock.advance(12 * HOUR);
    const messages = await herald.cloud.inbox.list({ limit: -1 });
    expect(messages.map(({ atMs }) => nightHour(herald, atMs))).toEqual(['1T07']);
    expect(JSON.stringify(messages)).toContain('cart.left');
  },
);
