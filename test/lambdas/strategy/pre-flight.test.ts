import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import type { Summary } from '../../../core/strategy/pre-flight/pre-flight.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { resultSet, startAthena } from '../fake-athena.ts';
import { type ApprovalWorld, abe, approvalWorld, lea, mia, oscar } from './approval-world.ts';

let world: ApprovalWorld;
let athena: Awaited<ReturnType<typeof startAthena>>;
let check: ApiLambda;
let settleSubmission: typeof import('../../../lambdas/strategy/check-submission.ts').handler;

/** What Athena is asked, and how that ends. `row`: of the query's columns those that matter; `now`: the size as of now. */
const lake = {
  asked: [] as string[],
  failing: /^$/,
  state: 'SUCCEEDED',
  reason: '',
  scanned: 10,
  row: {} as Record<string, string>,
  now: '',
};
const answer = (action: string, input: Record<string, unknown>): object => {
  if (action === 'StartQueryExecution') {
    lake.asked.push(String(input.QueryString));
    return { QueryExecutionId: `q${lake.asked.length}` };
  }
  const asked = lake.asked[Number(String(input.QueryExecutionId).slice(1)) - 1] ?? '';
  if (action === 'GetQueryExecution') {
    const Status = { State: lake.failing.test(asked) ? 'FAILED' : lake.state, StateChangeReason: lake.reason };
    return { QueryExecution: { Status, Statistics: { DataScannedInBytes: lake.scanned } } };
  }
  const row = asked.includes('sample') ? lake.row : { size: lake.now };
  return resultSet([Object.keys(row), Object.values(row)]);
};

beforeAll(async () => {
  athena = await startAthena(answer);
  process.env.QUERY_CUTOFF_BYTES = '1000';
  world = await approvalWorld();
  ({ handler: check } = await import('../../../lambdas/strategy/check-campaigns.ts'));
  ({ handler: settleSubmission } = await import('../../../lambdas/strategy/check-submission.ts'));
  const { contacts } = await import('../../../lambdas/adapters/contacts.ts');
  await contacts('contacts').setConsents('ann', { sms: true });
  await contacts('contacts').setConsents('bob', { sms: false });
  const { PutItemCommand } = await import('@aws-sdk/client-dynamodb');
  for (const profileId of ['ann', 'bob']) {
    const body = JSON.stringify({ profileId, version: 1, updatedMs: 1, phone: '+33612345678', attributes: {} });
    const Item = { profileId: { S: profileId }, version: { N: '1' }, body: { S: body } };
    await world.tables.client.send(new PutItemCommand({ TableName: 'profiles', Item }));
  }
});
afterAll(async () => {
  await athena.stop();
  await world.tables.stop();
});
const mixed = (...ids: string[]) => ids.map((id) => `${'A'.repeat(32)}${id}`).join('\n');
beforeEach(() => {
  const row = { size: '2', total: '9', sample: mixed('ann', 'bob') };
  Object.assign(lake, { asked: [], failing: /^$/, state: 'SUCCEEDED', reason: '', scanned: 10, row });
});

type Shown = { type?: string; detail?: string; state: string; reason?: string; hash: string; summary: Summary };
const ask = async (id: string, as = lea) => {
  const route = 'POST /v1/campaigns/{campaignId}/pre-flight';
  const { status, body } = await call(check, { route, params: { campaignId: id }, body: {}, as });
  return { status, body: body as Shown };
};
const draft = async (change: object = {}) => {
  const body = {
    name: 'Offer',
    audience: { segmentId: 'seg' },
    templateId: 'tpl',
    channelPolicy: ['sms'],
    topic: 'offers',
  };
  const made = await call(world.campaigns, { route: 'POST /v1/campaigns', body: { ...body, ...change }, as: mia });
  return (made.body as Campaign).id;
};
const read = async (id: string) => {
  const it = { route: 'GET /v1/campaigns/{campaignId}', params: { campaignId: id }, as: lea };
  return (await call(world.campaigns, it)).body as Campaign & { preFlight?: Shown };
};
const all = (size: number) => ({ size, low: size, high: size });

test('of a draft: one query, and the people of its sample as they are now; kept with the campaign', async () => {
  const id = await draft({ sendAt: '2099-01-01T10:00:00Z', speed: { perMinute: 1 } }).catch(String);
  const soon = await draft({ speed: { perMinute: 1 } });
  expect((await ask(id)).body).toMatchObject({ type: '/problems/invalid-reference' });
  const { status, body } = await ask(soon);
  expect([status, lake.asked.length]).toEqual([200, 1]);
  expect(body).toMatchObject({
    ...{ state: 'done', campaignId: soon, version: 1, scannedBytes: 10 },
    summary: {
      ...{ audience: { size: 2, of: 9 }, sample: { people: 2, exact: true }, begins: { isLate: false } },
      channels: { sms: { reachable: all(1), noConsent: all(1) } },
      expected: { sent: all(1), byChannel: { sms: all(1) }, skipped: { 'no-consent': all(1) } },
      duration: { seconds: 60, limitedBy: 'speed' },
      template: { rendered: 1, failed: 0, checked: 1 },
    },
  });
  expect((await read(soon)).preFlight).toEqual(body);
});

test('it takes long: asked again, it waits for the same query, until something else would be sent', async () => {
  const id = await draft();
  lake.state = 'RUNNING';
  const { preFlights } = await import('../../../lambdas/strategy/pre-flights.ts');
  const { queries } = await import('../../../lambdas/adapters/athena.ts');
  const { freezeCampaign } = await import('../../../lambdas/strategy/freeze-campaign.ts');
  const tables = { definitions: 'definitions', profiles: 'profiles', contacts: 'contacts' };
  const impatient = preFlights({
    ...{ defs: world.defs, tables, cutoffBytes: 1 },
    lake: queries({ workGroup: 'q', database: 'herald' }),
  });
  const campaign = (await world.defs.get<Campaign>('campaign', id))!.body;
  const plan = await freezeCampaign(world.defs, campaign, Date.now());
  expect(await impatient.check(campaign, plan, Date.now(), 0)).toMatchObject({ state: 'running', queryId: 'q1' });
  const shown = (await read(id)).preFlight;
  expect(shown).toMatchObject({ state: 'running', hash: plan.hash });
  expect(Object.keys(shown ?? {})).not.toContain('queryId');
  expect(await impatient.check(campaign, plan, Date.now(), 0)).toMatchObject({ state: 'running', queryId: 'q1' });
  const other = { ...plan, hash: 'other' };
  expect(await impatient.check(campaign, other, Date.now(), 0)).toMatchObject({ state: 'running', queryId: 'q2' });
  lake.state = 'SUCCEEDED';
  expect(await impatient.check(campaign, other, Date.now(), 0)).toMatchObject({ state: 'done', hash: 'other' });
  expect(lake.asked).toHaveLength(2);
});

test.each([
  ['scan-limit', { scanned: 1_000, reason: 'x' }],
  ['invalid-segment', { reason: 'a column is missing' }],
])('a query that fails is told, and kept; the next one replaces it: %s', async (problem, how) => {
  const id = await draft();
  Object.assign(lake, { state: 'FAILED', ...how });
  expect((await ask(id)).body.type).toBe(`/problems/${problem}`);
  expect((await read(id)).preFlight).toMatchObject({ state: 'failed', reason: expect.any(String) });
  lake.state = 'SUCCEEDED';
  lake.scanned = 1;
  expect((await ask(id)).body.state).toBe('done');
  expect((await read(id)).preFlight?.state).toBe('done');
});

test('what is not to be asked', async () => {
  expect((await ask('gone')).status).toBe(404);
  const id = await draft({ templateId: 'none' });
  expect((await ask(id)).body).toMatchObject({
    type: '/problems/invalid-reference',
    detail: 'There is no template none',
  });
  await call(world.campaigns, {
    ...{ route: 'POST /v1/campaigns/{campaignId}/cancel', params: { campaignId: id }, body: {}, as: mia },
  });
  expect((await ask(id)).body.type).toBe('/problems/state-conflict');
  expect(lake.asked).toEqual([]);
});

test('names what else is planned about it, and counts whom other campaigns share with it', async () => {
  const { id: other } = await world.submit({ name: 'Other', topic: 'news' });
  await world.submit({ name: 'Elsewhere', topic: 'elsewhere' });
  const about = { name: 'Cart', topic: 'offers', nodes: {} };
  await world.defs.put('trigger', 't1', { ...about, id: 't1', state: 'active' }, 0, 1);
  await world.defs.put('trigger', 't2', { ...about, id: 't2', state: 'paused' }, 0, 1);
  await world.defs.put('trigger', 't3', { ...about, id: 't3', state: 'active', topic: 'news' }, 0, 1);
  const node = { kind: 'message', topic: 'offers' };
  await world.defs.put('journey', 'j1', { ...about, id: 'j1', topic: 'news', nodes: { hi: node } }, 0, 1);
  await world.defs.put('journey', 'j2', { ...about, id: 'j2' }, 0, 1);
  await world.defs.put('live-journey', 'j1', { id: 'j1', state: 'live' }, 0, 1);
  await world.defs.put('live-journey', 'j2', { id: 'j2', state: 'stopped' }, 0, 1);
  // Of those that are near, the newest is asked about first: o0 is this one, o1 "Elsewhere", o2 "Other".
  Object.assign(lake.row, { o0_0: '2', o0_1: '0', o0_2: '1' });
  const { conflicts } = (await ask(await draft())).body.summary;
  expect(conflicts).toMatchObject({
    campaigns: [{ id: other, name: 'Other', state: 'in review', sameTopic: false, overlap: 1 }],
    ...{ triggers: [{ id: 't1', name: 'Cart' }], journeys: [{ id: 'j1', name: 'Cart' }], more: 0 },
  });
});

test('the audience of another campaign reads too much: it is counted alone', async () => {
  await world.submit({ name: 'Wide' });
  Object.assign(lake, { failing: /AS o0_0/, reason: 'a column is missing' });
  const { state, summary } = (await ask(await draft())).body;
  expect([state, lake.asked.length, summary.audience.size]).toEqual(['done', 2, 2]);
  const wide = summary.conflicts.campaigns.filter(({ name }) => name === 'Wide');
  expect(wide.map(({ sameTopic, overlap }) => [sameTopic, overlap])).toEqual([[true, undefined]]);
});

test('the content of another campaign is gone, or makes no query: a note names it, and the rest is told', async () => {
  const broken = { approval: { hash: 'gone' }, state: 'in review', topic: 'offers' };
  await world.defs.put('campaign', '0-lost', { ...broken, id: '0-lost', name: 'Lost' }, 0, 1);
  await world.defs.put('campaign', '0-odd', { ...broken, id: '0-odd', name: 'Odd' }, 0, 1);
  await world.defs.put('plan-version', '0-odd@gone', { segment: { nonsense: 1 } }, 0, 1);
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { status, body } = await ask(await draft());
  expect([status, body.state]).toEqual([200, 'done']);
  const { campaigns, notes } = body.summary.conflicts;
  const named = (name: string) => expect.stringMatching(`^“${name}” begins at about that time`);
  expect(notes?.toSorted()).toEqual([named('Lost'), named('Odd')]);
  expect(campaigns.filter(({ name }) => name === 'Lost' || name === 'Odd')).toEqual([]);
  expect(warn.mock.calls).toEqual([[expect.objectContaining({ campaigns: expect.any(Array) })]]);
  // The audiences of the others fail: it is asked alone, and still says so.
  Object.assign(lake, { failing: /AS o0_0/, reason: 'a column is missing' });
  expect((await ask(await draft())).body.summary.conflicts.notes).toHaveLength(2);
  warn.mockRestore();
  for (const id of ['0-lost', '0-odd']) await world.defs.put('campaign', id, { ...broken, state: 'cancelled' }, 1, 2);
});

const levels = [
  { name: 'Colleague', roles: ['approver'] },
  { name: 'Head', roles: ['admin'], when: { audienceLargerThan: 5 } },
];
const refOf = async (id: string) => {
  const { hash, submission } = (await read(id)).approval!;
  return { kind: 'campaign' as const, id, hash, submission };
};

test('a submission: kept for those who decide, and who is asked follows from the size, once', async () => {
  await world.putSettings({ levels }, oscar);
  const { id, body } = await world.submit();
  expect(body.approval?.levels).toMatchObject([{ name: 'Colleague' }, { name: 'Head', ifLargerThan: 5 }]);
  const ref = await refOf(id);
  expect(await settleSubmission(ref)).toEqual({ wait: { level: 0, seconds: expect.any(Number) } });
  expect((await read(id)).approval).toMatchObject({ audience: 2, levels: [{ name: 'Colleague' }] });
  await world.open(id);
  const [waiting] = (await world.waiting(abe)).filter((item) => item.id === id);
  expect(waiting).toMatchObject({ preFlight: { state: 'done', summary: { audience: { size: 2 } } } });

  // Somebody is asked: a later count changes what they see, and not who is asked.
  lake.row.size = '50';
  await settleSubmission(ref);
  expect((await read(id)).approval).toMatchObject({ audience: 2, levels: [{ name: 'Colleague' }] });
  expect((await ask(id, abe)).body.summary.audience.size).toBe(50);
  expect((await read(id)).preFlight?.summary.audience.size).toBe(50);
});

test('a larger one asks everybody; so does one that cannot be counted', async () => {
  lake.row.size = '6';
  const { id } = await world.submit();
  await settleSubmission(await refOf(id));
  expect((await read(id)).approval).toMatchObject({ audience: 6, levels: [{ name: 'Colleague' }, { name: 'Head' }] });
  Object.assign(lake, { state: 'FAILED', reason: 'no' });
  const { id: unknown } = await world.submit();
  expect(await settleSubmission(await refOf(unknown))).toMatchObject({ wait: { level: 0 } });
  const { approval, preFlight } = await read(unknown);
  expect(approval?.levels.map(({ name }) => name)).toEqual(['Colleague', 'Head']);
  expect([approval?.audience, preFlight?.state]).toEqual([undefined, 'failed']);
});

test('who did something lately are more now than at its time: the larger count says who is asked', async () => {
  const lately = { event: 'purchase', count: { atLeast: 1 }, within: { days: 7 } };
  await world.defs.put('segment', 'lately', { name: 'Buyers', segment: lately }, 0, 1);
  lake.now = '6';
  const sendAt = new Date(Date.now() + 20 * 86_400_000).toISOString();
  const { id } = await world.submit({ audience: { segmentId: 'lately' }, sendAt });
  await settleSubmission(await refOf(id));
  const { approval, preFlight } = await read(id);
  expect([approval?.audience, approval?.levels.length, preFlight?.summary.audience.size]).toEqual([6, 2, 2]);
  // Sent at once, there is one time to count for.
  const { id: atOnce } = await world.submit({ audience: { segmentId: 'lately' } });
  lake.asked.length = 0;
  await settleSubmission(await refOf(atOnce));
  expect([(await read(atOnce)).approval?.audience, lake.asked.length]).toEqual([2, 1]);
});

test('withdrawn meanwhile: nothing is counted, and nothing waited for', async () => {
  const { id } = await world.submit();
  const ref = await refOf(id);
  await call(world.campaigns, {
    ...{ route: 'POST /v1/campaigns/{campaignId}/cancel', params: { campaignId: id }, body: {}, as: mia },
  });
  expect([await settleSubmission(ref), lake.asked.length]).toEqual([{}, 0]);
});
