import { expect } from 'vitest';
import { bootLocal, bootShared, localTest } from './boot.ts';
import { addPerson } from './people.ts';
import { quietAtEnd } from './put-back.ts';
import { attributeOf, leadNames, leadOf, nurture, patient, salesSystem, websiteOf } from './sales.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const NEEDS = 'days pass, and the sales system is on this machine';

localTest(
  NEEDS,
  'page views and a visit of the prices make a lead marketing-qualified, sales hears of it once; silence cools it down; a salesperson’s stage stays',
  async () => {
    const herald = await bootShared({ days: true });
    const { api, as, own } = herald;
    const { model, attribute } = leadNames(herald);
    const sales = await salesSystem();
    await addPerson(herald, 'ada', { attributes: { employees: 500 } });
    await nurture(herald, sales);
    const view = await websiteOf(herald);

    await view('/');
    await view('/features');
    expect(await leadOf(herald)).toMatchObject({ stage: 'engaged', score: 5 });
    expect(sales.state.leads).toEqual([]);

    await view('/pricing');
    const lead = await leadOf(herald);
    expect(lead).toMatchObject({ stage: 'marketing-qualified', score: 27 });
    expect(lead?.why.map(({ label, times }) => [label, times])).toEqual([
      ['Asked for the price', 1],
      ['Looked at a page', 3],
      ['Large company', undefined],
    ]);
    expect(sales.state.leads).toHaveLength(1);
    expect(sales.state.leads[0]?.body).toMatchObject({
      type: 'lead.stage_changed',
      data: { profileId: own('ada'), modelId: model, from: 'engaged', stage: 'marketing-qualified', cause: 'score' },
    });
    expect(await attributeOf(herald)).toBe('marketing-qualified');

    // A segment, and a list of leads, by the stage.
    await herald.cloud.clock.advance(70_000);
    const segment = { attribute, equals: 'marketing-qualified' };
    expect(await api.must('POST /v1/segments/preview', await as('marketer-mia', { segment }))).toMatchObject({
      size: 1,
    });
    const listed = await api.must<{ items: object[] }>(
      `GET /v1/leads?modelId=${model}&stage=marketing-qualified`,
      await as('viewer-vera'),
    );
    expect(listed.items).toMatchObject([{ profileId: own('ada'), stage: 'marketing-qualified' }]);

    // Ten days of silence: 26 points become 6.5, and one that does not fade.
    await herald.cloud.clock.advance(10 * DAY);
    expect(await leadOf(herald)).toMatchObject({ stage: 'engaged', score: 7.5 });
    expect((await leadOf(herald))?.history).toMatchObject([
      { stage: 'engaged', cause: 'decay' },
      { stage: 'marketing-qualified', cause: 'score' },
      { stage: 'engaged', cause: 'score' },
    ]);
    expect(await attributeOf(herald)).toBe('engaged');
    expect(sales.state.leads).toHaveLength(1);

    const body = { stage: 'sales-qualified', note: 'Asked for a demo at the fair' };
    await api.must(`PUT /v1/profiles/${own('ada')}/leads/${model}/stage`, await as('marketer-mia', body));
    await view('/unsubscribe');
    expect(await leadOf(herald)).toMatchObject({ stage: 'sales-qualified', score: -40.5, pin: { note: body.note } });
    expect(await attributeOf(herald)).toBe('sales-qualified');
    // It passed the stage that hands over.
    expect(sales.state.leads.map(({ body: { data } }) => data.cause)).toEqual(['score', 'person']);
  },
);

localTest(NEEDS, 'a trigger reacts to a change of stage', async () => {
  const herald = await bootShared({ days: true });
  const { api, as, cloud } = herald;
  quietAtEnd(herald);
  await addPerson(herald, 'ada', { phone: '+12025550001', attributes: { employees: 500 } });
  await nurture(herald, await salesSystem());
  const { id: templateId } = await api.must<{ id: string }>(
    'POST /v1/templates',
    await as('marketer-mia', { name: 'Hot', channels: { sms: { text: 'You are {{ event.properties.stage }}' } } }),
  );
  const { id, version } = await api.must<{ id: string; version: number }>(
    'POST /v1/triggers',
    await as('marketer-mia', {
      ...{ name: 'Hot', templateId, channelPolicy: ['sms'], topic: 'offers', lane: 'transactional' },
      eventType: 'herald.lead.stage-changed',
      where: [
        { property: 'stage', equals: 'marketing-qualified' },
        { attribute: leadNames(herald).attribute, equals: 'marketing-qualified' },
      ],
    }),
  );
  await api.must(`POST /v1/triggers/${id}/activate`, await as('approver-ada', { version }));
  await cloud.clock.advance(10_000);
  const view = await websiteOf(herald);
  for (const path of ['/', '/features', '/pricing', '/pricing/eu']) await view(path);
  expect((await cloud.inbox.list()).map(({ body }) => body)).toEqual(['You are marketing-qualified']);

  const forged = { id: 'f', type: 'herald.lead.stage-changed', profileId: 'ada' };
  const apiKey = await herald.connectSource('Forger');
  const { results } = await api.must<{ results: object[] }>('POST /v1/events', { apiKey, body: { events: [forged] } });
  expect(results).toMatchObject([{ status: 'refused', reason: 'invalid-field', path: 'type' }]);
});

localTest(NEEDS, 'what somebody did before they signed in counts, and sales hears of it when they do', async () => {
  const herald = await bootShared({ days: true });
  const sales = await salesSystem();
  await addPerson(herald, 'ada', {});
  await nurture(herald, sales);
  const view = await websiteOf(herald);
  for (const path of ['/', '/', '/', '/pricing']) await view(path, { anonymousId: 'laptop' });
  expect(await leadOf(herald)).toBeUndefined();
  await view('/welcome', { profileId: 'ada', anonymousId: 'laptop' });
  expect(await leadOf(herald)).toMatchObject({ stage: 'marketing-qualified', score: 29.99 });
  expect(sales.state.leads).toHaveLength(1);
});

localTest(
  NEEDS,
  'a sales system that is down for an hour hears of the lead afterwards; one that is gone is left alone',
  async () => {
    const herald = await bootShared({ days: true });
    const { api, as, cloud } = herald;
    const sales = await salesSystem();
    await addPerson(herald, 'ada', {});
    const endpointId = await nurture(herald, sales);
    const deliveries = async () => {
      const route = `GET /v1/webhook-endpoints/${endpointId}/deliveries`;
      return (await api.must<{ items: { result: string; attempts: number }[] }>(route, await as('operator-oscar')))
        .items;
    };
    const view = await websiteOf(herald);
    sales.state.answer = 503;
    for (const path of ['/', '/', '/', '/pricing']) await view(path);
    expect(await deliveries()).toMatchObject([{ type: 'lead.stage_changed', result: 'retrying', status: 503 }]);
    await cloud.clock.advance(60 * MINUTE);
    sales.state.answer = 200;
    await cloud.clock.advance(3 * 60 * MINUTE);
    expect(await deliveries()).toMatchObject([{ result: 'delivered', attempts: 5, status: 200 }]);
    expect(sales.state.leads).toHaveLength(1);

    sales.state.answer = 410;
    const pinged = await api.must<{ id: string }>(
      `POST /v1/webhook-endpoints/${endpointId}/ping`,
      await as('operator-oscar'),
    );
    await cloud.clock.idle();
    expect(await deliveries()).toMatchObject([{ id: pinged.id, type: 'webhook.ping', result: 'gone' }, {}]);
    const endpoint = await api.must(`GET /v1/webhook-endpoints/${endpointId}`, await as('operator-oscar'));
    expect(endpoint).toMatchObject({ enabled: false, goneMs: expect.any(Number) });
    const { posts } = sales.state;
    await cloud.clock.advance(2 * DAY);
    expect(sales.state.posts).toBe(posts);
  },
);

localTest(
  NEEDS,
  'batches delivered twice and functions that die between two calls: sales hears of each lead once',
  async () => {
    const rates = { duplicateBatch: 0.4, crashBefore: 0.1, crashAfter: 0.1 };
    const herald = await bootLocal({ faults: { seed: 5, ...rates } });
    const sales = await salesSystem();
    const people = Array.from({ length: 6 }, (_, n) => `p${n}`);
    for (const name of people) await patient(() => addPerson(herald, name, {}));
    await nurture(herald, sales);
    const view = await websiteOf(herald);
    for (const path of ['/', '/', '/', '/pricing']) for (const profileId of people) await view(path, { profileId });
    // Time for visibilities to end, for retries, and for the sweep.
    await herald.cloud.clock.advance(120 * MINUTE);
    for (const kind of Object.keys(rates) as (keyof typeof rates)[]) {
      expect(herald.cloud.injected[kind], kind).toBeGreaterThan(0);
    }
    expect(sales.state.leads.map(({ body: { data } }) => data.profileId).sort()).toEqual(people);
    expect(sales.state.posts).toBeGreaterThanOrEqual(people.length);
    for (const name of people) {
      const lead = await patient(() => leadOf(herald, name));
      expect(lead).toMatchObject({ stage: 'marketing-qualified' });
      expect(lead?.history).toHaveLength(2);
      expect(lead?.why.map(({ times }) => times)).toEqual([1, 4]);
      expect(await patient(() => attributeOf(herald, name))).toBe('marketing-qualified');
    }
  },
);
