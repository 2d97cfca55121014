import { DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import { loadPlanVersion } from '../../../lambdas/adapters/plan-versions.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { approver, type Call, call, marketer } from '../api-call.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;
let handler: ApiLambda;
let approvals: ApiLambda;
let tasks: {
  request: typeof import('../../../lambdas/strategy/request-approval.ts').handler;
  settle: typeof import('../../../lambdas/strategy/settle-approval.ts').handler;
  prepare: typeof import('../../../lambdas/strategy/prepare-snapshot.ts').handler;
  finish: typeof import('../../../lambdas/strategy/finish-campaign.ts').handler;
};

beforeAll(async () => {
  tables = await startTables();
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  handler = (await import('../../../lambdas/strategy/manage-campaigns.ts')).handler;
  approvals = (await import('../../../lambdas/strategy/manage-approvals.ts')).handler;
  tasks = {
    request: (await import('../../../lambdas/strategy/request-approval.ts')).handler,
    settle: (await import('../../../lambdas/strategy/settle-approval.ts')).handler,
    prepare: (await import('../../../lambdas/strategy/prepare-snapshot.ts')).handler,
    finish: (await import('../../../lambdas/strategy/finish-campaign.ts')).handler,
  };
  const segment = { all: [{ attribute: 'city', equals: 'Paris' }] };
  await defs.put('segment', 'seg', { name: 'Paris', segment }, 0, 1);
  const channels = { sms: { text: 'Hi {{ profile.attributes.name }}' }, push: { title: 'T', body: 'B' } };
  await defs.put('template', 'tpl', { id: 'tpl', version: 1, editors: ['tia'], name: 'Hello', channels }, 0, 1);
  const mail = { ...channels, email: { subject: 'Hi', html: '<p>Hi</p>' } };
  await defs.put('template', 'mail', { id: 'mail', version: 1, editors: [], name: 'Mail', channels: mail }, 0, 1);
  const eventful = { sms: { text: '{{ event.type }}' } };
  await defs.put(
    'template',
    'for-events',
    { id: 'for-events', version: 1, editors: [], name: 'E', channels: eventful },
    0,
    1,
  );
});
afterAll(() => tables.stop());
beforeEach(() => {
  tables.asked.length = 0;
  tables.control.fail = () => undefined;
});

const input = {
  name: 'Win back',
  audience: { segmentId: 'seg' },
  templateId: 'tpl',
  channelPolicy: ['push', 'sms'],
  topic: 'offers',
};
const ifNotOpened = [{ channel: 'email', ifNotOpenedWithin: { hours: 1 } }, 'sms'];
type Shown = Campaign & { type?: string; detail?: string; errors?: { path: string }[] };
const at = (path: string) => `POST /v1/campaigns/{campaignId}${path}`;
const ask = async (it: Call) => {
  const reply = await call(/\/(approve|reject)$/.test(it.route) ? approvals : handler, it);
  return { ...reply, body: reply.body as Shown };
};
const create = async (body: object = input) => (await ask({ route: 'POST /v1/campaigns', body })).body;
const act = (id: string, verb: string, body: object, as = marketer) =>
  ask({ route: at(`/${verb}`), params: { campaignId: id }, body, as });
const read = async (id: string) =>
  (await ask({ route: 'GET /v1/campaigns/{campaignId}', params: { campaignId: id } })).body;
const started = (machine: string) =>
  tables.asked
    .filter(({ action, input }) => action === 'StartExecution' && String(input.stateMachineArn).endsWith(machine))
    .map(({ input }) => ({ name: input.name, input: JSON.parse(String(input.input)) }));
const answered = () =>
  tables.asked
    .filter(({ action }) => action === 'SendTaskSuccess')
    .map(({ input }) => ({ token: input.taskToken, output: JSON.parse(String(input.output)) }));

/** Submitted, and its state machine has asked for the decision. */
const inReview = async (body: object = input) => {
  const { id, version } = await create(body);
  const submitted = (await act(id, 'submit', { version })).body;
  const { hash, submission } = submitted.approval!;
  const ref = { kind: 'campaign' as const, id, hash, submission };
  await tasks.request({ ...ref, level: 0, taskToken: `token-${id}` });
  return { id, ref };
};

describe('writing', () => {
  test('a campaign begins as a draft, at its Location, with an audit entry', async () => {
    const reply = await ask({ route: 'POST /v1/campaigns', body: input });
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ ...input, state: 'draft', version: 1, author: 'mia', editors: [] });
    expect(reply.headers.location).toBe(`/v1/campaigns/${reply.body.id}`);
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    const audit = await readAudit('audit', { subject: `campaign/${reply.body.id}` }, 10);
    expect(audit.items).toMatchObject([{ action: 'create', actor: 'mia', version: 1, detail: 'Win back' }]);
  });

  test('with a key it is made once, even when the call died before its answer was kept', async () => {
    const make = () => ask({ route: 'POST /v1/campaigns', body: input, headers: { 'idempotency-key': 'died' } });
    const first = await make();
    const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: 'idempotency' }));
    for (const { id } of Items.filter((item) => !item.id?.S?.startsWith('first#'))) {
      await tables.client.send(new DeleteItemCommand({ TableName: 'idempotency', Key: { id: id! } }));
    }
    expect(await make()).toEqual(first);
    expect((await defs.all<Campaign>('campaign')).filter(({ id }) => id === first.body.id)).toHaveLength(1);
    const other = await ask({ route: 'POST /v1/campaigns', body: input, headers: { 'idempotency-key': 'other' } });
    expect(other.body.id).not.toBe(first.body.id);
    expect(other.body.id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  test('lists page by cursor, newest first, each once', async () => {
    for (let n = 0; n < 3; n += 1) await create({ ...input, name: `C${n}` });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { limit: '2', ...(cursor && { cursor }) };
      const { body } = await call(handler, { route: 'GET /v1/campaigns', query });
      const page = body as { items: Shown[]; cursor?: string };
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor);
    expect(seen).toEqual([...seen].sort().reverse());
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBeGreaterThanOrEqual(3);
  });

  test.each([
    ['segmentId', 'There is no segment nope'],
    ['listId', 'There is no list nope'],
    ['audienceId', 'There is no audience nope'],
  ])('whom it is for must exist: %s', async (name, message) => {
    const answer = {
      status: 422,
      body: { type: '/problems/invalid-reference', errors: [{ path: `audience.${name}`, message }] },
    };
    const body = { ...input, audience: { [name]: 'nope' } };
    expect(await ask({ route: 'POST /v1/campaigns', body })).toMatchObject(answer);
    const { id: campaignId } = await create();
    const put = { route: 'PUT /v1/campaigns/{campaignId}', params: { campaignId }, body: { ...body, version: 1 } };
    expect(await ask(put)).toMatchObject(answer);
    expect((await read(campaignId)).version).toBe(1);
  });

  test.each<[object, string, string]>([
    [{ best: { within: { minutes: 59 } } }, 'sendTime.best.within', 'From 1 hour to 7 days'],
    [{ best: { within: { days: 8 } } }, 'sendTime.best.within', 'From 1 hour to 7 days'],
    [{ best: {} }, 'sendTime.best.within', 'Invalid input: expected object, received undefined'],
    [{ local: '9:00' }, 'sendTime.local', 'A time of day, as 21:00'],
    [{ local: '24:00' }, 'sendTime.local', 'A time of day, as 21:00'],
    [{ local: '09:00', zone: 'UTC' }, 'sendTime.zone', 'Unknown field'],
  ])('sendTime %j is refused at %s', async (sendTime, path, message) => {
    const { status, body } = await ask({ route: 'POST /v1/campaigns', body: { ...input, sendTime } });
    expect([status, body.errors]).toEqual([400, [{ path, message }]]);
  });

  test('an update names the version that it changes', async () => {
    const { id } = await create();
    const put = (version: number, as = marketer) =>
      ask({
        route: 'PUT /v1/campaigns/{campaignId}',
        params: { campaignId: id },
        body: { ...input, name: 'New', version },
        as,
      });
    expect((await put(1, { sub: 'ben', groups: ['marketer'] })).body).toMatchObject({
      name: 'New',
      version: 2,
      editors: ['ben'],
    });
    expect(await put(1)).toMatchObject({ status: 409, body: { type: '/problems/version-conflict' } });
  });

  test('what does not exist is 404', async () => {
    expect(await act('nope', 'submit', { version: 1 })).toMatchObject({
      status: 404,
      body: { type: '/problems/not-found' },
    });
    expect(await act('nope', 'cancel', {})).toMatchObject({ status: 404 });
  });
});

describe('submitting', () => {
  test('freezes the plan and starts the approval under a name of its own', async () => {
    const { id, version } = await create({ ...input, sendAt: '2027-03-01T10:00:00+01:00' });
    const { status, body } = await act(id, 'submit', { version, expirySeconds: 600 });
    expect([status, body.state, body.version]).toEqual([200, 'in review', 2]);
    const { hash, submittedMs, expiresMs } = body.approval!;
    expect(expiresMs - submittedMs).toBe(600_000);
    expect(started('approve')).toEqual([
      {
        name: `${id}-${hash}-1`,
        input: { kind: 'campaign', id, hash, submission: 1, wait: { level: 0, seconds: 600 } },
      },
    ]);
    expect(await loadPlanVersion(defs, id, hash)).toMatchObject({
      lane: 'promotional',
      segment: { all: [{ attribute: 'city', equals: 'Paris' }] },
      template: { name: 'Hello' },
      sendAtMs: Date.parse('2027-03-01T09:00:00Z'),
    });
  });

  test('when each gets it is part of what is approved', async () => {
    const hashOf = async (body: object) => {
      const { id, version } = await create({ ...input, ...body });
      const { hash } = (await act(id, 'submit', { version })).body.approval!;
      return { hash, plan: await loadPlanVersion(defs, id, hash), shown: await read(id) };
    };
    const best = { sendTime: { best: { within: { hours: 24 } } }, deadline: { hours: 24 } };
    const { plan, shown } = await hashOf(best);
    expect(plan).toMatchObject(best);
    expect(shown).toMatchObject(best);
    const { id, version } = await create({ ...input, sendTime: { local: '09:00' } });
    const first = (await act(id, 'submit', { version })).body;
    const params = { campaignId: id };
    const body = { ...input, sendTime: { local: '10:00' }, version: first.version };
    const edited = await ask({ route: 'PUT /v1/campaigns/{campaignId}', params, body });
    const second = (await act(id, 'submit', { version: edited.body.version })).body;
    expect(second.approval!.hash).not.toBe(first.approval!.hash);
  });

  test('freezes what other segments say now, so that a later change changes nothing', async () => {
    await defs.put('segment', 'outer', { name: 'Not Paris', segment: { not: { segment: 'seg' } } }, 0, 1);
    const { id, version } = await create({ ...input, audience: { segmentId: 'outer' } });
    const { body } = await act(id, 'submit', { version });
    expect((await loadPlanVersion(defs, id, body.approval!.hash))?.segment).toEqual({
      not: { all: [{ attribute: 'city', equals: 'Paris' }] },
    });
  });

  test('freezes a set expression as a rule; who is on a list is not frozen, but that it is asked for', async () => {
    await defs.put('list', 'vip', { id: 'vip', name: 'VIP' }, 0, 1);
    const audience = { difference: [{ list: 'vip' }, { segment: 'seg' }] };
    await defs.put('audience', 'vip-elsewhere', { name: 'VIP elsewhere', audience }, 0, 1);
    const frozen = async (ref: object) => {
      const { id, version } = await create({ ...input, audience: ref });
      const { body } = await act(id, 'submit', { version });
      return (await loadPlanVersion(defs, id, body.approval!.hash))?.segment;
    };
    const paris = { all: [{ attribute: 'city', equals: 'Paris' }] };
    expect(await frozen({ audienceId: 'vip-elsewhere' })).toEqual({ all: [{ list: 'vip' }, { not: paris }] });
    expect(await frozen({ listId: 'vip' })).toEqual({ list: 'vip' });
  });

  test.each([
    [{ templateId: 'nope' }, ['templateId']],
    [{ audience: { segmentId: 'nope' } }, ['audience.segmentId']],
    [{ audience: { listId: 'nope' } }, ['audience.listId']],
    [{ audience: { audienceId: 'nope' } }, ['audience.audienceId']],
    [{ channelPolicy: ['email', 'sms'] }, ['channelPolicy.0']],
    [{ channelPolicy: ['sms', 'sms'] }, ['channelPolicy.1']],
    [{ templateId: 'for-events', channelPolicy: ['sms'] }, ['templateId']],
    [{ templateId: 'mail', channelPolicy: ifNotOpened, tracking: { opens: false } }, ['channelPolicy.0']],
    [{ templateId: 'nope', audience: { segmentId: 'nope' } }, ['audience.segmentId', 'templateId']],
    [{ sendAt: new Date(Date.now() + 351 * 86_400_000).toISOString() }, ['sendAt']],
    [{ sendTime: { best: { within: { days: 2 } } }, deadline: { hours: 47 } }, ['deadline']],
    [{ sendTime: { local: '09:00' }, deadline: { hours: 24 } }, ['deadline']],
  ])('%j does not fit', async (change, paths) => {
    const { id } = await create();
    // What it refers to was there when it was written.
    const stored = await defs.get<Campaign>('campaign', id);
    await defs.put('campaign', id, { ...stored?.body, ...change, version: 2 }, 1, 2);
    const { status, body } = await act(id, 'submit', { version: 2 });
    expect([status, body.type]).toEqual([422, '/problems/invalid-reference']);
    expect(body.errors?.map(({ path }) => path)).toEqual(paths);
    expect((await read(id)).state).toBe('draft');
  });

  test('twice is one submission, and later, too, as long as it would be the same', async () => {
    const { id } = await create();
    const replies = await Promise.all([act(id, 'submit', { version: 1 }), act(id, 'submit', { version: 1 })]);
    expect(replies.map(({ status, body }) => [status, body.version])).toEqual([
      [200, 2],
      [200, 2],
    ]);
    for (const version of [1, 2]) {
      expect((await act(id, 'submit', { version, expirySeconds: 60 })).body).toEqual(await read(id));
    }
    expect(started('approve')).toHaveLength(1);
    expect((await act(id, 'submit', { version: 3 })).body.type).toBe('/problems/version-conflict');
    await defs.put('template', 'tpl', { ...(await defs.get<object>('template', 'tpl'))?.body, name: 'Other' }, 1, 2);
    expect((await act(id, 'submit', { version: 1 })).body.type).toBe('/problems/state-conflict');
  });

  test('with Step Functions down it is in review all the same: the sweep starts it', async () => {
    tables.control.fail = ({ action }) => (action === 'StartExecution' ? 'StateMachineDeleting' : undefined);
    const { id } = await create();
    expect((await act(id, 'submit', { version: 1 })).body.state).toBe('in review');
    const stored = await defs.get('campaign', id);
    expect(stored?.outbox.map(({ effect }) => effect)).toEqual(['audit', 'start-execution']);
  });
});

describe('deciding', () => {
  test('the author may not, somebody else may; the state machine is told; the token is never shown', async () => {
    const { id, ref } = await inReview();
    const both = { sub: 'mia', groups: ['marketer', 'approver'] as never[] };
    expect(await act(id, 'approve', {}, both)).toMatchObject({ status: 403, body: { type: '/problems/own-approval' } });
    expect(JSON.stringify(await read(id))).not.toContain('token-');
    const { status, body } = await act(id, 'approve', { comment: 'Go', hash: ref.hash }, approver);
    expect([status, body.state]).toEqual([200, 'approved']);
    expect(answered()).toEqual([{ token: `token-${id}`, output: { outcome: 'approved' } }]);
    expect((await act(id, 'approve', {}, approver)).status).toBe(200);
    expect(answered()).toHaveLength(1);
    expect(await act(id, 'reject', { comment: 'no' }, approver)).toMatchObject({
      status: 409,
      body: { type: '/problems/already-decided' },
    });
  });

  test('a marketer may not decide at all', async () => {
    const { id } = await inReview();
    const reply = await act(id, 'approve', {}, { sub: 'moe', groups: ['marketer'] });
    expect([reply.status, reply.body.type]).toEqual([403, '/problems/forbidden-role']);
  });

  test('before the state machine has asked: try again', async () => {
    const { id, version } = await create();
    await act(id, 'submit', { version });
    expect(await act(id, 'approve', {}, approver)).toMatchObject({
      status: 409,
      body: { type: '/problems/approval-not-ready' },
    });
  });

  test.each([{}, { comment: '' }, { comment: '  ' }])('a rejection with %j says no why', async (body) => {
    const { id } = await inReview();
    expect(await act(id, 'reject', body, approver)).toMatchObject({
      status: 400,
      body: { type: '/problems/invalid-body' },
    });
  });

  test('a rejection with a comment', async () => {
    const { id, ref } = await inReview();
    const { body } = await act(id, 'reject', { comment: 'Dead link' }, approver);
    expect([body.state, body.approval?.decision?.comment]).toEqual(['rejected', 'Dead link']);
    expect(answered()).toMatchObject([{ output: { outcome: 'rejected' } }]);
    expect(await tasks.settle({ ...ref, givenUp: false })).toMatchObject({ state: 'rejected' });
    expect(started('run')).toEqual([]);
  });

  test('of two approvers at once, one decides', async () => {
    const { id } = await inReview();
    const replies = await Promise.all([
      act(id, 'approve', {}, approver),
      act(id, 'reject', { comment: 'no' }, { sub: 'abe', groups: ['approver'] }),
    ]);
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answered()).toHaveLength(1);
  });

  test('an edit voids it and frees the state machine', async () => {
    const { id, ref } = await inReview();
    const { version } = await read(id);
    const put = await ask({
      route: 'PUT /v1/campaigns/{campaignId}',
      params: { campaignId: id },
      body: { ...input, name: 'Other', version },
    });
    expect([put.body.state, put.body.approval]).toEqual(['draft', undefined]);
    expect(answered()).toEqual([{ token: `token-${id}`, output: { outcome: 'voided' } }]);
    expect(await act(id, 'approve', {}, approver)).toMatchObject({
      status: 409,
      body: { type: '/problems/state-conflict' },
    });
    expect(await tasks.settle({ ...ref, givenUp: false })).toMatchObject({ state: 'draft' });
    await expect(tasks.request({ ...ref, level: 0, taskToken: 'late' })).rejects.toMatchObject({
      name: 'ApprovalVoided',
    });
  });

  test('approving another hash than the submitted one is refused', async () => {
    const { id } = await inReview();
    expect(await act(id, 'approve', { hash: 'x' }, approver)).toMatchObject({
      status: 409,
      body: { type: '/problems/version-conflict' },
    });
  });

  test('nobody in time: a draft again', async () => {
    const { id, ref } = await inReview();
    expect(await tasks.settle({ ...ref, givenUp: true })).toMatchObject({ state: 'draft' });
    expect((await read(id)).approval?.decision?.outcome).toBe('expired');
  });
});

describe('the run', () => {
  const approved = async (body: object = input) => {
    const it = await inReview(body);
    await act(it.id, 'approve', {}, approver);
    await tasks.settle({ ...it.ref, givenUp: false });
    return { ...it, runId: `${it.id}-${it.ref.hash.slice(0, 12)}` };
  };

  test('starts once, at its time', async () => {
    const { id, ref, runId } = await approved({ ...input, sendAt: '2027-03-01T10:00:00+01:00' });
    await tasks.settle({ ...ref, givenUp: false });
    expect(started('run')).toEqual([
      { name: `run-${runId}`, input: { campaignId: id, hash: ref.hash, runId, sendAt: '2027-03-01T09:00:00.000Z' } },
    ]);
    expect((await read(id)).state).toBe('scheduled');
  });

  test('without a time it starts now', async () => {
    const before = Date.now();
    await approved();
    const sendAt = Date.parse(started('run')[0]?.input.sendAt);
    expect(sendAt).toBeGreaterThanOrEqual(before);
    expect(sendAt).toBeLessThanOrEqual(Date.now());
  });

  test('unloads the frozen audience with the attributes that the frozen template names; a retry gets the same query', async () => {
    const { id, ref, runId } = await approved();
    const first = await tasks.prepare({ campaignId: id, hash: ref.hash, runId });
    expect(await tasks.prepare({ campaignId: id, hash: ref.hash, runId })).toEqual(first);
    expect(first).toMatchObject({ folder: `s3://work/snapshots/${runId}/unload/`, database: 'herald' });
    expect(first.sql).toMatch(/^UNLOAD/);
    // The state machine adds the attempt to the folder, so it must be there exactly once.
    expect(first.sql.split(first.folder)).toHaveLength(2);
    expect(first.sql).toContain('Paris');
    expect(first.sql).toContain('name');
    // When people were active is 90 days of outcomes to read, so it is only asked where it decides something.
    expect(first.sql).not.toContain('outcomes');
    expect(await read(id)).toMatchObject({ state: 'preparing', run: { runId } });
  });

  test.each([
    [{ best: { within: { hours: 24 } } }, true],
    [{ local: '09:00' }, false],
  ])('sendTime %j asks when people were active: %s', async (sendTime, asks) => {
    const { id, ref, runId } = await approved({ ...input, sendTime });
    const { sql } = await tasks.prepare({ campaignId: id, hash: ref.hash, runId });
    expect(sql.includes('outcomes')).toBe(asks);
  });

  test('does not end before the last of them is due', async () => {
    const { id, ref, runId } = await approved();
    await tasks.prepare({ campaignId: id, hash: ref.hash, runId });
    const finish = (aheadMs: number) =>
      tasks.finish({ campaignId: id, runId, parts: 1, lastDue: new Date(Date.now() + aheadMs).toISOString() });
    await expect(finish(60_000)).rejects.toMatchObject({ name: 'NotAllDue' });
    await expect(finish(-1)).rejects.toMatchObject({ name: 'NotDrained' });
  });

  test('ends with its figures', async () => {
    const { id, ref, runId } = await approved();
    await tasks.prepare({ campaignId: id, hash: ref.hash, runId });
    const stored = (await defs.get<Campaign>('campaign', id))!;
    await defs.put(
      'campaign',
      id,
      { ...stored.body, state: 'sending', version: stored.version + 1 },
      stored.version,
      1,
    );
    const { ledger } = await import('../../../lambdas/adapters/ledger.ts');
    const progress = ledger(process.env.LEDGER_TABLE ?? '');
    const finish = () => tasks.finish({ campaignId: id, runId, parts: 2 });
    await expect(finish()).rejects.toMatchObject({ name: 'NotDrained' });
    await progress.registerPart({ run: runId, unit: 'p#0-0' }, { batches: 2, recipients: 150 }, 1);
    await progress.batchesDone({ run: runId, unit: 'p#0-0' }, [0]);
    await progress.batchesDone({ run: runId, unit: 'p#0-0' }, [1]);
    await expect(finish()).rejects.toMatchObject({ name: 'NotDrained' });
    await progress.registerPart({ run: runId, unit: 'p#0-1' }, { batches: 1, recipients: 7 }, 1);
    const message = `1 of 2 parts, 2 of 3 batches of ${runId} are done`;
    await expect(finish()).rejects.toMatchObject({ name: 'NotDrained', message });
    expect(await read(id)).toMatchObject({ state: 'sending' });
    await progress.batchesDone({ run: runId, unit: 'p#0-1' }, [0]);
    expect(await finish()).toEqual({ state: 'finished' });
    expect(await tasks.finish({ campaignId: id, runId, error: 'late' })).toEqual({ state: 'finished' });
    expect((await read(id)).run).toMatchObject({ parts: 2, snapshotSize: 157, finishedMs: expect.any(Number) });
  });

  test('ends when there is nobody to send to', async () => {
    const { id, ref, runId } = await approved();
    await tasks.prepare({ campaignId: id, hash: ref.hash, runId });
    const stored = (await defs.get<Campaign>('campaign', id))!;
    const sending = { ...stored.body, state: 'sending' as const, version: stored.version + 1 };
    await defs.put('campaign', id, sending, stored.version, 1);
    expect(await tasks.finish({ campaignId: id, runId, parts: 0 })).toEqual({ state: 'finished' });
    expect((await read(id)).run).toMatchObject({ parts: 0, snapshotSize: 0 });
  });

  test('ends with the error that stopped it', async () => {
    const { id, ref, runId } = await approved();
    await tasks.prepare({ campaignId: id, hash: ref.hash, runId });
    expect(await tasks.finish({ campaignId: id, runId, error: 'Athena: no' })).toEqual({ state: 'failed' });
    expect(await read(id)).toMatchObject({ state: 'failed', reason: 'Athena: no' });
  });

  test('cancelled before it is due, it throws PlanCancelled', async () => {
    const { id, ref, runId } = await approved();
    expect((await act(id, 'cancel', { reason: 'Wrong discount' })).body).toMatchObject({
      state: 'cancelled',
      reason: 'Wrong discount',
    });
    expect((await act(id, 'cancel', {}, { sub: 'olga', groups: ['operator'] })).status).toBe(200);
    await expect(tasks.prepare({ campaignId: id, hash: ref.hash, runId })).rejects.toMatchObject({
      name: 'PlanCancelled',
    });
    expect(await tasks.finish({ campaignId: id, runId, parts: 0 })).toEqual({ state: 'cancelled' });
  });

  test('cancelled in review, the state machine is freed', async () => {
    const { id } = await inReview();
    await act(id, 'cancel', {});
    expect(answered()).toEqual([{ token: `token-${id}`, output: { outcome: 'cancelled' } }]);
  });

  test('its speed is set in review, by whoever may cancel it, and is not what is approved', async () => {
    const { id } = await inReview({ ...input, speed: { perMinute: 60 } });
    const before = await read(id);
    const put = (body: object, as = marketer) =>
      ask({ route: 'PUT /v1/campaigns/{campaignId}/speed', params: { campaignId: id }, body, as });
    const operator = { sub: 'olga', groups: ['operator' as const] };
    expect((await put({ perMinute: 600 }, operator)).body).toMatchObject({
      ...{ state: 'in review', speed: { perMinute: 600 } },
      approval: { hash: before.approval?.hash },
    });
    expect((await put({ perMinute: 600 }, approver)).status).toBe(403);
    for (const slip of [{ perMinute: 0 }, { perMinute: 600_001 }, { perMinute: '600' }, {}]) {
      expect((await put(slip)).status).toBe(400);
    }
    expect((await put({ perMinute: null })).body).not.toHaveProperty('speed');
    expect((await act(id, 'approve', { hash: before.approval?.hash }, approver)).status).toBe(200);
  });

  test('a finished campaign cannot be cancelled', async () => {
    const { id } = await create();
    const stored = (await defs.get<Campaign>('campaign', id))!;
    await defs.put('campaign', id, { ...stored.body, state: 'finished', version: 2 }, 1, 1);
    expect(await act(id, 'cancel', {})).toMatchObject({ status: 409, body: { type: '/problems/state-conflict' } });
  });

  test('tasks of a campaign that is not there fail loudly', async () => {
    const task = { campaignId: 'gone', hash: 'h', runId: 'r' };
    await expect(tasks.prepare(task)).rejects.toThrow('gone');
    await expect(tasks.finish({ ...task, parts: 0 })).rejects.toThrow('gone');
    await expect(
      tasks.settle({ kind: 'campaign', id: 'gone', hash: 'h', submission: 1, givenUp: false }),
    ).rejects.toThrow('gone');
  });
});
