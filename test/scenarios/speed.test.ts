import { expect } from 'vitest';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootLocal, bootShared, type LocalHerald, localTest } from './boot.ts';
import { approve, type CampaignView, draftCampaign, importCsv, stateOf, submit } from './people.ts';
import { putSettings } from './put-back.ts';

const WHY = 'it looks at the instants of virtual time at which messages go out';
const [SECOND, MINUTE] = [1_000, 60_000];

/** So many people of each city, with an email. */
const importCities = async (herald: LocalHerald, sizes: Record<string, number>) => {
  const rows = Object.entries(sizes).flatMap(([city, size]) =>
    Array.from(
      { length: size },
      (_, n) => `${herald.own(`${city}${n}`)},${city}${n}@example.com,${herald.own(city)},yes`,
    ),
  );
  const mapping = { id: 'profileId', email: 'email', city: 'attributes.city', ok: 'consent.email' };
  await importCsv(herald, ['id,email,city,ok', ...rows].join('\n'), mapping);
  await herald.cloud.clock.advance(2 * MINUTE);
};
const cities = async (sizes: Record<string, number>) => {
  const herald = await bootShared();
  await importCities(herald, sizes);
  return herald;
};

/** Approved, and its run begun. */
const start = async (herald: LocalHerald, city: string, more: object = {}): Promise<CampaignView> => {
  const draft = await draftCampaign(herald, { city, policy: ['email'], name: city, ...more });
  await submit(herald, draft);
  await approve(herald, draft);
  return draft;
};
const setSpeed = async ({ api, as }: LocalHerald, { id }: CampaignView, perMinute: number | null) =>
  api.must<CampaignView & { speed?: object }>(
    `PUT /v1/campaigns/${id}/speed`,
    await as('operator-oscar', { perMinute }),
  );
const setRates = async ({ api, as }: LocalHerald, rates: object) =>
  api.must(
    'PUT /v1/settings/delivery',
    await as('operator-oscar', { version: 0, frequencyCap: { touches: 5, hours: 168 }, rates }),
  );

const sentMs = (herald: LocalHerald, to = '') =>
  herald.cloud.inbox
    .list({ limit: -1, to })
    .map(({ atMs }) => atMs)
    .sort((a, b) => a - b);
/** The most messages within any stretch of so many ms. */
const mostWithin = (times: readonly number[], ms: number): number =>
  Math.max(0, ...times.map((from, n) => times.slice(n).filter((at) => at <= from + ms).length));

const expectEverybodyOnce = async (herald: LocalHerald, { id }: CampaignView, city: string, size: number) => {
  const { recipients, sent, failed, skipped } = await herald.api.must<CampaignReport>(
    `GET /v1/campaigns/${id}/report`,
    await herald.as('viewer-vera'),
  );
  expect({ recipients, sent, failed, skipped }).toEqual({ recipients: size, sent: size, failed: {}, skipped: {} });
  const to = herald.cloud.inbox.list({ limit: -1, to: city }).map((message) => message.to);
  expect([to.length, new Set(to).size]).toEqual([size, size]);
};

localTest(WHY, 'a campaign of 400 at 600 a minute takes 40 seconds, and no second sees a burst', async () => {
  const herald = await cities({ paris: 400 });
  const campaign = await start(herald, 'paris', { speed: { perMinute: 600 } });
  await herald.finished(campaign.id);
  await expectEverybodyOnce(herald, campaign, 'paris', 400);
  const times = sentMs(herald);
  const tookMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  expect(tookMs).toBeGreaterThanOrEqual(38 * SECOND);
  expect(tookMs).toBeLessThanOrEqual(44 * SECOND);
  expect(mostWithin(times, SECOND)).toBeLessThanOrEqual(22);
  expect(mostWithin(times, 10 * SECOND)).toBeLessThanOrEqual(112);
});

localTest(WHY, 'the speed is changed mid-send, and acts within seconds', async () => {
  const herald = await cities({ paris: 400 });
  const campaign = await start(herald, 'paris', { speed: { perMinute: 120 } });
  await herald.cloud.clock.advance(60 * SECOND);
  const slow = sentMs(herald).length;
  expect(slow).toBeGreaterThanOrEqual(90);
  expect(slow).toBeLessThanOrEqual(122);

  expect(await setSpeed(herald, campaign, 1_200)).toMatchObject({ state: 'sending', speed: { perMinute: 1_200 } });
  const changedMs = herald.cloud.clock.now();
  await herald.cloud.clock.advance(25 * SECOND);
  const after = () => sentMs(herald).filter((atMs) => atMs > changedMs);
  // In the first seconds what was granted before still goes out.
  const fast = after().filter((atMs, n, all) => (all[n + 19] ?? Number.POSITIVE_INFINITY) - atMs <= SECOND);
  expect((fast[0] ?? Number.POSITIVE_INFINITY) - changedMs).toBeLessThanOrEqual(20 * SECOND);
  await herald.finished(campaign.id);
  await expectEverybodyOnce(herald, campaign, 'paris', 400);
  expect((after().at(-1) ?? 0) - changedMs).toBeLessThanOrEqual(70 * SECOND);
  expect(mostWithin(after(), SECOND)).toBeLessThanOrEqual(42);

  const audit = await herald.api.must<{ items: { action: string; detail: string }[] }>(
    `GET /v1/audit?subject=campaign/${campaign.id}`,
    await herald.as('operator-oscar'),
  );
  expect(audit.items.map(({ action, detail }) => [action, detail])).toContainEqual(['set-speed', '1200 a minute']);
});

localTest(WHY, 'a campaign that is slowed down mid-send is slow within seconds', async () => {
  const herald = await cities({ paris: 300 });
  const campaign = await start(herald, 'paris', { speed: { perMinute: 1_200 } });
  await herald.cloud.clock.advance(6 * SECOND);
  await setSpeed(herald, campaign, 60);
  await herald.cloud.clock.advance(20 * SECOND);
  const from = herald.cloud.clock.now();
  await herald.cloud.clock.advance(60 * SECOND);
  const slow = sentMs(herald).filter((atMs) => atMs > from).length;
  expect(slow).toBeGreaterThan(0);
  expect(slow).toBeLessThanOrEqual(62);
  expect(await stateOf(herald, campaign)).toBe('sending');
  await setSpeed(herald, campaign, null);
  await herald.finished(campaign.id);
  await expectEverybodyOnce(herald, campaign, 'paris', 300);
});

localTest(WHY, 'a transactional message during a slow campaign goes out at once', async () => {
  const herald = await cities({ paris: 300, rome: 1 });
  // Two a second: 1.6 promotional ones, and 0.4 transactional ones for sure.
  const rates = { email: { perSecond: 2 } };
  await putSettings(herald, 'delivery', { frequencyCap: { touches: 5, hours: 168 }, rates });
  const { id: templateId } = await herald.api.must<{ id: string }>(
    'POST /v1/templates',
    await herald.as('marketer-mia', { name: 'Order', channels: { email: { subject: 'Order', html: '<p>Order</p>' } } }),
  );
  const { id, version } = await herald.api.must<{ id: string; version: number }>(
    'POST /v1/triggers',
    await herald.as('marketer-mia', {
      ...{ name: 'Order', eventType: herald.own('order.placed'), templateId, channelPolicy: ['email'] },
      ...{ topic: 'orders', lane: 'transactional' },
    }),
  );
  await herald.api.must(`POST /v1/triggers/${id}/activate`, await herald.as('approver-ada', { version }));
  await herald.cloud.clock.advance(11 * SECOND);
  const apiKey = await herald.connectSource('Shop');
  const campaign = await start(herald, 'paris');
  await herald.cloud.clock.advance(30 * SECOND);
  const promotional = sentMs(herald, 'paris').length;
  expect(promotional).toBeGreaterThan(20);
  expect(promotional).toBeLessThanOrEqual(1.6 * 31 + 2);

  for (const event of ['e1', 'e2', 'e3']) {
    const placedMs = herald.cloud.clock.now();
    const events = [{ id: event, type: herald.own('order.placed'), profileId: herald.own('rome0'), properties: {} }];
    await herald.api.must('POST /v1/events', { apiKey, body: { events } });
    await herald.cloud.clock.advance(10 * SECOND);
    expect(sentMs(herald, 'rome').at(-1)).toBeLessThanOrEqual(placedMs + SECOND);
  }
  expect(sentMs(herald, 'rome')).toHaveLength(3);
  expect(await stateOf(herald, campaign)).toBe('sending');
});

localTest(WHY, 'two campaigns share what a provider takes, and workers that die lose and double nobody', async () => {
  const herald = await bootLocal({ faults: { seed: 9, crashBefore: 0.05, crashAfter: 0.05, duplicateBatch: 0.3 } });
  // The API's own calls may die too, and so may what opens an approval: a person would try again a moment later.
  const patient = async <T>(act: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await act();
      } catch (error) {
        if (attempt === 20) throw error;
        await herald.cloud.clock.advance(SECOND);
      }
    }
  };
  await patient(() => importCities(herald, { paris: 250, rome: 250 }));
  await patient(() => setRates(herald, { email: { perSecond: 10, transactionalShare: 0.1 } }));
  await herald.cloud.clock.advance(11 * SECOND);
  const both = ['paris', 'rome'] as const;
  const campaigns: CampaignView[] = [];
  for (const city of both) {
    const draft = await patient(() => draftCampaign(herald, { city, policy: ['email'], name: city }));
    await patient(() => submit(herald, draft));
    await patient(() => approve(herald, draft));
    campaigns.push(draft);
  }
  for (const { id } of campaigns) await patient(() => herald.finished(id));
  for (const [n, city] of both.entries()) {
    await patient(() => expectEverybodyOnce(herald, campaigns[n] as CampaignView, city, 250));
  }
  for (const kind of ['crashBefore', 'crashAfter', 'duplicateBatch'] as const) {
    expect(herald.cloud.injected[kind] ?? 0).toBeGreaterThan(0);
  }
  const times = sentMs(herald);
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(54 * SECOND);
  expect(mostWithin(times, SECOND)).toBeLessThanOrEqual(9 * 2 + 2);
  expect(mostWithin(times, 10 * SECOND)).toBeLessThanOrEqual(9 * 11 + 2);
});

localTest(WHY, 'what cannot be a rate or a speed is refused, and nobody may set it who may not cancel', async () => {
  const herald = await cities({ paris: 1 });
  const settings = { version: 0, frequencyCap: { touches: 5, hours: 168 } };
  const refused = async (rates: object) => {
    const answer = await herald.api.call(
      'PUT /v1/settings/delivery',
      await herald.as('operator-oscar', { ...settings, rates }),
    );
    return [answer.status, JSON.stringify(answer.body)];
  };
  for (const [rates, path] of [
    [{ email: { perSecond: 0 } }, 'rates.email.perSecond'],
    [{ email: { perSecond: 10_001 } }, 'rates.email.perSecond'],
    [{ email: { perSecond: 10, transactionalShare: 1 } }, 'rates.email.transactionalShare'],
    [{ email: {} }, 'rates.email.perSecond'],
    [{ fax: { perSecond: 1 } }, 'rates'],
  ] as const) {
    const [status, body] = await refused(rates);
    expect(status).toBe(400);
    expect(body).toContain(path);
  }
  const draft = await draftCampaign(herald, { city: 'paris', policy: ['email'] });
  const speed = async (user: string, body: object) =>
    (await herald.api.call(`PUT /v1/campaigns/${draft.id}/speed`, await herald.as(user, body))).status;
  expect(await speed('operator-oscar', { perMinute: 0 })).toBe(400);
  expect(await speed('operator-oscar', { perMinute: 600_001 })).toBe(400);
  expect(await speed('operator-oscar', { perMinute: 1.5 })).toBe(400);
  expect(await speed('operator-oscar', {})).toBe(400);
  expect(await speed('viewer-vera', { perMinute: 60 })).toBe(403);
  expect(await speed('approver-ada', { perMinute: 60 })).toBe(403);
  expect(await speed('marketer-mia', { perMinute: 60 })).toBe(200);
  await herald.api.must(`POST /v1/campaigns/${draft.id}/cancel`, await herald.as('marketer-mia', { reason: 'No' }));
  expect(await speed('marketer-mia', { perMinute: 61 })).toBe(409);
});
