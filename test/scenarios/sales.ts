import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Herald } from './boot.ts';

const MINUTE = 60_000;

type Received = { id: string; body: { type: string; timestamp: string; data: Record<string, unknown> } };

/** A sales system as its makers would write it: it checks the signature, and drops a webhook that it knows. */
export const salesSystem = async () => {
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
export const patient = async <T>(act: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
};

/** The model of a test's own: its id, the attribute that holds its stages, and the events that it scores. */
export const leadNames = ({ own }: Herald) => {
  const model = own('lead').replaceAll('-', '_');
  return { model, attribute: `${model}_stage`, viewed: own('page.viewed') };
};

/** Connects the sales system, and puts a model in force that hands marketing-qualified leads over to it. */
export const nurture = async (herald: Herald, { state, url }: Awaited<ReturnType<typeof salesSystem>>) => {
  const { api, as, cloud } = herald;
  const { model: id, viewed } = leadNames(herald);
  const path = `/v1/lead-models/${id}`;
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
      { label: 'Looked at a page', eventType: viewed, points: 2, capPerDay: 5 },
      {
        label: 'Asked for the price',
        eventType: viewed,
        where: [{ property: 'path', startsWith: '/pricing' }],
        points: 20,
      },
      { label: 'Left', eventType: viewed, where: [{ property: 'path', equals: '/unsubscribe' }], points: -50 },
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
    const stored = await api.call<{ version?: number; state?: string }>(`GET ${path}`, await as('viewer-vera'));
    if (stored.status === 404) await api.must(`PUT ${path}`, await as('marketer-mia', { ...model, version: 0 }));
    if (stored.body.state === 'active') return;
    await api.must(`POST ${path}/activate`, await as('approver-ada', { version: 1 }));
  });
  // It scores nobody of other tests.
  onTestFinished(async () => {
    const { body } = await api.call<{ version?: number }>(`GET ${path}`, await as('viewer-vera'));
    await api.call(`POST ${path}/pause`, await as('operator-oscar', { version: body.version }));
  });
  await cloud.clock.advance(10_000);
  return endpoint.id;
};

export const websiteOf = async (herald: Herald) => {
  const { viewed } = leadNames(herald);
  const apiKey = await patient(() => herald.connectSource('Website'));
  let count = 0;
  return async (path: string, ...people: object[]) => {
    const time = new Date(herald.cloud.clock.now()).toISOString();
    const events = (people.length > 0 ? people : [{ profileId: 'ada' }]).map((person) => {
      count += 1;
      const named = Object.entries(person).map(([key, name]) => [key, herald.own(name)]);
      return { id: `v${count}`, type: viewed, ...Object.fromEntries(named), time, properties: { path } };
    });
    await patient(() => herald.api.must('POST /v1/events', { apiKey, body: { events } }));
    await herald.cloud.clock.advance(MINUTE);
  };
};

type Lead = {
  modelId: string;
  stage: string;
  score: number;
  why: { label: string; points: number; times?: number }[];
  history: { stage: string; cause: string; by?: string }[];
};
export const leadOf = async (herald: Herald, name = 'ada') => {
  const { api, as, own } = herald;
  const { items } = await api.must<{ items: Lead[] }>(`GET /v1/profiles/${own(name)}/leads`, await as('viewer-vera'));
  return items.find(({ modelId }) => modelId === leadNames(herald).model);
};
export const attributeOf = async (herald: Herald, name = 'ada') => {
  const { api, as, own } = herald;
  const profile = await api.must<{ attributes: Record<string, unknown> }>(
    `GET /v1/profiles/${own(name)}`,
    await as('viewer-vera'),
  );
  return profile.attributes[leadNames(herald).attribute];
};
