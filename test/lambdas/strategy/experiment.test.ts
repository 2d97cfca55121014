import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call, marketer } from '../api-call.ts';
import { resultSet, startAthena } from '../fake-athena.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let athena: Awaited<ReturnType<typeof startAthena>>;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;
let manage: ApiLambda;
let decide: typeof import('../../../lambdas/strategy/decide-experiment.ts').handler;
let prepare: typeof import('../../../lambdas/strategy/prepare-snapshot.ts').handler;
let finish: typeof import('../../../lambdas/strategy/finish-campaign.ts').handler;
let loadPlanVersion: typeof import('../../../lambdas/adapters/plan-versions.ts').loadPlanVersion;

/** What Athena is asked, and what it finds: people and successes by variant, and maybe the sum and the variance of their amounts, in millionths. */
const lake = {
  asked: [] as string[],
  state: 'SUCCEEDED',
  found: {} as Record<string, number[]>,
};
const FIGURES = ['people', 'successes', 'sum', 'variance'];

const answer = (action: string, input: Record<string, unknown>): object => {
  if (action === 'StartQueryExecution') {
    lake.asked.push(String(input.QueryString));
    return { QueryExecutionId: 'q' };
  }
  if (action === 'GetQueryExecution')
    return { QueryExecution: { Status: { State: lake.state, StateChangeReason: 'so' } } };
  const rows = Object.entries(lake.found).flatMap(([name, figures]) =>
    figures.map((figure, n) => ['false', 'variant', name, FIGURES[n] ?? '', figure.toExponential()]),
  );
  return resultSet([['final', 'outcome', 'channel', 'reason', 'outcomes'], ...rows]);
};

beforeAll(async () => {
  tables = await startTables();
  athena = await startAthena(answer);
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  ({ handler: manage } = await import('../../../lambdas/strategy/manage-campaigns.ts'));
  ({ handler: decide } = await import('../../../lambdas/strategy/decide-experiment.ts'));
  ({ handler: prepare } = await import('../../../lambdas/strategy/prepare-snapshot.ts'));
  ({ handler: finish } = await import('../../../lambdas/strategy/finish-campaign.ts'));
  ({ loadPlanVersion } = await import('../../../lambdas/adapters/plan-versions.ts'));
  const segment = { all: [{ attribute: 'city', equals: 'Paris' }] };
  await defs.put('segment', 'seg', { name: 'Paris', segment }, 0, 1);
  const template = (id: string, channels: object, editors: string[] = []) =>
    defs.put('template', id, { id, version: 1, editors, name: id, channels }, 0, 1);
  await template('plain', { sms: { text: 'Hi {{ profile.attributes.name }}' } });
  await template('warm', { sms: { text: 'Hello {{ profile.attributes.city }}' } }, ['wendy']);
  await template('mail', { email: { subject: 'Hi', html: '<p>Hi</p>' } });
  await template('eventful', { sms: { text: '{{ event.type }}' } });
});
afterAll(async () => {
  await athena.stop();
  await tables.stop();
});
beforeEach(() => {
  Object.assign(lake, { asked: [], state: 'SUCCEEDED', found: { plain: [200, 10], warm: [200, 40] } });
});

const experiment = {
  ...{ metric: 'clicked', minimumSample: 100, minimumHours: 4, defaultVariant: 'plain', testPercent: 20 },
};
const variants = [
  { name: 'plain', templateId: 'plain', percent: 50 },
  { name: 'warm', templateId: 'warm', percent: 50 },
];
const input = {
  ...{ name: 'Win back', audience: { segmentId: 'seg' }, templateId: 'plain', channelPolicy: ['sms'], topic: 'offers' },
  ...{ variants, experiment },
};
type Shown = Campaign & { type?: string; errors?: { path: string }[] };
const create = async (body: object) => {
  const reply = await call(manage, { route: 'POST /v1/campaigns', body });
  return { ...reply, body: reply.body as Shown };
};
const submit = async ({ id, version }: Shown) => {
  const route = 'POST /v1/campaigns/{campaignId}/submit';
  const reply = await call(manage, { route, params: { campaignId: id }, body: { version } });
  return { ...reply, body: reply.body as Shown };
};
/** A campaign that sends what was submitted. */
const sending = async (change: object = {}) => {
  const { body } = await submit((await create({ ...input, ...change })).body);
  const { id, version } = body;
  const hash = String(body.approval?.hash);
  const run = { runId: `${id}-r`, startedMs: Date.now() };
  await defs.put('campaign', id, { ...body, state: 'sending', version: version + 1, run }, version, 1, []);
  return { id, hash, runId: run.runId, task: { campaignId: id, hash, runId: run.runId } };
};
const stored = async (id: string) => (await defs.get<Campaign>('campaign', id))?.body;

test('each variant is frozen as a version of its own, and the hash of the plan holds them all', async () => {
  const { id, hash } = await sending();
  const plan = await loadPlanVersion(defs, id, hash);
  expect(plan).toMatchObject({
    experiment,
    variants: [
      { name: 'plain', percent: 50 },
      { name: 'warm', percent: 50 },
    ],
  });
  const [plain, warm] = await Promise.all((plan.variants ?? []).map((one) => loadPlanVersion(defs, id, one.hash)));
  expect([plain?.variant, warm?.variant]).toEqual(['plain', 'warm']);
  expect(warm?.template.channels).toEqual({ sms: { text: 'Hello {{ profile.attributes.city }}' } });
  // Whom it is for is nobody's business who sends it.
  expect(warm).not.toHaveProperty('segment');
  const other = await submit((await create({ ...input, variants: [...variants].reverse() })).body);
  expect(other.body.approval?.hash).not.toBe(hash);
});

test('who wrote any of the templates is one of those who may not approve it', async () => {
  const { body } = await submit((await create(input)).body);
  expect((await stored(body.id))?.approval?.writers).toEqual(['wendy']);
});

test('the diff shows what every variant says', async () => {
  const { handler: approvals } = await import('../../../lambdas/strategy/manage-approvals.ts');
  const { body } = await submit((await create(input)).body);
  const diff = async () => {
    const params = { campaignId: body.id };
    const reply = await call(approvals, { route: 'GET /v1/campaigns/{campaignId}/diff', params });
    return (reply.body as { changes: { path: string; before?: unknown; after?: unknown }[] }).changes;
  };
  expect((await diff()).find(({ path }) => path === 'variants')?.after).toMatchObject([
    { name: 'plain', percent: 50, template: { channels: { sms: { text: 'Hi {{ profile.attributes.name }}' } } } },
    { name: 'warm', percent: 50, template: { channels: { sms: { text: 'Hello {{ profile.attributes.city }}' } } } },
  ]);
  const route = 'PUT /v1/campaigns/{campaignId}';
  const edited = await call(manage, {
    ...{ route, params: { campaignId: body.id } },
    body: { ...input, version: body.version },
  });
  const template = (await defs.get<object>('template', 'warm'))!;
  const text = (words: string) => ({ ...template.body, channels: { sms: { text: words } } });
  await defs.put('template', 'warm', text('Buy now'), template.version, 1);
  await submit(edited.body as Shown);
  expect(await diff()).toEqual([
    {
      path: 'variants.1.template.channels.sms.text',
      before: 'Hello {{ profile.attributes.city }}',
      after: 'Buy now',
    },
  ]);
  await defs.put('template', 'warm', template.body, template.version + 1, 1);
});

test.each([
  [{ variants: [variants[0], { ...variants[1], templateId: 'nope' }] }, ['variants.1.templateId']],
  [{ variants: [variants[0], { ...variants[1], templateId: 'mail' }] }, ['variants.1.templateId']],
  [{ variants: [variants[0], { ...variants[1], templateId: 'eventful' }] }, ['variants.1.templateId']],
  [{ experiment: { ...experiment, defaultVariant: 'cold' } }, ['experiment.defaultVariant']],
  [{ experiment: { ...experiment, defaultVariant: 'warm' } }, ['templateId']],
  [{ variants: undefined }, ['experiment.defaultVariant']],
  [{ tracking: { clicks: false } }, ['experiment.metric']],
  [{ tracking: { clicks: false }, experiment: { ...experiment, metric: 'opened' } }, ['experiment.metric']],
  [{ experiment: undefined, templateId: 'mail' }, ['channelPolicy.0', 'templateId']],
])('%j does not fit, and it says where', async (change, paths) => {
  const { status, body } = await submit((await create({ ...input, ...change })).body);
  expect([status, body.type]).toEqual([422, '/problems/invalid-reference']);
  expect(body.errors?.map(({ path }) => path).sort()).toEqual(paths);
});

test('a metric with conditions is kept as it is written, and asked of the lake', async () => {
  const metric = { event: 'purchase', where: [{ property: 'total', atLeast: 50 }] };
  const { task } = await sending({ experiment: { ...experiment, metric } });
  expect(await decide(task)).toMatchObject({ isRest: true });
  expect(lake.asked[0]).toContain('$.total');
});

const amount = { event: 'purchase', sum: 'order.total', upTo: 500 };
test('an amount decides; the decision says the amounts, in their unit, and the campaign shows them', async () => {
  // As many buy, for 30 a head and 60.
  lake.found = { plain: [2_000, 60, 1_800e6, 30e12], warm: [2_000, 60, 3_600e6, 110e12] };
  const { id, task } = await sending({ experiment: { ...experiment, metric: amount } });
  await decide(task);
  expect(lake.asked[0]).toContain('$.order.total');
  const shown = (await call(manage, { route: 'GET /v1/campaigns/{campaignId}', params: { campaignId: id } }))
    .body as Shown;
  expect(shown.experiment?.metric).toEqual(amount);
  expect(shown.run?.decision).toMatchObject({
    ...{ variant: 'warm', because: 'winner' },
    figures: [
      { name: 'plain', people: 2_000, successes: 60, sum: 1_800, mean: 0.9 },
      { name: 'warm', people: 2_000, successes: 60, sum: 3_600, mean: 1.8, pBest: expect.closeTo(1, 2) },
    ],
  });
  expect(shown.run?.decision?.figures[1]).not.toHaveProperty('rate');
});

test.each([
  [
    'one order of 90,000',
    { plain: [2_000, 60, 1_800e6, 30e12], warm: [2_000, 1, 90_000e6, 4_050_000e12] },
    'no-winner',
  ],
  ['nobody buys', { plain: [2_000, 0, 0, 0], warm: [2_000, 0, 0, 0] }, 'no-winner'],
  ['nobody got it', {}, 'too-few-people'],
] as const)('an amount that does not tell, %s: the default, and why', async (_, found, because) => {
  lake.found = found as unknown as typeof lake.found;
  const { id, task } = await sending({ experiment: { ...experiment, metric: amount } });
  await decide(task);
  expect((await stored(id))?.run?.decision).toMatchObject({ variant: 'plain', because });
});

test('a metric that is noticed by other means fits', async () => {
  const change = { tracking: { clicks: false }, experiment: { ...experiment, metric: { event: 'purchase' } } };
  expect((await submit((await create({ ...input, ...change })).body)).status).toBe(200);
});

test.each([
  { variants: [variants[0]] },
  { variants: [variants[0], variants[0]] },
  { variants: [variants[0], { ...variants[1], percent: 40 }] },
  { experiment: { ...experiment, minimumHours: 337 } },
  { experiment: { ...experiment, confidence: 1 } },
  { experiment: { ...experiment, metric: 'sold' } },
  { experiment: { ...experiment, metric: { event: 'purchase', where: [{ attribute: 'city', equals: 'Paris' }] } } },
  { experiment: { ...experiment, metric: { event: 'purchase', where: [{ property: 'total' }] } } },
  { holdout: { percent: 51 } },
])('%j is refused as it is written', async (change) => {
  expect(await create({ ...input, ...change })).toMatchObject({
    status: 400,
    body: { type: '/problems/invalid-body' },
  });
});

test('the snapshot tells people apart, and carries what any of the templates needs', async () => {
  const { body } = await submit((await create({ ...input, holdout: { percent: 10 } })).body);
  const { id, version } = body;
  const hash = String(body.approval?.hash);
  await defs.put('campaign', id, { ...body, state: 'scheduled', version: version + 1 }, version, 1, []);
  const { sql } = await prepare({ campaignId: id, hash, runId: 'r' });
  expect(sql).toContain(`'holdout/${id}#'`);
  expect(sql).toContain(`'variants/${id}#'`);
  expect(sql).toContain('"name":');
  expect(sql).toContain('"city":');
});

test('once the test is sent, it is decided, once; the winner is noted with its figures', async () => {
  const { id, task, hash } = await sending();
  await expect(finish({ ...task, parts: 0 })).rejects.toMatchObject({ name: 'TestSent' });
  const plan = await loadPlanVersion(defs, id, hash);
  const [plain, warm] = plan.variants ?? [];
  expect(await decide(task)).toEqual({ hash: warm?.hash, isRest: true });
  const { decision } = (await stored(id))?.run ?? {};
  expect(decision).toMatchObject({ variant: 'warm', because: 'winner' });
  expect(decision?.figures.map(({ name, people, successes }) => [name, people, successes])).toEqual([
    ['plain', 200, 10],
    ['warm', 200, 40],
  ]);
  // What is found later does not matter any more.
  lake.found = { plain: [200, 100], warm: [200, 0] };
  expect(await decide(task)).toEqual({ hash: warm?.hash, isRest: true });
  expect(lake.asked).toHaveLength(1);
  expect(plain?.hash).not.toBe(warm?.hash);
  expect(await finish({ ...task, parts: 0 })).toEqual({ state: 'finished' });
  const shown = await call(manage, { route: 'GET /v1/campaigns/{campaignId}', params: { campaignId: id } });
  expect((shown.body as Shown).run?.decision).toEqual(decision);
});

test.each([
  ['too few', { plain: [120, 10], warm: [99, 90] }, 'too-few-people'],
  ['fewer than its share', { plain: [400, 10], warm: [200, 90] }, 'sample-ratio'],
  ['not sure', { plain: [200, 20], warm: [200, 22] }, 'no-winner'],
  ['nobody', {}, 'too-few-people'],
] as const)('%s: the default, and why', async (_, found, because) => {
  lake.found = found as unknown as typeof lake.found;
  const { id, task } = await sending();
  await decide(task);
  expect((await stored(id))?.run?.decision).toMatchObject({ variant: 'plain', because });
});

test('a query that fails decides nothing, and neither does a cancelled campaign; a paused one is decided', async () => {
  const { id, task } = await sending();
  lake.state = 'FAILED';
  await expect(decide(task)).rejects.toThrow('failed: so');
  expect((await stored(id))?.run?.decision).toBeUndefined();
  lake.state = 'SUCCEEDED';
  const act = (verb: string) =>
    call(manage, {
      route: `POST /v1/campaigns/{campaignId}/${verb}`,
      params: { campaignId: id },
      body: {},
      as: marketer,
    });
  await act('pause');
  await decide(task);
  expect(await stored(id)).toMatchObject({ state: 'paused', run: { decision: { variant: 'warm' } } });

  const other = await sending();
  await call(manage, { route: 'POST /v1/campaigns/{campaignId}/cancel', params: { campaignId: other.id }, body: {} });
  await expect(decide(other.task)).rejects.toMatchObject({ name: 'PlanCancelled' });
  // A run that has failed ends as failed, decided or not.
  const broken = await sending();
  expect(await finish({ ...broken.task, error: 'Broken' })).toEqual({ state: 'failed' });
});
