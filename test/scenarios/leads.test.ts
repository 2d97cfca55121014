import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, vi } from 'vitest';
import { bootLocal, type Herald, localTest } from './boot.ts';
import { addPerson } from './people.ts';

// Ten days are 2,900 runs of the sweep.
vi.setConfig({ testTimeout: 120_000 });

const MINUTE = 60_000;
const DAY = 86_400_000;
const NEEDS = 'days pass, and the sales system is on this machine';

type Received = { id: string; body: { type: string; timestamp: string; data: Record<string, unknown> } };

/** A sales system as its makers would write it: it checks the signature, and drops a webhook that it knows. */
const salesSystem = async () => {
  const state = { secret: '', answer: 200, posts: 0, leads: [] as Received[] };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signatures } = request.headers;
    const key = Buffer.from(state.secret.replace('whsec_', ''), 'base64');
    const expected = createHmac('sha256', key).update(`${id}.${seconds}.${text}`).digest();
    const isSigned = String(signatures)
      .split(' ')
      .map((one) => Buffer.from(one.replace('v1,', ''), 'base64'))
      .some((one) => one.length === expected.length && timingSafeEqual(one, expected));
    state.posts += 1;
    if (!isSigned) return response.writeHead(401).end();
    if (state.answer === 200 && !state.leads.some((known) => known.id === id)) {
      state.leads.push({ id: String(id), body: JSON.parse(text) });
    }
    return response.writeHead(state.answer).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/leads` };
};

/** The API's own calls may die under faults, and answer 500: a person would try again, so the test does. */
const patient = async <T>(act: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
};

/** Connects the sales system, and puts a model in force that hands marketing-qualified leads over to it. */
const nurture = async (herald: Herald, { state, url }: Awaited<ReturnType<typeof salesSystem>>) => {
  const { api, as, cloud } = herald;
  const endpoint = await patient(async () =>
    api.must<{ id: string; secret: string }>(
      'POST /v1/webhook-endpoints',
      await as('admin-amir', { name: 'Sales', url }),
    ),
  );
  state.secret = endpoint.secret;
  const model = {
    name: 'Interest in the product',
    halfLifeDays: 5,
    rules: [
      { label: 'Looked at a page', eventType: 'page.viewed', points: 2, capPerDay: 5 },
      {
        label: 'Asked for the price',
        eventType: 'page.viewed',
        where: [{ property: 'path', startsWith: '/pricing' }],
        points: 20,
      },
      { label: 'Left', eventType: 'page.viewed', where: [{ property: 'path', equals: '/unsubscribe' }], points: -50 },
    ],
    fit: [{ label: 'Large company', where: [{ attribute: 'employees', atLeast: 200 }], points: 1 }],
    stages: [
      { name: 'subscriber' },
      { name: 'engaged', from: 5, fallsBelow: 3 },
      { name: 'marketing-qualified', from: 25, fallsBelow: 12, handOver: [endpoint.id] },
      { name: 'sales-qualified' },
    ],
  };
  await patient(async () => {
    const stored = await api.call<{ version?: number; state?: string }>(
      'GET /v1/lead-models/lead',
      await as('viewer-vera'),
    );
    if (stored.status === 404)
      await api.must('PUT /v1/lead-models/lead', await as('marketer-mia', { ...model, version: 0 }));
    if (stored.body.state === 'active') return;
    await api.must('POST /v1/lead-models/lead/activate', await as('approver-ada', { version: 1 }));
  });
  await cloud.clock.advance(10_000);
  return endpoint.id;
};

const websiteOf = async (herald: Herald) => {
  const apiKey = await patient(() => herald.connectSource('Website'));
  let count = 0;
  return async (path: string, ...people: object[]) => {
    const time = new Date(herald.cloud.clock.now()).toISOString();
    const events = (people.length > 0 ? people : [{ profileId: 'ada' }]).map((person) => {
      count += 1;
      return { id: `v${count}`, type: 'page.viewed', ...person, time, properties: { path } };
    });
    await patient(() => herald.api.must('POST /v1/events', { apiKey, body: { events } }));
    await herald.cloud.clock.advance(MINUTE);
  };
};

type Lead = {
  stage: string;
  score: number;
  why: { label: string; points: number; times?: number }[];
  history: { stage: string; cause: string; by?: string }[];
};
const leadOf = async ({ api, as }: Herald, profileId = 'ada') => {
  const { items } = await api.must<{ items: Lead[] }>(`GET /v1/profiles/${profileId}/leads`, await as('viewer-vera'));
  return items[0];
};
const attributeOf = async ({ api, as }: Herald, profileId = 'ada') => {
  const profile = await api.must<{ attributes: Record<string, unknown> }>(
    `GET /v1/profiles/${profileId}`,
    await as('viewer-vera'),
  );
  return profile.attributes.lead_stage;
};

localTest(
  NEEDS,
  'page views and a visit of the prices make a lead marketing-qualified, sales hears of it once; silence cools it down; a salesperson’s stage stays',
  async () => {
    const herald = await bootLocal();
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
      data: { profileId: 'ada', modelId: 'lead', from: 'engaged', stage: 'marketing-qualified', cause: 'score' },
    });
    expect(await attributeOf(herald)).toBe('marketing-qualified');

    // A segment, and a list of leads, by the stage.
    const { api, as } = herald;
    await herald.cloud.clock.advance(70_000);
    const segment = { attribute: 'lead_stage', equals: 'marketing-qualified' };
    expect(await api.must('POST /v1/segments/preview', await as('marketer-mia', { segment }))).toMatchObject({
      size: 1,
    });
    const listed = await api.must<{ items: object[] }>(
      'GET /v1/leads?modelId=lead&stage=marketing-qualified',
      await as('viewer-vera'),
    );
    expect(listed.items).toMatchObject([{ profileId: 'ada', stage: 'marketing-qualified' }]);

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
    await api.must('PUT /v1/profiles/ada/leads/lead/stage', await as('marketer-mia', body));
    await view('/unsubscribe');
    expect(await leadOf(herald)).toMatchObject({ stage: 'sales-qualified', score: -40.5, pin: { note: body.note } });
    expect(await attributeOf(herald)).toBe('sales-qualified');
    // It passed the stage that hands over.
    expect(sales.state.leads.map(({ body: { data } }) => data.cause)).toEqual(['score', 'person']);
  },
);

localTest(NEEDS, 'a trigger reacts to a change of stage', async () => {
  const herald = await bootLocal();
  const { api, as, cloud } = herald;
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
        { attribute: 'lead_stage', equals: 'marketing-qualified' },
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
  const herald = await bootLocal();
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
    const herald = await bootLocal();
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
