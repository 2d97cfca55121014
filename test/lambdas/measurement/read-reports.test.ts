import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sql } from '../../../core/audience/sql.ts';
import type { OutcomeRow } from '../../../core/delivery/outcome.ts';
import type { EventRow } from '../../../core/event/event.ts';
import type { Queries } from '../../../lambdas/adapters/athena.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { createLake, type Lake } from '../../core/lake.ts';
import { type AwsAnswer, type AwsRequest, startAws } from '../adapters/aws.ts';
import { call } from '../api-call.ts';

const NOW_MS = Date.parse('2026-03-05T12:00:00Z');
type Execution = { id: string; token: string; sql: string; state: 'RUNNING' | 'SUCCEEDED' | 'FAILED'; reason: string };

let lake: Lake;
let stop: () => Promise<void>;
let reports: ApiLambda;
let athena: Queries;
/** Athena as the handler sees it: tokens, states and pages of results; the queries run on the lake of this test. */
let executions: Execution[] = [];
/** Queries stay running until this is false. */
let slow = false;
let failure = '';
let pageSize = 1_000;

const row = (values: (string | null)[]) => ({
  Data: values.map((value) => (value === null ? {} : { VarCharValue: value })),
});
const refusal = (message: string): AwsAnswer => ({
  status: 400,
  body: { __type: 'InvalidRequestException', message },
});

const start = ({ QueryString: sql = '', ClientRequestToken: token = '' }: Record<string, string>): AwsAnswer => {
  const same = executions.find((execution) => execution.token === token);
  if (same && same.sql !== sql) return refusal('Idempotent parameters do not match');
  const execution: Execution = same ?? { id: `q${executions.length}`, token, sql, state: 'RUNNING', reason: '' };
  if (!same) executions.push(execution);
  return { body: { QueryExecutionId: execution.id } };
};

const answer = async ({ headers, body }: AwsRequest): Promise<AwsAnswer> => {
  const action = String(headers['x-amz-target']).replace('AmazonAthena.', '');
  const request = body as Record<string, string>;
  if (action === 'StartQueryExecution') return start(request);
  const execution = executions.find(({ id }) => id === request.QueryExecutionId);
  if (!execution) return refusal(`QueryExecution ${request.QueryExecutionId} was not found`);
  if (action === 'GetQueryExecution') {
    if (!slow) Object.assign(execution, failure ? { state: 'FAILED', reason: failure } : { state: 'SUCCEEDED' });
    const { state: State, reason: StateChangeReason, sql: Query } = execution;
    const Status = { State, StateChangeReason, SubmissionDateTime: NOW_MS / 1_000 };
    return { body: { QueryExecution: { Query, Status, Statistics: { DataScannedInBytes: 42 } } } };
  }
  const rows = await lake.query(execution.sql);
  const all = [row(Object.keys(rows[0] ?? {})), ...rows.map((one) => row(Object.values(one)))];
  const from = Number(request.NextToken ?? 0);
  const more = from + pageSize < all.length && { NextToken: String(from + pageSize) };
  return { body: { ResultSet: { Rows: all.slice(from, from + pageSize) }, ...more } };
};

beforeAll(async () => {
  lake = await createLake();
  stop = await startAws({ definitions: ['kind', 'id'], contacts: ['profileId'] }, answer);
  Object.assign(process.env, {
    DEFINITIONS_TABLE: 'definitions',
    CONTACTS_TABLE: 'contacts',
    WORK_BUCKET: 'work',
    ATHENA_WORK_GROUP: 'herald-test',
    GLUE_DATABASE: 'herald',
  });
  const defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  await defs.put('campaign', 'draft', { id: 'draft', state: 'draft' }, 0, 1);
  const run = { runId: 'ran-abc', startedMs: NOW_MS };
  await defs.put('campaign', 'ran', { id: 'ran', state: 'finished', run }, 0, 1);
  const plan = { topic: 'news', createdMs: NOW_MS };
  await defs.put('campaign', 'asked', { id: 'asked', ...plan }, 0, 1);
  await defs.put('trigger', 'asked', { id: 'asked', lane: 'transactional', ...plan }, 0, 1);
  const { queries } = await import('../../../lambdas/adapters/athena.ts');
  athena = queries({ workGroup: 'herald-test', database: 'herald' });
  reports = (await import('../../../lambdas/measurement/read-reports.ts')).handler;
});
afterAll(async () => {
  await stop();
  lake.close();
});
beforeEach(() => {
  executions = [];
  slow = false;
  failure = '';
  pageSize = 1_000;
  vi.spyOn(Date, 'now').mockReturnValue(NOW_MS);
});
afterEach(() => vi.restoreAllMocks());

const outcome = (profile_id: string, change: Partial<OutcomeRow> = {}): OutcomeRow => ({
  outcome_id: `ran-abc#${profile_id}#${change.channel ?? 'push'}`,
  plan_kind: 'campaign',
  plan_id: 'ran',
  run_id: 'ran-abc',
  profile_id,
  channel: 'push',
  outcome: 'sent',
  reason: '',
  final: true,
  at_ms: NOW_MS,
  message_id: '',
  event_id: '',
  ...change,
});
const get = (path: string, query?: Record<string, string>, campaignId?: string) =>
  call(reports, {
    route: `GET ${path}`,
    ...(query && { query }),
    ...(campaignId !== undefined && { params: { campaignId } }),
  });
const week = { from: '2026-03-01', to: '2026-03-08' };
const reach = (query: Record<string, string> = {}) => get('/v1/reports/reach', { ...week, ...query });
const REPORT = '/v1/campaigns/{campaignId}/report';

describe('why somebody got a message, or did not', () => {
  const why = (profileId: string, plan: string) =>
    call(reports, { route: 'GET /v1/profiles/{profileId}/why', params: { profileId }, query: { plan } });

  it('is told from what was written about them in that plan', async () => {
    const at = { plan_id: 'asked', channel: 'sms', outcome: 'skipped', reason: 'no-consent' } as const;
    lake.outcomes([
      outcome('ada', at),
      outcome('bo', at),
      outcome('ada', { ...at, plan_id: 'other', channel: 'push' }),
    ]);
    lake.consents([{ profile_id: 'ada', consent: 'sms', given: false, imported: false, at_ms: NOW_MS - 1 }]);
    const { status, body } = await why('ada', 'campaign/asked');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ profileId: 'ada', plan: 'campaign/asked', topic: 'news' },
      text: 'Not sent by sms: the person had not agreed to this channel and topic. No other channel of the plan was left.',
      decisions: [{ channel: 'sms', consent: { allowed: false, said: [{ consent: 'sms', given: false }] } }],
      contact: { consents: {}, suppressed: {}, touches: [] },
      asOf: '2026-03-05T12:00:00.000Z',
    });
    // Of a trigger of the same name nothing was written.
    expect((await why('ada', 'trigger/asked')).body).toMatchObject({
      decisions: [],
      text: expect.stringMatching(/^Nothing/),
    });
  });

  it('of a campaign that repeats tells of its newest run, or of the one that is named', async () => {
    const defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
    const plan = { topic: 'news', createdMs: NOW_MS, repeat: {} };
    await defs.put('campaign', 'daily', { id: 'daily', ...plan, series: { last: { number: 2 } } }, 0, 1);
    await defs.put('campaign', 'daily-00001', { id: 'daily-00001' }, 0, 1);
    await defs.put('campaign', 'daily-00002', { id: 'daily-00002' }, 0, 1);
    await defs.put('campaign', 'new', { id: 'new', ...plan }, 0, 1);
    lake.outcomes([
      outcome('ada', { plan_id: 'daily-00001', outcome: 'skipped', reason: 'holdout' }),
      outcome('ada', { plan_id: 'daily-00002' }),
    ]);
    const of = async (run?: string, id = 'daily') => {
      const query = { plan: `campaign/${id}`, ...(run && { run }) };
      const it = { route: 'GET /v1/profiles/{profileId}/why', params: { profileId: 'ada' }, query };
      const { status, body } = await call(reports, it);
      return { status, ...(body as { run?: object; text?: string; decisions?: { reason: string }[] }) };
    };
    const newest = { run: { id: 'daily-00002', number: 2 }, decisions: [{ outcome: 'sent' }] };
    expect(await of()).toMatchObject({ plan: 'campaign/daily', ...newest });
    expect(await of('2')).toMatchObject(newest);
    expect(await of('1')).toMatchObject({ run: { number: 1 }, decisions: [{ reason: 'holdout' }] });
    expect(await of(undefined, 'new')).toMatchObject({
      status: 200,
      text: 'No run of it has begun yet.',
      decisions: [],
    });
    expect((await of('3')).status).toBe(404);
    // A campaign that is sent once, and no number.
    expect([(await of('1', 'asked')).status, (await of('x')).status]).toEqual([400, 400]);
  });

  it.each([
    ['a plan that there is not', 'campaign/none', 404],
    ['another kind of thing', 'segment/asked', 400],
    ['no id', 'campaign/', 400],
  ])('%s', async (_, plan, status) => {
    expect((await why('ada', plan)).status).toBe(status);
  });
});

describe('reports', () => {
  it('of a campaign: who got it on which channel, who did not and why', async () => {
    lake.outcomes([
      outcome('ada'),
      outcome('ada'),
      outcome('bruno', { outcome: 'skipped', reason: 'no-address', final: false }),
      outcome('bruno', { channel: 'sms' }),
      outcome('chen', { outcome: 'skipped', reason: 'frequency-cap' }),
      outcome('dora', { outcome: 'failed', reason: 'provider-refused' }),
      outcome('emil', { run_id: 'other' }),
    ]);
    const { status, body } = await get(REPORT, undefined, 'ran');
    expect(status).toBe(200);
    expect(body).toEqual({
      recipients: 4,
      sent: 2,
      byChannel: { push: 1, sms: 1 },
      skipped: { 'frequency-cap': 1 },
      failed: { 'provider-refused': 1 },
      moved: { push: { 'no-address': 1 } },
      ...{ delivered: {}, bounced: {}, complained: {}, failedLater: {}, links: [] },
      ...{ opened: { people: 0, machines: {} }, clicked: { people: 0, machines: {} } },
      definition: expect.stringContaining('Recipients: people for whom the campaign came to an end'),
      asOf: '2026-03-05T12:00:00.000Z',
      scannedBytes: 42,
    });
  });

  it('of a campaign that has not run: zeros, without a query', async () => {
    const { status, body } = await get(REPORT, undefined, 'draft');
    expect(status).toBe(200);
    expect(body).toMatchObject({ recipients: 0, sent: 0, byChannel: {}, skipped: {}, failed: {}, moved: {} });
    expect(executions).toEqual([]);
  });

  it('of no campaign: 404', async () => {
    expect(await get(REPORT, undefined, 'none')).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
  });

  it('of reach, with days or instants', async () => {
    lake.outcomes([
      outcome('ada'),
      outcome('ada', { channel: 'sms' }),
      outcome('bruno', { at_ms: Date.parse('2026-03-08') }),
    ]);
    const figures = {
      people: 1,
      messages: 2,
      byChannel: { push: { people: 1, messages: 1 }, sms: { people: 1, messages: 1 } },
    };
    expect((await reach()).body).toMatchObject(figures);
    const instants = { from: '2026-03-05T12:00:00Z', to: '2026-03-05T14:00:00.001+02:00' };
    expect((await reach(instants)).body).toMatchObject(figures);
  });

  it('of repurchase', async () => {
    const buy = (id: string, day: string, type = 'purchase'): EventRow => ({
      id,
      type,
      profile_id: 'ada',
      source: 'shop',
      time_ms: Date.parse(day),
      received_ms: Date.parse(day),
      properties: '{}',
    });
    lake.events([buy('1', '2026-03-01'), buy('2', '2026-03-04'), buy('3', '2026-03-05', 'refund')]);
    const ask = async (query: object) => (await get('/v1/reports/repurchase', { ...week, ...query })).body;
    const twice = { buyers: 1, purchases: 2, repeatBuyers: 1, repeatRate: 1 };
    expect(await ask({})).toMatchObject({ ...twice, repeatedWithin: 1, rateWithin: 1 });
    expect(await ask({ withinDays: '2' })).toMatchObject({ ...twice, repeatedWithin: 0, rateWithin: 0 });
    const none = await ask({ eventType: 'subscription' });
    expect(none).toMatchObject({ buyers: 0, purchases: 0 });
    expect(none).not.toHaveProperty('repeatRate');
  });

  it.each([
    ['/v1/reports/reach', { from: '2026-03-01' }],
    ['/v1/reports/reach', { from: '2026-03-08', to: '2026-03-01' }],
    ['/v1/reports/reach', { from: '2026-02-30', to: '2026-03-08' }],
    ['/v1/reports/reach', { from: '2026-03-01T00:00:00', to: '2026-03-08' }],
    ['/v1/reports/reach', { ...week, channel: 'sms' }],
    ['/v1/reports/repurchase', { ...week, withinDays: '0' }],
    ['/v1/reports/repurchase', { ...week, withinDays: '1.5' }],
    ['/v1/reports/repurchase', { ...week, eventType: "x' OR 'a" }],
  ])('refuses %s %o', async (path, query) => {
    const { status, body } = await get(path, query as Record<string, string>);
    expect([status, (body as { type: string }).type]).toEqual([400, '/problems/invalid-query']);
    expect(executions).toEqual([]);
  });
});

describe('a count that takes long', () => {
  /** Every look at the clock is ten seconds after the one before. */
  const hurry = () => {
    let ms = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      ms += 10_000;
      return ms;
    });
  };

  it('is answered with 503, and found again by the same question in the same minute', async () => {
    lake.outcomes([outcome('ada')]);
    slow = true;
    hurry();
    const busy = await reach();
    expect(busy).toMatchObject({
      status: 503,
      headers: { 'content-type': 'application/problem+json', 'retry-after': '5' },
      body: { type: '/problems/unavailable', queryId: 'q0', retryAfter: 5 },
    });
    slow = false;
    vi.mocked(Date.now).mockReturnValue(NOW_MS + 59_999);
    expect(await reach()).toMatchObject({ status: 200, body: { people: 1, asOf: '2026-03-05T12:00:00.000Z' } });
    expect(executions).toHaveLength(1);
  });

  it('is found later by its id; the question alone counts anew', async () => {
    lake.outcomes([outcome('ada')]);
    await reach();
    vi.mocked(Date.now).mockReturnValue(NOW_MS + 60_000);
    expect(await reach({ queryId: 'q0' })).toMatchObject({ status: 200, body: { people: 1 } });
    expect(executions).toHaveLength(1);
    await reach();
    expect(executions).toHaveLength(2);
  });

  it('is not found by another question', async () => {
    await reach();
    const other = await reach({ from: '2026-03-02', queryId: 'q0' });
    expect(other).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
    expect(await reach({ queryId: 'unknown' })).toMatchObject({ status: 404 });
  });
});

describe('Athena', () => {
  it('that fails a query is an error of ours, with its reason in the log', async () => {
    failure = 'Bytes scanned limit was exceeded';
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    expect(await reach()).toMatchObject({ status: 500, body: { type: '/problems/internal-error' } });
    expect(log).toHaveBeenCalledWith(
      expect.objectContaining({ message: 'Query q0 failed: Bytes scanned limit was exceeded' }),
    );
  });

  it('gives all pages of rows', async () => {
    lake.outcomes(['ada', 'bruno', 'chen', 'dora'].map((who) => outcome(who)));
    pageSize = 2;
    const id = await athena.start(sql`SELECT profile_id, reason FROM outcomes ORDER BY profile_id`, 'all-pages');
    expect((await athena.settled(id, 1_000)).state).toBe('succeeded');
    const rows = await athena.rows(id);
    expect(rows.map((one) => one.profile_id)).toEqual(['ada', 'bruno', 'chen', 'dora']);
  });
});
