import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { call, marketer } from '../api-call.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;
let ledger: ReturnType<typeof import('../../../lambdas/adapters/ledger.ts').ledger>;
let handler: ApiLambda;
let hold: typeof import('../../../lambdas/strategy/hold-campaign.ts').handler;
let finish: typeof import('../../../lambdas/strategy/finish-campaign.ts').handler;

beforeAll(async () => {
  tables = await startTables();
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  ledger = (await import('../../../lambdas/adapters/ledger.ts')).ledger('ledger');
  ({ handler } = await import('../../../lambdas/strategy/manage-campaigns.ts'));
  ({ handler: hold } = await import('../../../lambdas/strategy/hold-campaign.ts'));
  ({ handler: finish } = await import('../../../lambdas/strategy/finish-campaign.ts'));
});
afterAll(() => tables.stop());
beforeEach(() => {
  tables.asked.length = 0;
  tables.control.fail = () => undefined;
});

type Shown = Campaign & { type?: string; detail?: string };
const act = async (id: string, verb: 'pause' | 'resume' | 'cancel', body: object = {}) => {
  const route = `POST /v1/campaigns/{campaignId}/${verb}`;
  const reply = await call(handler, { route, params: { campaignId: id }, body, as: marketer });
  return { ...reply, body: reply.body as Shown };
};
const read = async (id: string) =>
  (await call(handler, { route: 'GET /v1/campaigns/{campaignId}', params: { campaignId: id } })).body as Shown;
const stored = async (id: string) => (await defs.get<Campaign>('campaign', id))!;
/** What Step Functions was asked for. */
const asked = () =>
  tables.asked
    .filter(({ action }) => action === 'StartExecution' || action === 'SendTaskSuccess')
    .map(({ input: { name, input, taskToken } }) => taskToken ?? { name, input: JSON.parse(String(input)) });
const audited = async (id: string) => {
  const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
  const { items } = await readAudit('audit', { subject: `campaign/${id}` }, 10);
  return items.map(({ action, actor, detail }) => [action, actor, detail]).reverse();
};

/** A campaign that sends one batch to ten people. */
const sending = async (id: string, startedMs = Date.now()) => {
  const run = { runId: `${id}-r`, startedMs };
  const fields = { id, version: 1, state: 'sending', author: 'mia', editors: [], createdMs: 0, run };
  await defs.put('campaign', id, fields, 0, 1);
  await ledger.registerPart({ run: run.runId, unit: 'p#0' }, { batches: 1, recipients: 10 }, startedMs);
  const task = { campaignId: id, runId: run.runId };
  return {
    finish: () => finish({ ...task, parts: 1 }),
    fail: () => finish({ ...task, error: 'Athena: no' }),
    hold: (taskToken: string) => hold({ ...task, taskToken }),
    giveUp: () => hold(task),
    drain: () => ledger.batchesDone({ run: run.runId, unit: 'p#0' }, [0]),
  };
};
const released = (id: string, pause: number) => ({ name: `${id}-${pause}`, input: { campaignId: id, pause } });

test('paused: it says who, when and why, and so does the audit log; resumed, its messages are released, once', async () => {
  await sending('a');
  const paused = await act('a', 'pause', { reason: 'The shop is down' });
  expect(paused).toMatchObject({ status: 200, body: { state: 'paused', version: 2 } });
  const pause = { by: marketer.sub, atMs: expect.any(Number), reason: 'The shop is down' };
  expect((await read('a')).pause).toEqual(pause);
  expect((await act('a', 'pause', { reason: 'Again' })).body).toMatchObject({ version: 2, pause });
  expect(asked()).toEqual([]);

  expect((await act('a', 'resume')).body).toMatchObject({ state: 'sending', version: 3 });
  expect((await read('a')).pause).toBeUndefined();
  expect(asked()).toEqual([released('a', 2)]);
  expect((await act('a', 'resume')).body).toMatchObject({ state: 'sending', version: 3 });
  expect(asked()).toHaveLength(1);
  expect(await audited('a')).toEqual([
    ['pause', marketer.sub, 'The shop is down'],
    ['resume', marketer.sub, ''],
  ]);
});

test('the run waits by a token that nobody sees, and is told of the end, whoever ends the pause and how', async () => {
  for (const end of ['resume', 'cancel'] as const) {
    const id = `w-${end}`;
    const run = await sending(id);
    await act(id, 'pause');
    await expect(run.finish()).rejects.toMatchObject({ name: 'PlanPaused' });
    await run.hold('first');
    await run.hold('second');
    expect((await stored(id)).body.pause?.taskToken).toBe('second');
    expect(JSON.stringify([await read(id), (await act(id, 'pause')).body])).not.toContain('second');
    await act(id, end);
    expect(asked().slice(-2)).toEqual([released(id, 2), 'second']);
    await expect(run.hold('third')).rejects.toMatchObject({ name: 'NotPaused' });
    await expect(run.finish()).rejects.toMatchObject({ name: 'NotDrained' });
  }
});

test('Step Functions cannot be reached: the pause is over all the same, and the sweep tells the run later', async () => {
  const run = await sending('s');
  await act('s', 'pause');
  await run.hold('token');
  tables.control.fail = ({ action }) => (action === 'SendTaskSuccess' ? 'InternalServerError' : undefined);
  expect((await act('s', 'resume')).body).toMatchObject({ state: 'sending' });
  expect((await stored('s')).outbox.map(({ effect }) => effect)).toEqual(['audit', 'start-execution', 'task-success']);
});

test('still paused after 30 days, it is cancelled, and whoever waits is released to be settled', async () => {
  const run = await sending('l');
  await act('l', 'pause');
  await run.hold('token');
  await run.giveUp();
  expect(await read('l')).toMatchObject({ state: 'cancelled', reason: 'It was still paused 30 days after it began' });
  // The run itself does not wait any more.
  expect(asked()).toEqual([released('l', 2)]);
  await run.giveUp();
  expect(asked()).toHaveLength(1);

  const other = await sending('resumed-in-time');
  await act('resumed-in-time', 'pause');
  await act('resumed-in-time', 'resume');
  await other.giveUp();
  expect((await read('resumed-in-time')).state).toBe('sending');
});

test('it finishes when nobody is left to wait, and releases whoever waits when it fails', async () => {
  const done = await sending('d');
  await act('d', 'pause');
  await done.drain();
  expect(await done.finish()).toEqual({ state: 'finished' });
  const broken = await sending('f');
  await act('f', 'pause');
  expect(await broken.fail()).toEqual({ state: 'failed' });
  expect(asked()).toEqual([released('d', 2), released('f', 2)]);
});

test.each(['draft', 'in review', 'approved', 'finished', 'cancelled', 'failed'])(
  'a campaign that is %s is not paused',
  async (state) => {
    const id = `x-${state}`;
    const fields = { id, version: 1, state, author: 'mia', editors: [], createdMs: 0 };
    await defs.put('campaign', id, fields, 0, 1);
    expect(await act(id, 'pause')).toMatchObject({ status: 409, body: { detail: expect.stringContaining(state) } });
    expect((await act(id, 'resume')).status).toBe(409);
    expect((await stored(id)).version).toBe(1);
  },
);

test('nor one that began more than 30 days ago, or that there is not', async () => {
  await sending('old', Date.now() - 30 * 86_400_000);
  expect(await act('old', 'pause')).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('30 days') },
  });
  expect((await act('nobody', 'pause')).status).toBe(404);
  expect((await act('old', 'pause', { reason: 5 })).status).toBe(400);
});
