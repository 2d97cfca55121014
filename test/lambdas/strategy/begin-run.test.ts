import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import type { PlanVersion } from '../../../core/strategy/plan-version.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;
let begin: typeof import('../../../lambdas/strategy/begin-run.ts').handler;
let manage: ApiLambda;

beforeAll(async () => {
  tables = await startTables();
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  begin = (await import('../../../lambdas/strategy/begin-run.ts')).handler;
  manage = (await import('../../../lambdas/strategy/manage-campaigns.ts')).handler;
});
afterAll(() => tables.stop());
beforeEach(() => {
  tables.asked.length = 0;
  tables.control.fail = () => undefined;
});

const HOUR = 3_600_000;
const hash = 'h'.repeat(32);
const today = () => new Date().toISOString().slice(0, 10);
/** Daily, at a time of an hour ago. */
const schedule = (more: object = {}) => ({
  ...{ every: 'day' as const, time: new Date(Date.now() - HOUR).toISOString().slice(11, 16), timeZone: 'UTC' },
  ...{ from: new Date(Date.now() - HOUR).toISOString().slice(0, 10), ...more },
});
const series = async (id: string, more: Partial<Campaign> = {}): Promise<Campaign> => {
  const repeat = { schedule: schedule() };
  const next = { atMs: Math.floor((Date.now() - HOUR) / 60_000) * 60_000, number: 1, date: today() };
  const campaign = {
    ...{ id, version: 1, state: 'scheduled', author: 'mia', editors: [], createdMs: 0, name: 'Daily', topic: 'news' },
    ...{ audience: { segmentId: 's' }, templateId: 't', channelPolicy: ['push'], repeat, approval: { hash } },
    series: { chain: 3, sinceMs: 0, next, runs: 0, skipped: 0, failedInARow: 0 },
    ...more,
  } as unknown as Campaign;
  await defs.put('campaign', id, campaign, 0, 1);
  const plan = {
    planKind: 'campaign',
    planId: id,
    hash,
    name: 'Daily',
    topic: 'news',
    repeat,
    channelPolicy: ['push'],
  };
  await defs.put('plan-version', `${id}@${hash}`, plan, 0, 1);
  return campaign;
};
const read = async (id: string) => (await defs.get<Campaign>('campaign', id))?.body;
const started = () =>
  tables.asked.filter(({ action }) => action === 'StartExecution').map(({ input }) => String(input.name));
const act = async (id: string, verb: string, body: object = {}) =>
  (await call(manage, { route: `POST /v1/campaigns/{campaignId}/${verb}`, params: { campaignId: id }, body })).status;

test('begins the run that is due, as a campaign of its own with a plan of its own, and says when it wakes next', async () => {
  const { series: before } = await series('a');
  const answer = await begin({ campaignId: 'a', chain: 3 });
  const nextMs = (before?.next?.atMs ?? 0) + 24 * HOUR;
  expect(answer).toEqual({ step: 'wake', next: { name: `a-3-${nextMs}`, dueAt: new Date(nextMs).toISOString() } });
  const run = await read('a-00001');
  expect(run).toMatchObject({ state: 'scheduled', runOf: { campaignId: 'a', number: 1 } });
  expect(started()).toEqual([`run-${run?.due?.runId}`]);
  const plan = (await defs.get<{ planId: string; topic: string }>('plan-version', `a-00001@${run?.runOf?.hash}`))?.body;
  expect(plan).toMatchObject({ planId: 'a-00001', topic: 'news' });

  // Again: the same answer, and nothing more.
  expect(await begin({ campaignId: 'a', chain: 3 })).toEqual(answer);
  expect(started()).toHaveLength(1);
  expect((await read('a'))?.series).toMatchObject({ runs: 1 });
});

test('a run has versions of its variants, which senders find by its name', async () => {
  await series('v');
  const shares = await Promise.all(
    ['plain', 'warm'].map(async (variant) => {
      const hash = variant.repeat(8).slice(0, 32);
      await defs.put('plan-version', `v@${hash}`, { planId: 'v', hash, variant, template: { channels: {} } }, 0, 1);
      return { name: variant, percent: 50, hash };
    }),
  );
  const approved = (await defs.get<object>('plan-version', `v@${hash}`))!;
  await defs.put('plan-version', `v@${hash}`, { ...approved.body, variants: shares }, 1, 1);
  await begin({ campaignId: 'v', chain: 3 });
  const run = await read('v-00001');
  const plan = (await defs.get<PlanVersion>('plan-version', `v-00001@${run?.runOf?.hash}`))?.body;
  expect(plan?.variants?.map(({ name }) => name)).toEqual(['plain', 'warm']);
  for (const { name, hash: own } of plan?.variants ?? []) {
    const version = (await defs.get<PlanVersion>('plan-version', `v-00001@${own}`))?.body;
    expect(version).toMatchObject({ planId: 'v-00001', variant: name, hash: own });
  }
});

test('another chain goes on with it, or nothing is to: nothing begins', async () => {
  await series('b');
  expect(await begin({ campaignId: 'b', chain: 2 })).toEqual({ step: 'nothing' });
  await series('b2', { state: 'paused' });
  expect(await begin({ campaignId: 'b2', chain: 3 })).toEqual({ step: 'nothing' });
  expect(await begin({ campaignId: 'gone', chain: 3 })).toEqual({ step: 'nothing' });
  expect(started()).toEqual([]);
  expect((await defs.listUnder('campaign', 'b', 10)).items.map(({ id }) => id)).toEqual(['b2', 'b']);
});

test('a crash after it was decided and before the run was made: whoever comes next makes it, once', async () => {
  await series('c');
  const dueMs = Date.now() - HOUR;
  const last = { id: 'c-00001', number: 1, dueMs, beginMs: dueMs };
  // Farther than the hour in which it would wait itself, by the second.
  const next = { atMs: Date.now() + 2 * HOUR, number: 2, date: today() };
  const stored = (await defs.get<Campaign>('campaign', 'c'))!;
  await defs.put(
    'campaign',
    'c',
    { ...stored.body, version: 2, series: { ...stored.body.series!, last, next, runs: 1 } },
    1,
    1,
  );
  const answers = await Promise.all([begin({ campaignId: 'c', chain: 3 }), begin({ campaignId: 'c', chain: 3 })]);
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(new Set(started()).size).toBe(1);
  expect((await read('c'))?.series?.runs).toBe(1);
  expect(await read('c-00001')).toMatchObject({ state: 'scheduled' });
});

test('Step Functions is away: the run stands there, with its start in its outbox', async () => {
  await series('d');
  tables.control.fail = ({ action }) => (action === 'StartExecution' ? 'InternalServerError' : undefined);
  expect(await begin({ campaignId: 'd', chain: 3 })).toMatchObject({ step: 'wake' });
  const stored = await defs.get<Campaign>('campaign', 'd-00001');
  expect(stored?.outbox.map(({ effect }) => effect)).toEqual(['audit', 'start-execution']);
});

test.each([
  ['pause', 'paused'],
  ['cancel', 'cancelled'],
])('%s holds the run that is under way, also one that is only being made', async (verb, state) => {
  const id = `e-${verb}`;
  await series(id);
  await begin({ campaignId: id, chain: 3 });
  expect(await act(id, verb)).toBe(200);
  expect([(await read(id))?.state, (await read(`${id}-00001`))?.state]).toEqual([state, state]);
  // Decided before, made after: begin-run has read the campaign as it was.
  const late = `f-${verb}`;
  await series(late);
  await begin({ campaignId: late, chain: 3 });
  const campaign = (await defs.get<Campaign>('campaign', late))!;
  await defs.put('campaign', late, { ...campaign.body, version: campaign.version + 1, state }, campaign.version, 1);
  expect(await begin({ campaignId: late, chain: 3 })).toEqual({ step: 'nothing' });
  expect((await read(`${late}-00001`))?.state).toBe(state);
});

/** As after a crash, or a pause in that very moment: the first run is decided on, and is not there. */
const decided = async (id: string) => {
  await series(id);
  const dueMs = Date.now() - HOUR;
  const last = { id: `${id}-00001`, number: 1, dueMs, beginMs: dueMs };
  const next = { atMs: Date.now() + HOUR * 23, number: 2, date: today() };
  const stored = (await defs.get<Campaign>('campaign', id))!;
  const after = { ...stored.body, version: 2, series: { ...stored.body.series!, last, next, runs: 1 } };
  await defs.put('campaign', id, after, 1, 1);
};

test('a run that nobody had made when the series was paused is not made up for: it is over, and says so', async () => {
  await decided('m');
  expect(await act('m', 'pause')).toBe(200);
  expect(await begin({ campaignId: 'm', chain: 3 })).toEqual({ step: 'nothing' });
  expect(await act('m', 'resume')).toBe(200);
  tables.asked.length = 0;
  const chain = Number((await read('m'))?.series?.chain);
  const answers = await Promise.all([begin({ campaignId: 'm', chain }), begin({ campaignId: 'm', chain })]);
  expect(answers).toEqual(Array(2).fill(expect.objectContaining({ step: 'wake' })));
  expect(await read('m-00001')).toMatchObject({ state: 'cancelled', reason: expect.stringContaining('paused') });
  expect(started()).toEqual([]);
  expect(await read('m')).toMatchObject({ state: 'scheduled', series: { next: { number: 2 }, failedInARow: 0 } });
});

test('a series that is cancelled tells its paused run, which waits by a token', async () => {
  await series('n');
  await begin({ campaignId: 'n', chain: 3 });
  const run = (await defs.get<Campaign>('campaign', 'n-00001'))!;
  const pause = { number: run.version + 1, by: 'mia', atMs: 1, reason: '', taskToken: 'token' };
  const waits = { ...run.body, version: run.version + 1, state: 'paused', pause, run: { runId: 'r', startedMs: 1 } };
  await defs.put('campaign', 'n-00001', waits, run.version, 1);
  const all = (await defs.get<Campaign>('campaign', 'n'))!;
  // Saved by somebody who died before looking for the run.
  await defs.put('campaign', 'n', { ...all.body, version: all.version + 1, state: 'cancelled' }, all.version, 1);
  expect(await begin({ campaignId: 'n', chain: 3 })).toEqual({ step: 'nothing' });
  expect((await read('n-00001'))?.state).toBe('cancelled');
  const answered = tables.asked.filter(({ action }) => action === 'SendTaskSuccess');
  expect(answered.map(({ input }) => input.taskToken)).toEqual(['token']);
});

test('who comes to the run with a pause that is over by then lets it go on; a pause of its own stays', async () => {
  const { holdRun } = await import('../../../lambdas/strategy/lead-run.ts');
  const store = { defs, sinks: { auditTable: 'audit', machines: { 'run-campaign': 'r', 'release-parked': 'p' } } };
  await series('o');
  await begin({ campaignId: 'o', chain: 3 });
  await act('o', 'pause');
  const old = (await read('o'))!;
  await act('o', 'resume');
  await holdRun(store, old, { actor: 'herald', nowMs: 5 });
  expect((await read('o-00001'))?.state).toBe('scheduled');

  await act('o-00001', 'pause');
  await holdRun(store, old, { actor: 'herald', nowMs: 5 });
  expect((await read('o-00001'))?.state).toBe('paused');
});

test('resumed, the run goes on, and so does the series, in a chain of its own; a run over by then stays as it is', async () => {
  await series('g');
  await begin({ campaignId: 'g', chain: 3 });
  await act('g', 'pause');
  tables.asked.length = 0;
  expect(await act('g', 'resume')).toBe(200);
  const campaign = await read('g');
  expect(campaign).toMatchObject({ state: 'scheduled', series: { next: { number: 2 } } });
  const chain = campaign?.series?.chain;
  expect(chain).toBeGreaterThan(3);
  expect((await read('g-00001'))?.state).toBe('scheduled');
  expect(started()).toEqual([`g-${chain}`, expect.stringMatching(/^run-g-00001-/)]);
  expect(await begin({ campaignId: 'g', chain: 3 })).toEqual({ step: 'nothing' });
  expect(await begin({ campaignId: 'g', chain: Number(chain) })).toMatchObject({ step: 'wake' });
});

test('its speed is that of the run that is under way, and of those to come', async () => {
  await series('h', { speed: { perMinute: 5 } });
  await begin({ campaignId: 'h', chain: 3 });
  expect((await read('h-00001'))?.speed).toEqual({ perMinute: 5 });
  const put = { route: 'PUT /v1/campaigns/{campaignId}/speed', params: { campaignId: 'h' } };
  expect((await call(manage, { ...put, body: { perMinute: 7 } })).status).toBe(200);
  expect([(await read('h'))?.speed, (await read('h-00001'))?.speed]).toEqual([{ perMinute: 7 }, { perMinute: 7 }]);
});

test('runs are listed newest first, and nowhere else', async () => {
  await series('z');
  await begin({ campaignId: 'z', chain: 3 });
  const { body } = await call(manage, { route: 'GET /v1/campaigns/{campaignId}/runs', params: { campaignId: 'z' } });
  expect((body as { items: Campaign[] }).items.map(({ id }) => id)).toEqual(['z-00001']);
  const query = { cursor: 'a-00001' };
  const other = await call(manage, {
    ...{ route: 'GET /v1/campaigns/{campaignId}/runs', params: { campaignId: 'z' }, query },
  });
  expect(other).toMatchObject({ status: 400, body: { type: '/problems/invalid-query' } });
  const all = await call(manage, { route: 'GET /v1/campaigns', query: { limit: '100' } });
  const ids = (all.body as { items: Campaign[] }).items.map(({ id }) => id);
  expect(ids).toContain('z');
  expect(ids.filter((id) => id.endsWith('-00001'))).toEqual([]);
});
