import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Role } from '../../../core/access/role.ts';
import type { Approval } from '../../../core/strategy/approval/approval.ts';
import type { Delegation } from '../../../core/strategy/approval/delegation.ts';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import type { ApiLambda } from '../../../lambdas/middleware/api.ts';
import { type Call, call } from '../api-call.ts';
import { startTables } from '../tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let defs: ReturnType<typeof import('../../../lambdas/adapters/definitions.ts').definitions>;
let campaigns: ApiLambda;
let approvals: ApiLambda;
let request: typeof import('../../../lambdas/strategy/request-approval.ts').handler;
let settle: typeof import('../../../lambdas/strategy/settle-approval.ts').handler;

beforeAll(async () => {
  tables = await startTables();
  defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  campaigns = (await import('../../../lambdas/strategy/manage-campaigns.ts')).handler;
  approvals = (await import('../../../lambdas/strategy/manage-approvals.ts')).handler;
  request = (await import('../../../lambdas/strategy/request-approval.ts')).handler;
  settle = (await import('../../../lambdas/strategy/settle-approval.ts')).handler;
  await defs.put('segment', 'seg', { name: 'Paris', segment: { all: [{ attribute: 'city', equals: 'Paris' }] } }, 0, 1);
  const channels = { sms: { text: 'Hi' } };
  await defs.put('template', 'tpl', { id: 'tpl', version: 1, editors: ['tia'], name: 'Hello', channels }, 0, 1);
  await defs.put('webhook-endpoint', 'hook', { id: 'hook', version: 1 }, 0, 1);
});
afterAll(() => tables.stop());
beforeEach(() => {
  tables.asked.length = 0;
});

const somebody = (sub: string, ...groups: Role[]) => ({ sub, groups });
const mia = somebody('mia', 'marketer');
const oscar = somebody('oscar', 'operator');
const abe = somebody('abe', 'approver');
const ada = somebody('ada', 'approver');
const lea = somebody('lea', 'viewer');

type Reply = Campaign & {
  type?: string;
  detail?: string;
  items: { id: string; mine: boolean; onBehalfOf: string[]; missing: number; comments: number; approval: Approval }[];
};
const ask = async (it: Call) => {
  const reply = await call(approvals, it);
  return { ...reply, body: reply.body as Reply };
};
const type = async (reply: ReturnType<typeof ask>) => {
  const { status, body } = await reply;
  return body?.type?.replace('/problems/', '') ?? status;
};
const putSettings = async (settings: object, as = oscar) => {
  const { body } = await ask({ route: 'GET /v1/settings/approvals', as });
  return ask({ route: 'PUT /v1/settings/approvals', body: { version: body.version, ...settings }, as });
};
const input = {
  name: 'Offer',
  audience: { segmentId: 'seg' },
  templateId: 'tpl',
  channelPolicy: ['sms'],
  topic: 'offers',
};
const at = (id: string, verb: string, body: object, as: Call['as']) =>
  ask({ route: `POST /v1/campaigns/{campaignId}/${verb}`, params: { campaignId: id }, body, as: as! });
const open = async (id: string) => {
  const { approval } = (await defs.get<Campaign>('campaign', id))!.body;
  const { hash, submission, level } = approval!;
  await request({ kind: 'campaign', id, hash, submission, level, taskToken: `token-${id}-${level}` });
};
const submit = async (change: object = {}) => {
  const made = await call(campaigns, { route: 'POST /v1/campaigns', body: { ...input, ...change }, as: mia });
  const { id, version } = made.body as Campaign;
  const params = { campaignId: id };
  const it = { route: 'POST /v1/campaigns/{campaignId}/submit', params, body: { version }, as: mia };
  const { status, body } = await call(campaigns, it);
  return { id, status, body: body as Reply };
};
const submitted = async (change: object = {}) => {
  const { id } = await submit(change);
  await open(id);
  return id;
};
const waiting = async (as: Call['as'], query: Record<string, string> = {}) =>
  (await ask({ route: 'GET /v1/approvals', query, as: as! })).body.items;
const answered = () =>
  tables.asked.filter(({ action }) => action === 'SendTaskSuccess').map(({ input }) => input.taskToken);
const told = () =>
  tables.asked
    .filter(({ action, input }) => action === 'SendMessageBatch' && String(input.QueueUrl).endsWith('webhooks'))
    .flatMap(({ input }) =>
      (input.Entries as { MessageBody: string }[]).map(({ MessageBody }) => JSON.parse(MessageBody)),
    );

const TWO = {
  levels: [
    { name: 'Colleague', roles: ['approver'], quorum: 1 },
    { name: 'Legal', people: ['lea', 'leo'], quorum: 1, when: { topics: ['offers'] } },
  ],
  remindAfter: { hours: 2 },
  tell: 'hook',
};

describe('settings', () => {
  test('until somebody sets any, one approver decides', async () => {
    const { body } = await ask({ route: 'GET /v1/settings/approvals' });
    expect(body).toEqual({ levels: [{ name: 'Approval', roles: ['approver'], quorum: 1 }], version: 0 });
  });
  test('an operator sets them, naming the version that is changed', async () => {
    expect(await type(putSettings(TWO, mia))).toBe('forbidden-role');
    expect((await putSettings(TWO)).body).toEqual({ ...TWO, version: 1 });
    const stale = ask({ route: 'PUT /v1/settings/approvals', body: { ...TWO, version: 0 }, as: oscar });
    expect(await type(stale)).toBe('version-conflict');
  });
  test('what nobody could fulfil is refused, and so is an endpoint that is not there', async () => {
    const alone = { levels: [{ name: 'Boss', people: ['leo'], quorum: 2 }] };
    const reply = await putSettings(alone);
    expect(reply).toMatchObject({ status: 422, body: { type: '/problems/no-approver' } });
    expect(reply.body).toMatchObject({ errors: [{ path: 'levels.0.people' }] });
    expect(await type(putSettings({ ...TWO, tell: 'nope' }))).toBe('invalid-reference');
  });
});

describe('a campaign of two levels', () => {
  beforeAll(() => putSettings(TWO));

  test('waits for each level in turn, by a token of its own, and is approved after the last', async () => {
    const id = await submitted();
    expect(await waiting(abe)).toMatchObject([{ id, mine: true, missing: 1, comments: 0 }]);
    expect(await waiting(lea)).toEqual([]);
    expect(JSON.stringify(await waiting(abe))).not.toContain('token-');
    expect(await waiting(lea, { waiting: 'all' })).toMatchObject([{ id, mine: false }]);
    expect(await type(at(id, 'approve', {}, lea))).toBe('forbidden-role');
    expect(await type(at(id, 'approve', {}, somebody('tia', 'approver')))).toBe('own-approval');

    expect((await at(id, 'approve', {}, abe)).body).toMatchObject({ state: 'in review', approval: { level: 1 } });
    expect(answered()).toEqual([`token-${id}-0`]);
    expect(await type(at(id, 'approve', {}, lea))).toBe('approval-not-ready');
    const { hash, submission } = (await defs.get<Campaign>('campaign', id))!.body.approval!;
    const ref = { kind: 'campaign' as const, id, hash, submission };
    expect(await settle({ ...ref, givenUp: false })).toMatchObject({ wait: { level: 1 } });
    await open(id);
    expect(await waiting(abe)).toEqual([]);
    expect(await waiting(lea)).toMatchObject([{ id, mine: true }]);
    expect((await at(id, 'approve', {}, lea)).body.state).toBe('approved');
    expect(answered()).toEqual([`token-${id}-0`, `token-${id}-1`]);
    expect(await settle({ ...ref, givenUp: false })).toMatchObject({ state: 'scheduled' });
    expect(await settle({ ...ref, givenUp: false })).not.toHaveProperty('wait');

    const types = told().map(({ type, data }) => [type, data.level ?? data.outcome]);
    expect(types.slice(0, 3)).toEqual([
      ['approval.waiting', 'Colleague'],
      ['approval.waiting', 'Legal'],
      ['approval.waiting', 'Legal'],
    ]);
    expect(types.slice(3)).toEqual(Array(2).fill(['approval.ended', 'approved']));
    // Whoever is told twice is told the same, by its id.
    expect(new Set(told().map(({ id }) => id)).size).toBe(3);
    expect(told()[0]).toMatchObject({ endpointId: 'hook', data: { kind: 'campaign', id, name: 'Offer', hash } });
  });

  test('keeps the levels of its submission, whatever the settings say later', async () => {
    const id = await submitted();
    await putSettings({ levels: [{ name: 'Any', roles: ['viewer'], quorum: 1 }] });
    expect(await type(at(id, 'approve', {}, lea))).toBe('forbidden-role');
    await putSettings(TWO);
  });

  test('is asked only for the levels that apply to it', async () => {
    const { body } = await submit({ topic: 'news' });
    expect(body.approval?.levels.map(({ name }) => name)).toEqual(['Colleague']);
  });

  test('is not submitted when its own people are all that could approve it', async () => {
    await putSettings({ levels: [{ name: 'Colleague', people: ['mia', 'tia'], quorum: 1 }] });
    const { status, body } = await submit();
    expect([status, body.type]).toEqual([422, '/problems/no-approver']);
    await putSettings(TWO);
  });

  test('a reminder is told once, shown in the list, and the wait goes on', async () => {
    const id = await submitted();
    const stored = (await defs.get<Campaign>('campaign', id))!;
    const approval = { ...stored.body.approval!, toldMs: Date.now() - 7_200_000 };
    await defs.put(
      'campaign',
      id,
      { ...stored.body, approval, version: stored.version + 1 },
      stored.version,
      Date.now(),
    );
    tables.asked.length = 0;
    const ref = { kind: 'campaign' as const, id, hash: approval.hash, submission: approval.submission, givenUp: false };
    const first = await settle(ref);
    expect(await settle(ref)).toEqual(first);
    expect(first.wait).toEqual({ level: 0, seconds: 7_200 });
    expect(new Set(told().map(({ id, type, data }) => `${id} ${type} ${data.reminders}`)).size).toBe(1);
    expect(told()[0]).toMatchObject({ type: 'approval.reminder', data: { level: 'Colleague', reminders: 1 } });
    expect(await waiting(abe)).toContainEqual(
      expect.objectContaining({ id, approval: expect.objectContaining({ reminders: 1 }) }),
    );
  });
});

describe('on behalf of somebody', () => {
  const until = () => new Date(Date.now() + 86_400_000).toISOString();
  const delegate = (as: Call['as'], to: string) =>
    ask({ route: 'POST /v1/delegations', body: { to, until: until() }, as: as! });
  const end = (person: string, as: Call['as']) =>
    ask({ route: 'DELETE /v1/delegations/{person}', params: { person }, as: as! });

  test('a viewer decides for an approver, is named so, and no longer once it has ended', async () => {
    await putSettings({ levels: [{ name: 'Colleague', roles: ['approver'], quorum: 1 }] });
    const id = await submitted();
    expect(await type(at(id, 'approve', { onBehalfOf: 'ada' }, lea))).toBe('forbidden-role');
    const { items } = (await delegate(ada, 'lea')).body as unknown as { items: Delegation[] };
    expect(items).toMatchObject([{ from: 'ada', to: 'lea', roles: ['approver'] }]);
    expect(await waiting(lea)).toContainEqual(expect.objectContaining({ id, mine: false, onBehalfOf: ['ada'] }));
    expect(await type(delegate(lea, 'abe'))).toBe('forbidden-role');
    expect(await type(delegate(abe, 'ada'))).toBe('state-conflict');
    const { body } = await at(id, 'approve', { onBehalfOf: 'ada', comment: 'Fine' }, lea);
    expect(body).toMatchObject({ state: 'approved', approval: { decision: { by: 'lea', onBehalfOf: 'ada' } } });

    expect(await type(end('ada', abe))).toBe('forbidden-role');
    expect((await end('ada', lea)).status).toBe(204);
    expect(await type(end('ada', lea))).toBe('not-found');
    expect(await type(at(await submitted(), 'approve', { onBehalfOf: 'ada' }, lea))).toBe('forbidden-role');
    const { readAudit } = await import('../../../lambdas/adapters/audit.ts');
    const audit = await readAudit('audit', { subject: 'settings/delegations' }, 10);
    expect(audit.items.map(({ action, actor }) => [action, actor])).toEqual([
      ['end-delegation', 'lea'],
      ['delegate', 'ada'],
    ]);
  });

  test('of two at once that would make a chain, one is refused', async () => {
    const replies = await Promise.all([type(delegate(abe, 'ada')), type(delegate(ada, 'lea'))]);
    expect(replies.sort()).toEqual([200, 'state-conflict']);
    await Promise.all([end('abe', oscar), end('ada', oscar)]);
  });
});

describe('comments', () => {
  const say = (id: string, text: string, as: Call['as'] = lea) =>
    ask({
      route: 'POST /v1/approvals/{kind}/{thingId}/comments',
      params: { kind: 'campaign', thingId: id },
      body: { text },
      as,
    });
  const read = async (id: string, query: Record<string, string> = {}) =>
    ask({ route: 'GET /v1/approvals/{kind}/{thingId}/comments', params: { kind: 'campaign', thingId: id }, query });

  test('anybody says something without deciding; each submission has its own', async () => {
    const id = await submitted();
    expect((await say(id, 'Is it valid in January?')).status).toBe(201);
    expect((await say(id, 'Yes', mia)).status).toBe(201);
    expect((await read(id)).body.items).toMatchObject([{ by: 'lea' }, { by: 'mia', text: 'Yes' }]);
    expect(await waiting(abe)).toContainEqual(expect.objectContaining({ id, comments: 2 }));
    const first = (await defs.get<Campaign>('campaign', id))!.body;
    const edit = { route: 'PUT /v1/campaigns/{campaignId}', params: { campaignId: id } };
    await call(campaigns, { ...edit, body: { ...input, name: 'New', version: first.version }, as: mia });
    expect(await type(say(id, 'Too late'))).toBe('state-conflict');
    expect(await type(read(id))).toBe('not-found');
    expect((await read(id, { submission: String(first.approval?.submission) })).body.items).toHaveLength(2);
  });

  test('what is not there, of no kind, or says nothing', async () => {
    expect(await type(say('nope', 'x'))).toBe('not-found');
    const params = { kind: 'list', thingId: 'x' };
    expect(await type(ask({ route: 'GET /v1/approvals/{kind}/{thingId}/comments', params }))).toBe('not-found');
    const id = await submitted();
    expect(await type(say(id, ' '))).toBe('invalid-body');
  });

  test('a thread is full at a hundred, and two at once are both kept', async () => {
    const id = await submitted();
    const two = await Promise.all([say(id, 'one'), say(id, 'two')]);
    expect(two.map(({ status }) => status)).toEqual([201, 201]);
    expect((await read(id)).body.items).toHaveLength(2);
    const { threadId } = await import('../../../core/strategy/approval/thread.ts');
    const { submission } = (await defs.get<Campaign>('campaign', id))!.body.approval!;
    const key = threadId('campaign', id, submission);
    const comments = Array.from({ length: 100 }, (_, n) => ({ id: `${n}`, by: 'x', atMs: 1, text: 'x' }));
    await defs.put('approval-thread', key, { comments }, 2, 1);
    expect(await type(say(id, 'one more'))).toBe('state-conflict');
  });
});

test('the diff says what differs from what was submitted before', async () => {
  const id = await submitted();
  const read = (query: Record<string, string> = {}) =>
    ask({ route: 'GET /v1/campaigns/{campaignId}/diff', params: { campaignId: id }, query });
  const first = (await defs.get<Campaign>('campaign', id))!.body;
  expect((await read()).body).toMatchObject({ from: null, to: first.approval?.hash });
  const edit = { route: 'PUT /v1/campaigns/{campaignId}', params: { campaignId: id } };
  const edited = await call(campaigns, { ...edit, body: { ...input, topic: 'news', version: first.version }, as: mia });
  const { version } = edited.body as Campaign;
  const params = { campaignId: id };
  await call(campaigns, { route: 'POST /v1/campaigns/{campaignId}/submit', params, body: { version }, as: mia });
  const second = (await defs.get<Campaign>('campaign', id))!.body;
  expect((await read()).body).toEqual({
    from: first.approval?.hash,
    to: second.approval?.hash,
    changes: [{ path: 'topic', before: 'offers', after: 'news' }],
  });
  expect(await type(read({ from: 'nope' }))).toBe('not-found');
});

describe('taking an approval back', () => {
  const inState = async (state: Campaign['state']) => {
    const id = await submitted({ topic: 'news' });
    await at(id, 'approve', {}, ada);
    const stored = (await defs.get<Campaign>('campaign', id))!;
    const pause = { number: 9, by: 'mia', atMs: 1, reason: '', taskToken: 'paused-run' };
    const body = {
      ...stored.body,
      state,
      ...(state === 'paused' && { pause, run: { runId: 'r', startedMs: 1 } }),
      version: stored.version + 1,
    };
    await defs.put('campaign', id, body, stored.version, Date.now());
    tables.asked.length = 0;
    return id;
  };
  test.each(['approved', 'scheduled', 'preparing', 'sending', 'paused'] as const)(
    'while it is %s cancels it, for good',
    async (state) => {
      const id = await inState(state);
      expect(await type(at(id, 'revoke', { reason: 'Wrong price' }, mia))).toBe('forbidden-role');
      expect(await type(at(id, 'revoke', {}, ada))).toBe('invalid-body');
      const { body } = await at(id, 'revoke', { reason: 'Wrong price' }, ada);
      expect(body).toMatchObject({
        state: 'cancelled',
        reason: 'Its approval was revoked: Wrong price',
        approval: { decision: { outcome: 'approved' }, revoked: { by: 'ada', reason: 'Wrong price' } },
      });
      expect((await at(id, 'revoke', { reason: 'Again' }, oscar)).body).toMatchObject({ version: body.version });
      // The run that waits for the end of a pause is told, so that everybody who is left is settled.
      expect(answered()).toEqual(state === 'paused' ? ['paused-run'] : []);
    },
  );
  test.each(['finished', 'cancelled', 'failed'] as const)('of one that is %s is refused', async (state) => {
    expect(await type(at(await inState(state), 'revoke', { reason: 'x' }, oscar))).toBe('state-conflict');
  });
  test('in review rejects it, and frees the state machine', async () => {
    const id = await submitted({ topic: 'news' });
    tables.asked.length = 0;
    const { body } = await at(id, 'revoke', { reason: 'Wrong price' }, oscar);
    expect(body).toMatchObject({ state: 'rejected', approval: { decision: { outcome: 'rejected', by: 'oscar' } } });
    expect(answered()).toEqual([`token-${id}-0`]);
  });
  test('of a draft or a rejected one is refused', async () => {
    const { body } = await call(campaigns, { route: 'POST /v1/campaigns', body: input, as: mia });
    const { id } = body as Campaign;
    expect(await type(at(id, 'revoke', { reason: 'x' }, oscar))).toBe('state-conflict');
    const rejected = await submitted({ topic: 'news' });
    await at(rejected, 'reject', { comment: 'no' }, ada);
    expect(await type(at(rejected, 'revoke', { reason: 'x' }, oscar))).toBe('state-conflict');
  });
});
