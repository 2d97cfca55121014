import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Journey } from '../../../core/strategy/journey/journey.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call } from '../api-call.ts';
import { resultSet, startAthena } from '../fake-athena.ts';
import { type ApprovalWorld, abe, approvalWorld, mia } from './approval-world.ts';

let world: ApprovalWorld;
let athena: Awaited<ReturnType<typeof startAthena>>;
let journeys: ApiLambda;
let check: typeof import('../../../lambdas/strategy/check-submission.ts').handler;

/** `sizes`: of each query in turn; the last one is that of all others. */
const lake = { asked: [] as { sql: string; token: unknown }[], state: 'SUCCEEDED', sizes: ['5'] };
beforeAll(async () => {
  athena = await startAthena((action, input) => {
    if (action === 'StartQueryExecution') {
      lake.asked.push({ sql: String(input.QueryString), token: input.ClientRequestToken });
      return { QueryExecutionId: `${lake.asked.length - 1}` };
    }
    const Status = { State: lake.state, StateChangeReason: 'no' };
    if (action === 'GetQueryExecution') return { QueryExecution: { Status, Statistics: { DataScannedInBytes: 1 } } };
    return resultSet([
      ['size', 'total'],
      [lake.sizes[Number(input.QueryExecutionId)] ?? lake.sizes.at(-1)!, '9'],
    ]);
  });
  process.env.QUERY_CUTOFF_BYTES = '1000';
  world = await approvalWorld();
  journeys = (await import('../../../lambdas/strategy/manage-journeys.ts')).handler;
  ({ handler: check } = await import('../../../lambdas/strategy/check-submission.ts'));
  await world.defs.put('live-segment', 'seg', { id: 'seg', state: 'live', segment: { attribute: 'city' } }, 0, 1);
  const lately = { event: 'purchase', count: { atLeast: 1 }, within: { days: 7 } };
  await world.defs.put('segment', 'lately', { name: 'Buyers', segment: lately }, 0, 1);
  await world.putSettings({
    levels: [
      { name: 'Colleague', roles: ['approver'] },
      { name: 'Head', roles: ['admin'], when: { audienceLargerThan: 5 } },
    ],
  });
});
afterAll(async () => {
  await athena.stop();
  await world.tables.stop();
});
beforeEach(() => {
  Object.assign(lake, { asked: [], state: 'SUCCEEDED', sizes: ['5'] });
});

const onSchedule = { schedule: { at: '2099-01-01T10:00:00Z' }, audience: { segmentId: 'seg' } };
const submitted = async (entry: object) => {
  const hello = { kind: 'message', templateId: 'tpl', channelPolicy: ['sms'], next: 'end' };
  const body = { name: 'J', topic: 'news', entry, start: 'hello', nodes: { hello, end: { kind: 'exit' } } };
  const made = (await call(journeys, { route: 'POST /v1/journeys', body, as: mia })).body as Journey;
  const params = { journeyId: made.id };
  const it = { route: 'POST /v1/journeys/{journeyId}/submit', params, body: { version: made.version }, as: mia };
  const { id, approval } = (await call(journeys, it)).body as Journey;
  expect(approval?.levels).toMatchObject([{ name: 'Colleague' }, { name: 'Head', ifLargerThan: 5 }]);
  return { kind: 'journey' as const, id, hash: approval!.hash, submission: approval!.submission };
};
const approvalOf = async ({ id }: { id: string }) => (await world.defs.get<Journey>('journey', id))!.body.approval!;
const namesOf = async (ref: { id: string }) => (await approvalOf(ref)).levels.map(({ name }) => name);

test.each([
  ['on schedule', onSchedule],
  ['by a segment, with its members', { segment: 'seg', includeMembers: true }],
])('entered %s, its audience is counted before anybody is asked, once', async (_, entry) => {
  const ref = await submitted(entry);
  expect(await check(ref)).toEqual({ wait: { level: 0, seconds: expect.any(Number) } });
  expect(await approvalOf(ref)).toMatchObject({ audience: 5, levels: [{ name: 'Colleague' }] });
  await world.request({ ...ref, level: 0, taskToken: 'token' });
  expect(await world.waiting(abe)).toContainEqual(
    expect.objectContaining({ id: ref.id, approval: expect.objectContaining({ audience: 5 }) }),
  );
  // Asked again, it is the same query; who is asked is settled.
  lake.sizes = ['50'];
  await check(ref);
  expect(await approvalOf(ref)).toMatchObject({ audience: 5, levels: [{ name: 'Colleague' }] });
  expect(lake.asked).toEqual(Array(2).fill({ sql: expect.stringContaining('Paris'), token: expect.any(String) }));
  expect(new Set(lake.asked.map(({ token }) => token)).size).toBe(1);
});

test('a larger one asks everybody', async () => {
  lake.sizes = ['6'];
  const ref = await submitted(onSchedule);
  await check(ref);
  expect([await namesOf(ref), (await approvalOf(ref)).audience]).toEqual([['Colleague', 'Head'], 6]);
});

test.each([[['3', '6']], [['6', '3']]])(
  'who did something lately are more now than then: the larger count is taken, %s',
  async (sizes) => {
    lake.sizes = sizes;
    const ref = await submitted({ ...onSchedule, audience: { segmentId: 'lately' } });
    expect(await check(ref)).toMatchObject({ wait: { level: 0 } });
    expect([await namesOf(ref), (await approvalOf(ref)).audience]).toEqual([['Colleague', 'Head'], 6]);
    expect(new Set(lake.asked.map(({ token }) => token)).size).toBe(2);
  },
);

test.each([
  ['by an event', { event: { eventType: 'paid' } }],
  ['by a call', { api: true }],
  ['by a segment, one by one', { segment: 'seg' }],
])('entered %s, it has no audience before it runs, and asks everybody', async (_, entry) => {
  const ref = await submitted(entry);
  expect(await check(ref)).toMatchObject({ wait: { level: 0 } });
  expect([await namesOf(ref), (await approvalOf(ref)).audience, lake.asked]).toEqual([
    ['Colleague', 'Head'],
    undefined,
    [],
  ]);
});

test.each(['FAILED', 'gone'])('it cannot be counted, and asks everybody: %s', async (how) => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const entry = how === 'gone' ? { segment: 'seg', includeMembers: true } : onSchedule;
  const ref = await submitted(entry);
  const segment = (await world.defs.get<object>('segment', 'seg'))!;
  const put = async (body: object) => {
    const { version } = (await world.defs.get('segment', 'seg'))!;
    await world.defs.put('segment', 'seg', body, version, 2);
  };
  if (how === 'gone') await put({ ...segment.body, segment: { segment: 'none' } });
  else lake.state = how;
  expect(await check(ref)).toMatchObject({ wait: { level: 0 } });
  expect(await namesOf(ref)).toEqual(['Colleague', 'Head']);
  expect(warn).toHaveBeenCalledOnce();
  warn.mockRestore();
  if (how === 'gone') await put(segment.body);
});

test('withdrawn meanwhile: nothing is counted, and nothing waited for', async () => {
  const ref = await submitted(onSchedule);
  const { version, body } = (await world.defs.get<Journey>('journey', ref.id))!;
  await world.defs.put('journey', ref.id, { ...body, state: 'draft', version: version + 1 }, version, 2);
  expect([await check(ref), lake.asked]).toEqual([{}, []]);
});
